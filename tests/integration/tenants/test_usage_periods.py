"""Periods of usage tile time: no gap, no overlap, whatever the cycle and whenever the billing's news comes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workers.wiring import Wiring

BEGIN = datetime(2023, 1, 1, tzinfo=UTC)
instants = st.integers(0, 3 * 366 * 24).map(lambda hours: BEGIN + timedelta(hours=hours))
cycles = st.sampled_from(["MONTHLY", "QUARTERLY", "ANNUAL"])
# A fact, or the news of a new period that began then and is to last so many days.
events = st.lists(
    st.one_of(instants, st.tuples(instants, st.integers(1, 400), cycles)), min_size=1, max_size=12
)


def subscribe(
    connection: psycopg.Connection, tenant_id: UUID, start: datetime, end: datetime, cycle: str
) -> None:
    connection.execute(
        "INSERT INTO public.subscriptions (tenant_id, current_period_start, current_period_end, billing_cycle) "
        "VALUES (%s, %s, %s, %s::public.billing_cycle) ON CONFLICT (tenant_id) DO UPDATE SET "
        "current_period_start = excluded.current_period_start, current_period_end = excluded.current_period_end, "
        "billing_cycle = excluded.billing_cycle",
        (tenant_id, start, end, cycle),
    )


def period(
    connection: psycopg.Connection, tenant_id: UUID, at: datetime
) -> tuple[datetime, datetime]:
    row = connection.execute(
        "SELECT * FROM public.usage_period(%s, %s)", (tenant_id, at)
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def use(connection: psycopg.Connection, tenant_id: UUID, at: datetime) -> None:
    connection.execute("SELECT public.record_usage(%s, 'reports_exported', 1, %s)", (tenant_id, at))


def counted(
    connection: psycopg.Connection, tenant_id: UUID
) -> list[tuple[datetime, datetime, int]]:
    return connection.execute(
        "SELECT period_start, period_end, reports_exported FROM public.usage_metrics "
        "WHERE tenant_id = %s ORDER BY 1",
        (tenant_id,),
    ).fetchall()


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(events=events, others=st.lists(instants, max_size=5))
def test_every_instant_lies_in_one_period(
    wiring: Wiring, acme: UUID, events: list[object], others: list[datetime]
) -> None:
    with psycopg.connect(wiring.settings.url_of("direct") or "") as connection:
        facts = 0
        for event in events:
            if isinstance(event, datetime):
                use(connection, acme, event)
                facts += 1
            elif isinstance(event, tuple):
                start, days, cycle = event
                subscribe(connection, acme, start, start + timedelta(days=days), cycle)
        rows = counted(connection, acme)
        assert sum(row[2] for row in rows) == facts
        assert all(end <= start for (_, end, _), (start, _, _) in pairwise(rows))
        for at in [each for each in events if isinstance(each, datetime)] + others:
            start, end = period(connection, acme, at)
            assert start <= at < end
            for known_start, known_end, _ in rows:
                assert (
                    (start, end) == (known_start, known_end)
                    or end <= known_start
                    or start >= known_end
                )
            # The next one begins where it ends, and the one before ends where it begins.
            assert period(connection, acme, end)[0] == end
            assert period(connection, acme, start - timedelta(microseconds=1))[1] == start
        connection.rollback()


def day(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T00:00:00+00:00")


@pytest.mark.parametrize(
    ("cycle", "start", "end", "at", "expected"),
    [
        ("MONTHLY", "2026-01-31", "2026-02-28", "2026-03-10", ("2026-02-28", "2026-03-31")),
        ("MONTHLY", "2026-03-31", "2026-04-30", "2026-02-28", ("2026-02-28", "2026-03-31")),
        ("QUARTERLY", "2026-01-31", "2026-04-30", "2026-06-01", ("2026-04-30", "2026-07-31")),
        ("ANNUAL", "2024-02-29", "2025-02-28", "2026-03-01", ("2026-02-28", "2027-02-28")),
        ("ANNUAL", "2024-02-29", "2025-02-28", "2023-03-01", ("2023-02-28", "2024-02-29")),
        # A trial of fourteen days: what comes after its end is the next period's.
        ("MONTHLY", "2026-03-01", "2026-03-15", "2026-03-20", ("2026-03-15", "2026-04-15")),
    ],
)
def test_cycles_are_counted_from_the_billings_own_days(
    wiring: Wiring,
    acme: UUID,
    globex: UUID,
    cycle: str,
    start: str,
    end: str,
    at: str,
    expected: tuple[str, str],
) -> None:
    with psycopg.connect(wiring.settings.url_of("direct") or "") as connection:
        subscribe(connection, acme, day(start), day(end), cycle)
        assert period(connection, acme, day(at)) == tuple(map(day, expected))
        assert period(connection, globex, day("2026-03-10")) == (
            day("2026-03-01"),
            day("2026-04-01"),
        )


def test_usage_before_the_news_of_a_renewal_stays_in_one_period_with_what_comes_after(
    wiring: Wiring, acme: UUID
) -> None:
    with psycopg.connect(wiring.settings.url_of("direct") or "") as connection:
        subscribe(connection, acme, day("2026-01-31"), day("2026-02-28"), "MONTHLY")
        use(connection, acme, day("2026-02-01"))
        use(connection, acme, day("2026-03-01"))
        # The billing has another end in mind than we had.
        subscribe(connection, acme, day("2026-02-28"), day("2026-04-02"), "MONTHLY")
        use(connection, acme, day("2026-03-02"))
        use(connection, acme, day("2026-04-01"))
        assert counted(connection, acme) == [
            (day("2026-01-31"), day("2026-02-28"), 1),
            (day("2026-02-28"), day("2026-03-31"), 2),
            (day("2026-03-31"), day("2026-04-02"), 1),
        ]
