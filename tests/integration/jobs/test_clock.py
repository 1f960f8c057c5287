"""The clock's hand: each tick of each tenant becomes one job, whoever strikes, however late."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from threading import Barrier
from uuid import UUID

import psycopg
import pytest
from structlog.testing import capture_logs

from schedules.nightly import CatchUp, Nightly
from shared.domain.job import Job
from shared.persistence.database import Database
from shared.persistence.jobs.job_ledger import JobFilter, JobLedger
from shared.persistence.jobs.scheduling import LastTick, ScheduleLedger
from workers.clock import materialise_due
from workers.wiring import Wiring

# Both tenants have one o'clock of their own in the nights that the tests are about.
BORN = datetime(2026, 1, 14, 12, tzinfo=UTC)


@pytest.fixture
def ledger(wiring: Wiring) -> ScheduleLedger:
    return ScheduleLedger(wiring.dispatcher)


@pytest.fixture
def born(database_url: str, acme: UUID, globex: UUID) -> None:
    """Both tenants are as old as the tests' story."""
    change(database_url, "created_at = '2026-01-14 12:00+00'", acme, globex)


def change(database_url: str, what: str, *tenants: UUID) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            f"UPDATE public.tenants SET {what} WHERE id = ANY (%s)".encode(), (list(tenants),)
        )


def nightly(catch_up: CatchUp | None = None, at: time = time(1), name: str = "test") -> Nightly:
    """At one o'clock sharp, only the newest tick, unless a test says otherwise."""
    return Nightly(
        name, "usage.sample", {}, at, timedelta(0), CatchUp.latest() if catch_up is None else catch_up
    )  # fmt: skip


def at(text: str) -> datetime:
    """An instant of 2026 in UTC."""
    return datetime.fromisoformat(f"2026-{text}+00:00")


def ticks(database_url: str, tenant_id: UUID) -> list[str]:
    """The tenant's ticks that became jobs, in UTC; each must have its own."""
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT to_char(r.tick_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), j.requested_by "
            "FROM public.schedule_runs r JOIN public.jobs j ON j.id = r.job_id AND j.tenant_id = r.tenant_id "
            "WHERE r.tenant_id = %s ORDER BY r.tick_at",
            (tenant_id,),
        ).fetchall()
    assert {requested_by for _, requested_by in rows} <= {"schedule:test"}
    return [tick for tick, _ in rows]


def jobs_of(wiring: Wiring, tenant_id: UUID) -> list[Job]:
    return JobLedger(wiring.admin).search(JobFilter(tenant_id))


@pytest.mark.usefixtures("born")
def test_a_tick_becomes_a_job_of_each_tenant_in_its_own_night(
    wiring: Wiring, ledger: ScheduleLedger, database_url: str, acme: UUID, globex: UUID
) -> None:
    assert materialise_due(ledger, at("01-15 00:59:59"), [nightly()]) == 0
    # One o'clock in London; in New York it is eight in the evening.
    assert materialise_due(ledger, at("01-15 01:00"), [nightly()]) == 1
    assert materialise_due(ledger, at("01-15 01:05"), [nightly()]) == 0
    assert materialise_due(ledger, at("01-15 06:00"), [nightly()]) == 1
    assert ticks(database_url, acme) == ["01-15 01:00"]
    assert ticks(database_url, globex) == ["01-15 06:00"]
    [job] = jobs_of(wiring, acme)
    assert (job.name, job.requested_by, job.arguments) == ("usage.sample", "schedule:test", {})


@pytest.mark.usefixtures("born")
def test_two_clocks_that_strike_at_once_make_one_job_a_tick(
    wiring: Wiring, ledger: ScheduleLedger, database_url: str, acme: UUID, globex: UUID
) -> None:
    schedules = [nightly(CatchUp.all_up_to(10))]
    barrier = Barrier(4)

    def strike(_: int) -> int:
        barrier.wait()
        return materialise_due(ledger, at("01-22 12:00"), schedules)

    with ThreadPoolExecutor(4) as clocks:
        made = list(clocks.map(strike, range(4)))
    assert sum(made) == 16
    assert len(ticks(database_url, acme)) == len(jobs_of(wiring, acme)) == 8
    assert len(ticks(database_url, globex)) == len(jobs_of(wiring, globex)) == 8


