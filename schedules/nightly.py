"""All nightly schedules, on one screen, and which of their ticks are due.

A tenant has one tick a local day and schedule: the wall clock `at`, and an offset that spreads the
tenants over a window. Nothing here reads a clock or a table.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Which of the ticks that were missed are run late: none older than `grace`, at most the `newest`.

    None sets no bound.
    """

    grace: timedelta | None = None
    newest: int | None = None

    @classmethod
    def skip(cls, grace: timedelta) -> "CatchUp":
        """SKIP: a tick older than `grace` is not run."""
        return cls(grace=grace)

    @classmethod
    def latest(cls) -> "CatchUp":
        """LATEST: only the newest missed tick runs."""
        return cls(newest=1)

    @classmethod
    def all_up_to(cls, newest: int) -> "CatchUp":
        """ALL up to `newest`: the newest missed ticks run, the oldest of them first."""
        return cls(newest=newest)


@dataclass(frozen=True, slots=True)
class Nightly:
    """A job a local day and tenant, between `at` and `at` + `spread` on the tenant's own clock.

    With a `weekday` (Monday is 0) only on that day of the week. `name` is the key of its ticks: kept in
    a varchar(100), never changed once ticks have run.
    """

    name: str
    task: str
    arguments: Mapping[str, object]
    at: time
    spread: timedelta
    catch_up: CatchUp
    weekday: int | None = None


NIGHTLIES: tuple[Nightly, ...] = (
    # Working capital and forecasts follow from what this brings: see `reactions.py`.
    Nightly("nightly.sales", "services.pull", {}, time(1), timedelta(hours=3), CatchUp.latest()),
    Nightly(
        "nightly.accuracy", "forecasts.score", {}, time(5), timedelta(hours=1), CatchUp.latest()
    ),
    Nightly(
        "nightly.usage",
        "usage.sample",
        {},
        time(23, 15),
        timedelta(minutes=30),
        CatchUp.skip(grace=timedelta(hours=6)),
    ),
    # Amazon settles every second week.
    Nightly(
        "weekly.settlements",
        "services.reconcile",
        {},
        time(6),
        timedelta(hours=3),
        # The next Sunday reads the same ninety days.
        CatchUp.skip(grace=timedelta(days=1)),
        weekday=6,
    ),
    # A shop that deletes an order reports it by a webhook, which may be lost.
    Nightly(
        "weekly.gone_orders",
        "services.find_gone",
        {},
        time(4),
        timedelta(hours=2),
        CatchUp.latest(),
        weekday=6,
    ),
)


def due_ticks(
    nightly: Nightly, tenant_id: UUID, zone: ZoneInfo, since: datetime, now: datetime
) -> list[datetime]:
    """The tenant's ticks after `since` and not after `now` that are to run, in UTC, oldest first.

    A wall time that the clock jumps over runs when the clock would have shown it had it not
    jumped; one that comes twice runs the first time. Raises `ValueError` for a naive instant.
    """
    since, now = _in_utc(since), _in_utc(now)
    grace, newest = nightly.catch_up.grace, nightly.catch_up.newest
    due: list[datetime] = []
    for tick in _ticks_backwards(nightly, tenant_id, zone, now):
        too_old = tick <= since or (grace is not None and now - tick > grace)
        if too_old or len(due) == newest:
            break
        if tick not in due[-1:]:  # A day that a zone left out shares the tick of the next one.
            due.append(tick)
    return due[::-1]


def next_tick(nightly: Nightly, tenant_id: UUID, zone: ZoneInfo, now: datetime) -> datetime:
    """The tenant's first tick after `now` (aware), in UTC."""
    now = _in_utc(now)
    offset = _offset(nightly, tenant_id)
    day = now.astimezone(zone).date() - ONE_DAY
    while True:
        tick = _tick_of(nightly, day, offset, zone)
        if nightly.weekday in {None, day.weekday()} and tick > now:
            return tick
        day += ONE_DAY


def _ticks_backwards(
    nightly: Nightly, tenant_id: UUID, zone: ZoneInfo, now: datetime
) -> Iterator[datetime]:
    """The ticks up to `now`, the newest first, without end."""
    offset = _offset(nightly, tenant_id)
    # A clock set back over midnight shows a day again whose successor has begun already.
    day = now.astimezone(zone).date() + ONE_DAY
    while True:
        if nightly.weekday in {None, day.weekday()}:
            tick = _tick_of(nightly, day, offset, zone)
            if tick <= now:
                yield tick
        day -= ONE_DAY


def _tick_of(nightly: Nightly, day: date, offset: timedelta, zone: ZoneInfo) -> datetime:
    # Arithmetic within one zone is the wall clock's; its first reading (fold 0) is what we want.
    return (datetime.combine(day, nightly.at, tzinfo=zone) + offset).astimezone(UTC)


def _offset(nightly: Nightly, tenant_id: UUID) -> timedelta:
    """Whole seconds within the spread, for ever the same for a tenant and schedule."""
    spread_s = max(1, int(nightly.spread.total_seconds()))
    digest = hashlib.sha256(f"{tenant_id}:{nightly.name}".encode()).digest()
    return timedelta(seconds=int.from_bytes(digest[:8], "big") % spread_s)


def _in_utc(instant: datetime) -> datetime:
    if instant.utcoffset() is None:
        raise ValueError(f"{instant} has no zone; give an aware instant")
    return instant.astimezone(UTC)
