"""No machine's clock is believed: what one that was ahead has left is taken back, and said."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Self
from uuid import UUID

import psycopg
import pytest

from schedules.beat import Every, SteadyScheduler, beat_schedule
from schedules.ticks import TICKS
from shared.domain.stream_positions import Forward, Items, OpenWindow
from shared.domain.window_steps import from_the_future
from shared.errors import InvalidInput
from shared.persistence.jobs.job_ledger import JobLedger
from shared.persistence.jobs.scheduling import ScheduleLedger
from shared.persistence.server_clock import ServerClock
from tests.fixtures.echo import deliver
from tests.fixtures.shop_pulls import DAY, NOW, Opener, credential_of, pull, rows, totals
from tests.fixtures.shops import FakeShop, sale
from workers import definition, scan
from workers.app import build_app
from workers.clock import materialise_due
from workers.migrate import task_contracts
from workers.wiring import Wiring


class Ahead(datetime):
    """A machine's clock, thirty days ahead."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return super().now(tz) + timedelta(days=30)


def nightly_ticks(database_url: str) -> list[tuple[UUID, datetime]]:
    with psycopg.connect(database_url) as connection:
        return connection.execute("SELECT tenant_id, tick_at FROM public.schedule_runs").fetchall()


def audited(wiring: Wiring, action: str) -> list[tuple[UUID, Any]]:
    with wiring.admin.transaction() as connection:
        found = connection.execute(
            "SELECT tenant_id, changes FROM public.audit_logs WHERE action = %s ORDER BY tenant_id",
            (action,),
        )
        return [(row["tenant_id"], row["changes"]) for row in found]


