"""`status` knows when the clock struck last, when it strikes next, and whose night is late."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.nightly import NIGHTLIES, CatchUp, Nightly, due_ticks, next_tick
from schedules.ticks import TICKS
from shared.persistence.operations.doctor import Verdict
from shared.persistence.operations.scan_runs import ScanRuns
from workers.nights import examine_nights, read_nights, read_scans
from workers.wiring import Wiring

TENANT = UUID(int=7)
AT_ONE = Nightly("n", "t", {}, time(1, 30), timedelta(0), CatchUp.latest())


def test_the_next_night_is_tomorrows_when_todays_is_over() -> None:
    london = ZoneInfo("Europe/London")
    before = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
    assert next_tick(AT_ONE, TENANT, london, before) == datetime(2026, 11, 26, 1, 30, tzinfo=UTC)
    exactly = datetime(2026, 11, 26, 1, 30, tzinfo=UTC)
    assert next_tick(AT_ONE, TENANT, london, exactly) == datetime(2026, 11, 27, 1, 30, tzinfo=UTC)


@given(
    st.integers(1_700_000_000, 1_900_000_000),
    st.sampled_from(NIGHTLIES),
    st.sampled_from(("Europe/London", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe")),
    st.uuids(),
)
def test_the_next_tick_is_the_first_that_becomes_due(
    seconds: int, nightly: Nightly, name: str, tenant: UUID
) -> None:
    zone, now = ZoneInfo(name), datetime.fromtimestamp(seconds, UTC)
    coming = next_tick(nightly, tenant, zone, now)
    assert coming > now
    assert due_ticks(nightly, tenant, zone, now, coming) == [coming]
    assert due_ticks(nightly, tenant, zone, now, coming - timedelta(seconds=1)) == []


def test_a_clock_that_stands_still_is_named(
    wiring: Wiring, acme: UUID, globex: UUID, database_url: str
) -> None:
    found = {each.check: each for each in examine_nights(read_scans(wiring), read_nights(wiring))}
    assert found["nightly jobs"].found == "has never run"
    runs = ScanRuns(wiring.dispatcher)
    for scan in sorted(tick.scan for tick in TICKS.values()):
        runs.begin(scan)
        runs.end(scan, 3)
    scans = read_scans(wiring)
    assert [each["did"] for each in scans] == [3] * len(TICKS)
    assert scans[0]["next"] - scans[0]["last"] == timedelta(minutes=5)
    assert {each.verdict for each in examine_nights(scans, read_nights(wiring))} == {Verdict.GOOD}
    with psycopg.connect(database_url) as owner:
        owner.execute(
            "UPDATE public.scan_runs SET began_at = now() - interval '47 minutes' "
            "WHERE name = 'schedules.materialise'"
        )
        owner.execute(
            "UPDATE public.tenants SET created_at = now() - interval '3 days' WHERE slug = 'acme'"
        )
    found = {each.check: each for each in examine_nights(read_scans(wiring), read_nights(wiring))}
    assert "47 min ago; every 5 min" in found["nightly jobs"].found
    assert "start `capliquify beat`" in found["nightly jobs"].fix
    # Acme has had no night in its three days; globex was born a moment ago.
    assert found["nightly.sales"].found.startswith("1 tenants wait since ")


def test_a_tenant_with_a_zone_that_is_none_takes_no_other_with_it(
    wiring: Wiring, acme: UUID, globex: UUID, database_url: str
) -> None:
    with psycopg.connect(database_url) as owner:
        owner.execute(
            "UPDATE public.tenants SET settings = '{\"timezone\": \"Mars/Olympus\"}' WHERE slug = 'acme'"
        )
    nights = {each["schedule"]: each for each in read_nights(wiring)}
    assert nights["nightly.sales"]["next"] is not None
    assert nights["nightly.sales"]["refused"] == 1
    found = {each.check: each for each in examine_nights([], read_nights(wiring))}
    assert found["nightly.sales"].found == "1 tenants have a time zone that is none, and no night"


def test_a_scan_that_never_ends_is_named(
    wiring: Wiring, acme: UUID, globex: UUID, database_url: str
) -> None:
    ScanRuns(wiring.dispatcher).begin("jobs.retire")
    with psycopg.connect(database_url) as owner:
        owner.execute("UPDATE public.scan_runs SET began_at = now() - interval '10 minutes'")
    found = {each.check: each for each in examine_nights(read_scans(wiring), read_nights(wiring))}
    assert found["retire old jobs"].verdict is Verdict.WARN
    assert "has not ended" in found["retire old jobs"].found


@pytest.mark.parametrize("zone", ["../etc/passwd", "", "Europe/Nowhere"])
def test_odd_zones_are_passed_over(
    wiring: Wiring, acme: UUID, globex: UUID, database_url: str, zone: str
) -> None:
    with psycopg.connect(database_url) as owner:
        owner.execute(
            "UPDATE public.tenants SET settings = jsonb_build_object('timezone', %s::text) WHERE slug = 'acme'",
            (zone,),
        )
    assert len(read_nights(wiring)) == len(NIGHTLIES)
