"""How the clock stands: when each scan ran and runs next, and when the tenants' nights begin."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schedules.nightly import NIGHTLIES, Nightly, due_ticks, next_tick
from schedules.ticks import TICKS
from shared.persistence.jobs.scheduling import LastTick, ScheduleLedger
from shared.persistence.operations.doctor import Finding, Verdict
from shared.persistence.operations.scan_runs import read_scan_runs
from workers.wiring import Wiring

# A scan may be on its way for so long; a tick waits for the next scan.
ON_ITS_WAY_S = 120.0
LATE = timedelta(minutes=15)
FIX = "start `capliquify beat`, and a worker for the queue maintenance"


@dataclass(slots=True)
class _Night:
    """A schedule over all tenants."""

    last: datetime | None = None
    next: datetime | None = None
    late: int = 0
    late_since: datetime | None = None
    # Tenants whose time zone nobody can read: they have no night.
    refused: int = 0


def read_scans(wiring: Wiring) -> list[dict[str, Any]]:
    """Each scan: every how many seconds, when it began last, how long ago, when it is due again."""
    runs = read_scan_runs(wiring.admin)
    rows = []
    for name, tick in TICKS.items():
        run = runs.get(tick.scan)
        rows.append(
            {
                "scan": name,
                "every_s": tick.every_s,
                "last": run and run.began_at,
                "ago_s": run and run.ago_s,
                "did": run and run.done,
                "ended": run and run.ended_at,
                "next": run and run.began_at + timedelta(seconds=tick.every_s),
            }
        )
    return rows


def read_nights(wiring: Wiring) -> list[dict[str, Any]]:
    """Each nightly schedule: its last tick, its next one, and how many tenants' nights are late."""
    now = wiring.clock.now()
    by_name = {nightly.name: nightly for nightly in NIGHTLIES}
    nights = {name: _Night() for name in by_name}
    for last in ScheduleLedger(wiring.admin).last_ticks(list(by_name)):
        try:
            _count(nights[last.schedule], by_name[last.schedule], last, now)
        except (ZoneInfoNotFoundError, ValueError):
            # Its own audit log says so each day; nobody else's night suffers.
            nights[last.schedule].refused += 1
    return [
        {
            "schedule": name,
            "last": night.last,
            "next": night.next,
            "late": night.late,
            "late_since": night.late_since,
            "refused": night.refused,
        }
        for name, night in nights.items()
    ]


def _count(night: _Night, nightly: Nightly, last: LastTick, now: datetime) -> None:
    zone = ZoneInfo(last.timezone)
    if last.has_run:
        night.last = last.at if night.last is None else max(night.last, last.at)
    soonest = next_tick(nightly, last.tenant_id, zone, last.at)
    if soonest <= now:
        # Almost nobody is here: whoever has had his night is reckoned with once.
        _count_late(night, due_ticks(nightly, last.tenant_id, zone, last.at, now - LATE))
        soonest = next_tick(nightly, last.tenant_id, zone, now)
    night.next = soonest if night.next is None else min(night.next, soonest)


def _count_late(night: _Night, due: list[datetime]) -> None:
    if due:
        night.late += 1
        night.late_since = due[0] if night.late_since is None else min(night.late_since, due[0])


def examine_nights(scans: list[dict[str, Any]], nights: list[dict[str, Any]]) -> Iterator[Finding]:
    """Whether the clock strikes: each scan within its time, each tenant's night begun."""
    for scan in scans:
        if scan["last"] is None:
            yield Finding(scan["scan"], Verdict.WARN, "has never run", FIX)
        elif scan["ended"] is None and scan["ago_s"] > ON_ITS_WAY_S:
            found = f"began {scan['last']:%H:%M:%S} UTC and has not ended"
            fix = "see the log of the worker for the queue maintenance"
            yield Finding(scan["scan"], Verdict.WARN, found, fix)
        elif scan["ago_s"] > 2 * scan["every_s"] + ON_ITS_WAY_S:
            found = f"ran last {scan['last']:%Y-%m-%d %H:%M} UTC, {scan['ago_s'] / 60:.0f} min ago"
            yield Finding(
                scan["scan"], Verdict.WARN, f"{found}; every {scan['every_s'] // 60} min", FIX
            )
        else:
            found = f"ran {scan['last']:%H:%M:%S} UTC, next {scan['next']:%H:%M:%S}"
            yield Finding(scan["scan"], Verdict.GOOD, found)
    for night in nights:
        if night["late"]:
            found = f"{night['late']} tenants wait since {night['late_since']:%Y-%m-%d %H:%M} UTC"
            fix = f"{FIX}; where they run, see `capliquify audit --action schedule.refused`"
            yield Finding(night["schedule"], Verdict.WARN, found, fix)
        if night["refused"]:
            found = f"{night['refused']} tenants have a time zone that is none, and no night"
            fix = "`capliquify audit --action schedule.refused` names them"
            yield Finding(night["schedule"], Verdict.WARN, found, fix)