def test_a_scan_and_a_job_have_postgresqls_time(
    wiring: Wiring, acme: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[datetime] = []
    for module in (scan, definition):
        monkeypatch.setattr(module, "datetime", Ahead)
    monkeypatch.setattr("workers.scan.current_wiring", lambda: wiring)
    scan.scan(name="test.scan")(lambda context: seen.append(context.now) or 0)  # type: ignore[func-returns-value]
    build_app(wiring.settings).tasks["test.scan"].run()
    job = JobLedger(wiring.dispatcher).enqueue(acme, "usage.sample", {}, requested_by="test")
    started = wiring.leases.start(deliver(wiring, job), "w")
    assert started is not None
    context = definition.JobContext(started, wiring, None, None, definition.VendorCalls())  # type: ignore[arg-type]
    seen.append(context.now())
    seen.append(ServerClock(wiring.database).now())
    for instant in seen:
        assert abs(instant - datetime.now(UTC)) < timedelta(days=1)


def test_ticks_of_days_to_come_are_refused_taken_back_and_said(
    wiring: Wiring, database_url: str, acme: UUID, globex: UUID
) -> None:
    ledger = ScheduleLedger(wiring.dispatcher)
    later = datetime.now(UTC) + timedelta(days=30)
    with pytest.raises(InvalidInput, match="is no tick that is due; is the clock of the machine"):
        ledger.materialise(acme, "nightly.sales", later, "services.pull", {})
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE public.tenants SET created_at = now() - interval '3 days'")
        connection.execute(
            "INSERT INTO public.schedule_runs (tenant_id, schedule, tick_at) VALUES (%s, 'nightly.sales', %s)",
            (acme, later),
        )
    now = ServerClock(wiring.dispatcher).now()
    materialise_due(ledger, now)
    ticks = nightly_ticks(database_url)
    assert {tenant for tenant, _ in ticks} == {acme, globex}
    assert max(tick for _, tick in ticks) <= now
    [(tenant, changes)] = audited(wiring, "schedule.tick_in_future")
    assert (tenant, changes["schedule"], changes["ticks"]) == (acme, "nightly.sales", 1)
    assert materialise_due(ledger, now) == 0


@pytest.mark.parametrize(
    "broken",
    [
        "created_at = 'infinity'",
        "created_at = '-infinity'",
        "created_at = '20000-01-01'",
        'settings = \'{"timezone": "Mars/Olympus"}\'',
        "settings = '{\"timezone\": 7}'",
        'settings = \'{"timezone": "../../etc/passwd"}\'',
        'settings = \'{"timezone": ["UTC"]}\'',
    ],
)
def test_what_breaks_a_scan_is_its_tenants_error_and_nobody_elses(
    wiring: Wiring, database_url: str, acme: UUID, globex: UUID, broken: str
) -> None:
    ledger = ScheduleLedger(wiring.dispatcher)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE public.tenants SET created_at = now() - interval '3 days'")
        connection.execute(
            "ALTER TABLE public.tenants DROP CONSTRAINT tenants_instants_of_our_time"
        )
        connection.execute(f"UPDATE public.tenants SET {broken} WHERE id = %s".encode(), (acme,))
    for _ in range(2):
        materialise_due(ledger, ServerClock(wiring.dispatcher).now())
    assert globex in {tenant for tenant, _ in nightly_ticks(database_url)}
    refused = audited(wiring, "schedule.refused")
    if "timezone" in broken:
        assert {tenant for tenant, _ in refused} == {acme}
        # Once a day and schedule, however often the clock strikes.
        assert len(refused) == len({changes["schedule"] for _, changes in refused})
    else:
        assert refused == []
        assert acme in {tenant for tenant, _ in nightly_ticks(database_url)}


def test_a_position_in_the_future_is_put_back_and_said(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    pull(opener, FakeShop([], [[]]))
    identity = credential_of(opener).id
    with opener() as work:
        standing = work.cursors.get(identity, "orders", Forward)
        ahead = Forward(NOW + timedelta(hours=2))
        assert work.cursors.move(identity, "orders", standing, ahead)
    later = NOW + timedelta(minutes=30)
    pull(opener, FakeShop([], [[sale(1, "MUG", 2, DAY)]]), later)
    assert totals(wiring, acme).orders == 1
    [(tenant, changes)] = audited(wiring, "sync.position_in_future")
    assert (tenant, changes["stream"], changes["stood_at"]) == (
        acme,
        "orders",
        ahead.since.isoformat(),
    )
    with opener() as work:
        back = work.cursors.get(identity, "orders", Forward)
    assert back is not None
    assert back.since <= later
    assert rows(wiring, globex, "SELECT id FROM sales") == []


def test_a_position_a_little_ahead_is_no_mistake() -> None:
    assert from_the_future(Forward(NOW + timedelta(minutes=9)), NOW) is None
    assert from_the_future(Items(), NOW) is None
    window = OpenWindow(NOW + timedelta(days=1), "x")
    found = from_the_future(Forward(NOW + timedelta(minutes=11), window=window), NOW)
    assert found == Forward(NOW - timedelta(days=7))


def test_the_beat_counts_seconds_whatever_the_clock_says(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = [1000.0]
    monkeypatch.setattr("schedules.beat.time.monotonic", lambda: counter[0])
    every = Every(300)
    far = datetime.now(UTC) + timedelta(days=30)
    # Looking changes nothing: Celery looks twice before it sends.
    assert every.is_due(far) == every.is_due(far) == (True, 300)
    every.begin_again()
    assert every.is_due(datetime(2000, 1, 1, tzinfo=UTC)) == (False, 300)
    counter[0] += 299
    assert every.is_due(far) == (False, 1)
    counter[0] += 1
    assert every.is_due(far) == (True, 300)


def test_every_tick_of_the_beat_is_sent_though_the_clock_jumps_to_and_fro(
    wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter, jump, sent = [0.0], [0.0], []
    app = build_app(wiring.settings)
    monkeypatch.setattr("schedules.beat.time.monotonic", lambda: counter[0])
    monkeypatch.setattr("time.time", lambda: 1_800_000_000 + counter[0] + jump[0])
    app.conf.beat_schedule = beat_schedule()
    beat = SteadyScheduler(app=app)
    monkeypatch.setattr(beat, "apply_async", lambda entry, **_: sent.append(entry.task))
    for step in range(3600 * 2 // 10):
        jump[0] = (step % 3 - 1) * 30 * 86_400.0
        beat.tick()
        counter[0] += 10
        if step == len(TICKS) - 1:
            assert set(sent) == {tick.scan for tick in TICKS.values()}, "each is sent at the start"
    for tick in TICKS.values():
        assert abs(sent.count(tick.scan) - 3600 * 2 // tick.every_s) <= 1, tick.scan


@pytest.mark.parametrize(
    ("name", "arguments", "line"),
    [
        ("working_capital.roll_up", {"first": "0001-01-05"}, "first: must lie between 2000-01-01"),
        ("working_capital.roll_up", {"last": "9999-12-31"}, "last: must lie between 2000-01-01"),
        ("forecasts.generate", {"origin": "9999-12-31"}, "origin: must lie between"),
        ("forecasts.score", {"first": "1999-12-31"}, "first: must lie between"),
        ("sales.pull", {"as_of": "2200-01-01"}, "as_of: must lie between"),
    ],
)
def test_a_day_that_no_shop_has_is_one_line_that_names_the_field(
    name: str, arguments: dict[str, object], line: str
) -> None:
    task_contracts()
    with pytest.raises(InvalidInput, match=line):
        definition.TASKS[name].parse(arguments)


def test_a_fiscal_year_begins_on_a_day_that_every_year_has(wiring: Wiring, acme: UUID) -> None:
    for day in ("02-30", "02-29", "04-31", "13-01", "00-10"):
        with pytest.raises(psycopg.errors.CheckViolation, match="fiscal_year_start"):
            rows(wiring, acme, f"UPDATE companies SET fiscal_year_start = '{day}' RETURNING id")
    for day in ("02-28", "12-31", "04-30"):
        assert rows(wiring, acme, f"UPDATE companies SET fiscal_year_start = '{day}' RETURNING 1")


def test_lists_do_not_end_at_an_instant_that_python_does_not_know(
    wiring: Wiring, acme: UUID
) -> None:
    with wiring.database.transaction() as connection:
        row = connection.execute(
            "SELECT 'infinity'::timestamptz a, '-infinity'::timestamptz b, '20000-01-01'::timestamptz c, "
            "'4000-01-01 BC'::timestamptz d, 'infinity'::date e, '2026-02-03'::date f"
        ).fetchone()
    assert row is not None
    assert [value.year for value in row.values()] == [9000, 1000, 9000, 1000, 9000, 2026]
    assert row["f"] == date(2026, 2, 3)