@pytest.mark.usefixtures("born")
@pytest.mark.parametrize(
    ("catch_up", "london", "new_york"),
    [
        # Four hours after London's tick and before New York's third.
        (CatchUp.skip(timedelta(hours=3)), ["01-15 01:00"], ["01-15 06:00"]),
        (CatchUp.skip(timedelta(hours=6)), ["01-15 01:00", "01-18 01:00"], ["01-15 06:00"]),
        (CatchUp.latest(), ["01-15 01:00", "01-18 01:00"], ["01-15 06:00", "01-17 06:00"]),
        (
            CatchUp.all_up_to(5),
            ["01-15 01:00", "01-16 01:00", "01-17 01:00", "01-18 01:00"],
            ["01-15 06:00", "01-16 06:00", "01-17 06:00"],
        ),
        (
            CatchUp.all_up_to(2),
            ["01-15 01:00", "01-17 01:00", "01-18 01:00"],
            ["01-15 06:00", "01-16 06:00", "01-17 06:00"],
        ),
    ],
    ids=["skip", "skip with grace", "latest", "all", "all up to two"],
)
def test_after_two_nights_without_a_clock_the_policy_decides(
    ledger: ScheduleLedger,
    database_url: str,
    acme: UUID,
    globex: UUID,
    catch_up: CatchUp,
    london: list[str],
    new_york: list[str],
) -> None:
    schedules = [nightly(catch_up)]
    assert materialise_due(ledger, at("01-15 01:01"), schedules) == 1
    assert materialise_due(ledger, at("01-15 06:01"), schedules) == 1
    for _ in range(2):
        materialise_due(ledger, at("01-18 05:00"), schedules)
    assert ticks(database_url, acme) == london
    assert ticks(database_url, globex) == new_york


def test_a_new_tenant_has_no_ticks_from_before_its_birth(
    ledger: ScheduleLedger, database_url: str, acme: UUID, globex: UUID
) -> None:
    change(database_url, "created_at = '2026-01-15 00:59+00'", acme)
    change(database_url, "created_at = '2026-01-15 06:01+00'", globex)
    materialise_due(ledger, at("01-15 12:00"), [nightly(CatchUp.all_up_to(10))])
    assert ticks(database_url, acme) == ["01-15 01:00"]
    assert ticks(database_url, globex) == []


@pytest.mark.usefixtures("born")
@pytest.mark.parametrize(
    "status",
    [
        "subscription_status = 'SUSPENDED'",
        "subscription_status = 'CANCELLED'",
        "deleted_at = '2026-01-14 13:00+00'",
    ],
)
def test_a_tenant_that_runs_nothing_gets_no_job(
    wiring: Wiring,
    ledger: ScheduleLedger,
    database_url: str,
    acme: UUID,
    globex: UUID,
    status: str,
) -> None:
    change(database_url, status, acme)
    assert materialise_due(ledger, at("01-15 12:00"), [nightly()]) == 1
    assert (jobs_of(wiring, acme), ticks(database_url, acme)) == ([], [])
    assert ticks(database_url, globex) == ["01-15 06:00"]


class Suspending(ScheduleLedger):
    """A ledger on which a tenant is suspended just after the clock has looked."""

    def __init__(self, database: Database, database_url: str, tenant_id: UUID) -> None:
        super().__init__(database)
        self._url, self._tenant_id = database_url, tenant_id

    def last_ticks(self, schedules: Sequence[str]) -> list[LastTick]:
        found = super().last_ticks(schedules)
        change(self._url, "subscription_status = 'SUSPENDED'", self._tenant_id)
        return found


