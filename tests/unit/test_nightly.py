"""Nightly schedules: when a tenant's tick is due, over changes of the clock and nights missed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.nightly import NIGHTLIES, CatchUp, Nightly, due_ticks

TENANT = UUID("550e8400-e29b-41d4-a716-446655440000")
LONDON = ZoneInfo("Europe/London")
ZONES = [
    "UTC", "Europe/London", "America/New_York", "America/Sao_Paulo", "America/Havana",
    "America/St_Johns", "Africa/Casablanca", "Asia/Kathmandu", "Australia/Lord_Howe",
    "Pacific/Kiritimati",
]  # fmt: skip


def nightly(at: time, catch_up: CatchUp | None = None, spread: timedelta = timedelta(0)) -> Nightly:
    """A schedule without a spread that catches up on three weeks, unless a test says otherwise."""
    return Nightly("test", "sales.pull", {}, at, spread, catch_up or CatchUp.all_up_to(21))


def ticks(
    schedule: Nightly, zone: str, since: str, now: str, tenant: UUID = TENANT
) -> Sequence[str]:
    """The due ticks as text; instants are given in UTC."""
    window = (datetime.fromisoformat(f"{instant}+00:00") for instant in (since, now))
    due = due_ticks(schedule, tenant, ZoneInfo(zone), *window)
    assert all(tick.tzinfo is UTC for tick in due)
    return [f"{tick:%Y-%m-%d %H:%M:%S}" for tick in due]


def test_a_tick_is_due_from_its_instant_on_and_only_once() -> None:
    one = nightly(time(1))
    assert ticks(one, "UTC", "2026-01-15 00:55", "2026-01-15 00:59:59") == []
    assert ticks(one, "UTC", "2026-01-15 00:55", "2026-01-15 01:00") == ["2026-01-15 01:00:00"]
    assert ticks(one, "UTC", "2026-01-15 01:00", "2026-01-15 01:05") == []


def test_nothing_is_due_in_a_window_that_is_empty_or_runs_backwards() -> None:
    assert ticks(nightly(time(1)), "UTC", "2026-01-15 01:00", "2026-01-15 01:00") == []
    assert ticks(nightly(time(1)), "UTC", "2026-01-15 03:00", "2026-01-15 00:00") == []


@pytest.mark.parametrize(
    ("zone", "at", "since", "now", "expected"),
    [
        # The clock jumps from 01:00 to 02:00: 01:30 would have been 02:30 in summer time.
        ("Europe/London", "01:30", "2026-03-29 00:00", "2026-03-29 12:00", "2026-03-29 01:30:00"),
        # 01:30 comes twice: in summer time first.
        ("Europe/London", "01:30", "2026-10-25 00:00", "2026-10-25 12:00", "2026-10-25 00:30:00"),
        ("America/New_York", "02:30", "2026-03-08 00:00", "2026-03-08 23:00", "2026-03-08 07:30:00"),
        ("America/New_York", "01:30", "2026-11-01 00:00", "2026-11-01 23:00", "2026-11-01 05:30:00"),
        ("America/New_York", "01:00", "2026-07-01 00:00", "2026-07-01 23:00", "2026-07-01 05:00:00"),
        ("Asia/Kathmandu", "01:00", "2026-01-14 12:00", "2026-01-15 12:00", "2026-01-14 19:15:00"),
        # The clock jumps by half an hour, from 02:00 to 02:30, and back from 02:00 to 01:30.
        ("Australia/Lord_Howe", "02:15", "2026-10-03 12:00", "2026-10-04 00:00", "2026-10-03 15:45:00"),
        ("Australia/Lord_Howe", "01:45", "2026-04-04 12:00", "2026-04-05 00:00", "2026-04-04 14:45:00"),
    ],
)  # fmt: skip
def test_a_local_day_has_one_tick_also_where_the_clock_is_changed(
    zone: str, at: str, since: str, now: str, expected: str
) -> None:
    assert ticks(nightly(time.fromisoformat(at)), zone, since, now) == [expected]


def test_a_wall_time_that_comes_again_is_not_due_again() -> None:
    half_past_one = nightly(time(1, 30))
    assert ticks(half_past_one, "Europe/London", "2026-10-25 00:35", "2026-10-25 02:00") == []


def test_a_tick_is_due_while_the_clock_shows_an_earlier_time_for_the_second_time() -> None:
    # 01:20 in winter time, fifty minutes after 01:30 in summer time.
    assert ticks(nightly(time(1, 30)), "Europe/London", "2026-10-25 00:00", "2026-10-25 01:20") == [
        "2026-10-25 00:30:00"
    ]


def test_a_day_is_not_lost_where_the_clock_is_set_back_over_midnight() -> None:
    # One minute into the 7th the clock showed 23:01 of the 6th again.
    just_after_midnight = nightly(time(0, 0, 30))
    assert ticks(
        just_after_midnight, "America/St_Johns", "2010-11-07 02:00", "2010-11-07 02:45"
    ) == ["2010-11-07 02:30:30"]


def test_a_day_that_a_zone_left_out_has_no_tick_of_its_own() -> None:
    # Samoa went from the 29th to the 31st of December.
    assert ticks(nightly(time(1, 30)), "Pacific/Apia", "2011-12-29 00:00", "2012-01-01 00:00") == [
        "2011-12-29 11:30:00",
        "2011-12-30 11:30:00",
        "2011-12-31 11:30:00",
    ]


def test_a_window_may_cross_midnight() -> None:
    late = nightly(time(23, 59, 59), spread=timedelta(hours=3))
    assert ticks(late, "UTC", "2026-01-14 12:00", "2026-01-15 12:00") == ["2026-01-15 02:11:22"]


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [
        (CatchUp.skip(grace=timedelta(hours=6)), ["2026-03-12 01:00:00"]),
        (CatchUp.skip(grace=timedelta(hours=3)), []),
        (CatchUp.latest(), ["2026-03-12 01:00:00"]),
        (CatchUp.all_up_to(1), ["2026-03-12 01:00:00"]),
        (CatchUp.all_up_to(5), ["2026-03-11 01:00:00", "2026-03-12 01:00:00"]),
    ],
    ids=["skip", "skip all", "latest", "newest one", "all"],
)
def test_after_two_nights_missed_the_policy_decides(catch_up: CatchUp, expected: list[str]) -> None:
    schedule = nightly(time(1), catch_up)
    assert ticks(schedule, "Europe/London", "2026-03-10 12:00", "2026-03-12 05:00") == expected


def test_of_many_missed_nights_the_newest_run_the_oldest_of_them_first() -> None:
    schedule = nightly(time(1), CatchUp.all_up_to(2))
    assert ticks(schedule, "Europe/London", "2020-01-01 00:00", "2026-03-12 05:00") == [
        "2026-03-11 01:00:00",
        "2026-03-12 01:00:00",
    ]


def test_a_tick_as_old_as_its_grace_still_runs_and_a_second_later_does_not() -> None:
    schedule = nightly(time(1), CatchUp.skip(grace=timedelta(hours=6)))
    assert ticks(schedule, "UTC", "2026-03-11 12:00", "2026-03-12 07:00") == ["2026-03-12 01:00:00"]
    assert ticks(schedule, "UTC", "2026-03-11 12:00", "2026-03-12 07:00:01") == []


def test_the_place_in_the_window_never_changes_with_a_release() -> None:
    sales, accuracy, usage, settlements, gone_orders = NIGHTLIES
    assert [each.name for each in NIGHTLIES] == [
        "nightly.sales",
        "nightly.accuracy",
        "nightly.usage",
        "weekly.settlements",
        "weekly.gone_orders",
    ]
    night = "Asia/Kathmandu", "2026-01-14 12:00", "2026-01-15 12:00"
    assert ticks(sales, *night) == ["2026-01-14 19:58:37"]
    assert ticks(accuracy, *night) == ["2026-01-14 23:59:42"]
    late = "Asia/Kathmandu", "2026-01-14 12:00", "2026-01-14 18:00"
    assert ticks(usage, *late) == ["2026-01-14 17:40:49"]
    fortnight = "Asia/Kathmandu", "2026-01-05 00:00", "2026-01-19 00:00"
    weekly = replace(settlements, catch_up=CatchUp.all_up_to(9))
    assert ticks(weekly, *fortnight) == ["2026-01-11 02:10:02", "2026-01-18 02:10:02"]
    weekly = replace(gone_orders, catch_up=CatchUp.all_up_to(9))
    assert ticks(weekly, *fortnight) == ["2026-01-11 00:03:13", "2026-01-18 00:03:13"]


def test_a_weekly_job_ticks_on_its_day_of_the_tenants_week() -> None:
    sundays = replace(nightly(time(23, 30)), weekday=6)
    # In Auckland it is Sunday while it is Saturday in UTC.
    assert ticks(sundays, "Pacific/Auckland", "2026-01-01 00:00", "2026-01-15 00:00") == [
        "2026-01-04 10:30:00",
        "2026-01-11 10:30:00",
    ]
    early = replace(nightly(time(0, 30)), weekday=6)
    assert ticks(early, "Pacific/Auckland", "2026-01-01 00:00", "2026-01-08 00:00") == [
        "2026-01-03 11:30:00"
    ]


def test_tenants_are_spread_over_the_window() -> None:
    sales = NIGHTLIES[0]
    found = [
        ticks(sales, "UTC", "2026-01-15 00:00", "2026-01-15 12:00", UUID(int=number))[0][11:]
        for number in range(1000)
    ]
    assert len(set(found)) > 900
    assert min(found) >= "01:00:00"
    assert max(found) < "04:00:00"


@pytest.mark.parametrize("naive", ["since", "now"])
def test_an_instant_without_a_zone_is_refused(naive: str) -> None:
    aware = datetime(2026, 1, 15, tzinfo=UTC)
    window = {"since": aware, "now": aware, naive: aware.replace(tzinfo=None)}
    with pytest.raises(ValueError, match="give an aware instant"):
        due_ticks(NIGHTLIES[0], TENANT, LONDON, **window)


def test_instants_may_come_in_the_tenants_own_zone() -> None:
    # Two readings of 01:xx in one zone compare by the wall clock, though the second is later.
    first = datetime(2026, 10, 25, 1, 40, tzinfo=LONDON)
    second = datetime(2026, 10, 25, 1, 20, tzinfo=LONDON, fold=1)
    assert due_ticks(nightly(time(1, 45)), TENANT, LONDON, first, second) == [
        datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    ]


@given(
    schedule=st.sampled_from(NIGHTLIES),
    tenant=st.uuids(),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    first=st.dates(date(2005, 1, 1), date(2027, 12, 1)),
    days=st.integers(1, 14),
    cuts=st.lists(st.floats(0, 1), max_size=20),
)
def test_however_time_is_cut_into_windows_each_local_day_ticks_once(
    schedule: Nightly, tenant: UUID, zone: ZoneInfo, first: date, days: int, cuts: list[float]
) -> None:
    schedule = replace(schedule, catch_up=CatchUp.all_up_to(days))
    start, end = (_before_midnight(first + timedelta(days=n), zone) for n in (0, days))
    instants = [start, *sorted(start + (end - start) * cut for cut in cuts), end]
    found = [
        tick
        for since, now in pairwise(instants)
        for tick in due_ticks(schedule, tenant, zone, since, now)
    ]
    local_days = [tick.astimezone(zone).date() for tick in found]
    expected = [first + timedelta(days=n) for n in range(days)]
    assert local_days == [day for day in expected if schedule.weekday in {None, day.weekday()}]
    assert found == due_ticks(schedule, tenant, zone, start, end)


def _before_midnight(day: date, zone: ZoneInfo) -> datetime:
    midnight = datetime.combine(day, time(0), tzinfo=zone).astimezone(UTC)
    return midnight - timedelta(seconds=1)