@pytest.mark.usefixtures("born")
def test_a_tenant_that_is_suspended_in_that_moment_stops_nobody_else(
    wiring: Wiring, database_url: str, acme: UUID, globex: UUID
) -> None:
    # The clock comes to the lower id first.
    first, other = sorted((acme, globex))
    suspending = Suspending(wiring.dispatcher, database_url, first)
    with capture_logs() as logs:
        assert materialise_due(suspending, at("01-15 12:00"), [nightly()]) == 1
    assert [line["event"] for line in logs] == ["tick_skipped"]
    assert jobs_of(wiring, first) == []
    assert len(jobs_of(wiring, other)) == 1


@pytest.mark.usefixtures("born")
@pytest.mark.parametrize("zone", ["Mars/Base", "../../etc/passwd", ""])
def test_a_tenant_with_a_wrong_zone_is_named_and_passed_over(
    wiring: Wiring, ledger: ScheduleLedger, database_url: str, acme: UUID, globex: UUID, zone: str
) -> None:
    for wrong, right in ((acme, globex), (globex, acme)):
        change(database_url, f"""settings = '{{"timezone": "{zone}"}}'""", wrong)
        change(database_url, """settings = '{"timezone": "Europe/London"}'""", right)
        day = 15 if wrong == acme else 16
        with capture_logs() as logs:
            assert materialise_due(ledger, at(f"01-{day} 12:00"), [nightly()]) == 1
        [warning] = logs
        assert (warning["event"], warning["tenant"]) == (
            "tick_skipped",
            "acme" if wrong == acme else "globex",
        )
        assert ticks(database_url, right) == [f"01-{day} 01:00"]


@pytest.mark.parametrize(
    ("born_at", "night", "tick"),
    [
        # The clock jumps from 01:00 to 02:00: half past one is at half past two of summer time.
        ("03-28 12:00", "03-29", "03-29 01:30"),
        # The clock goes back from 02:00 to 01:00: half past one comes twice and ticks first.
        ("10-24 12:00", "10-25", "10-25 00:30"),
    ],
    ids=["gap", "fold"],
)
def test_the_night_in_which_the_clock_is_changed_has_one_job(
    wiring: Wiring,
    ledger: ScheduleLedger,
    database_url: str,
    acme: UUID,
    globex: UUID,
    born_at: str,
    night: str,
    tick: str,
) -> None:
    change(database_url, f"created_at = '2026-{born_at}+00'", acme, globex)
    change(database_url, """settings = '{"timezone": "Europe/London"}'""", globex)
    schedules = [nightly(CatchUp.all_up_to(5), at=time(1, 30))]
    midnight = at(f"{night} 00:00")
    made = [
        materialise_due(ledger, midnight + timedelta(minutes=5 * number), schedules)
        for number in range(48)
    ]
    assert (sum(made), max(made)) == (2, 2)
    assert ticks(database_url, acme) == ticks(database_url, globex) == [tick]


@pytest.mark.usefixtures("born")
def test_schedules_of_one_tenant_do_not_stand_in_for_each_other(
    wiring: Wiring, ledger: ScheduleLedger, acme: UUID, globex: UUID
) -> None:
    schedules = [nightly(name="test"), nightly(name="other", at=time(2))]
    assert materialise_due(ledger, at("01-15 01:30"), schedules) == 1
    assert materialise_due(ledger, at("01-15 02:00"), schedules) == 1
    assert sorted(job.requested_by for job in jobs_of(wiring, acme)) == [
        "schedule:other",
        "schedule:test",
    ]
    assert jobs_of(wiring, globex) == []


@pytest.mark.usefixtures("born")
def test_a_schedule_whose_task_is_not_published_stops_no_other(
    wiring: Wiring, ledger: ScheduleLedger, acme: UUID, globex: UUID
) -> None:
    unknown = Nightly("a", "no.such", {}, time(1), timedelta(0), CatchUp.latest())
    assert materialise_due(ledger, at("01-15 12:00"), [unknown, nightly()]) == 2
    assert [job.name for job in jobs_of(wiring, acme)] == ["usage.sample"]
    # The tick was not seen to: it runs once its task is there.
    assert [each.at for each in ledger.last_ticks(["a"])] == [BORN, BORN]
