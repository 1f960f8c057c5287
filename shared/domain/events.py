"""What happened to a tenant. `schedules/reactions.py` says which jobs follow; pure.

Most events are facts; those named `...Due` are requests of a schedule. The jobs that follow are written in the
transaction that publishes the event: both are kept, or neither. A job may run twice, so an event comes at least
once, and its jobs must do no harm when they run twice. Figures in an event are those of one run.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import ClassVar

from shared.domain.quota import Meter, Tier


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. The jobs that follow have `reaction:` and its `name` as who asked for them."""

    name: ClassVar[str]


@dataclass(frozen=True, slots=True)
class CredentialConnected(Event):
    """A credential was stored, whoever did it."""

    name = "credential.connected"
    service: str
    service_type: str


@dataclass(frozen=True, slots=True)
class PullDue(Event):
    """It is time to pull a connected service."""

    name = "pull.due"
    service: str
    service_type: str


@dataclass(frozen=True, slots=True)
class SettlementsDue(Event):
    """It is time to hold a channel's fees against its settlements."""

    name = "settlements.due"
    service: str


@dataclass(frozen=True, slots=True)
class GoneOrdersDue(Event):
    """It is time to look for orders that a shop has deleted."""

    name = "gone_orders.due"
    service: str


@dataclass(frozen=True, slots=True)
class RecordsChanged(Event):
    """A vendor says that some of its records changed, not which."""

    name = "records.changed"
    service: str


@dataclass(frozen=True, slots=True)
class OrderDeleted(Event):
    """A vendor says that an order is gone; `order` is its id, None where it names none."""

    name = "order.deleted"
    service: str
    order: str | None


@dataclass(frozen=True, slots=True)
class SalesPulled(Event):
    """The orders that a pull of a shop asked for are here.

    `as_of` is the day that the pull was asked to stand on, if it was.
    `backfilled` says whether the years before the connection are here.
    """

    name = "sales.pulled"
    service: str
    as_of: date | None
    lines_changed: int
    products_changed: int
    backfilled: bool

    @property
    def changed(self) -> int:
        """Rows that were new or differ."""
        return self.lines_changed + self.products_changed


@dataclass(frozen=True, slots=True)
class SalesBackfilled(Event):
    """The years before the connection are here, as far as the vendor shows them."""

    name = "sales.backfilled"
    service: str
    as_of: date | None
    lines_changed: int

    @property
    def changed(self) -> int:
        """Rows that were new or differ."""
        return self.lines_changed


@dataclass(frozen=True, slots=True)
class BooksPulled(Event):
    """A pull of accounting books is over."""

    name = "books.pulled"
    service: str


@dataclass(frozen=True, slots=True)
class ForecastsGenerated(Event):
    """A run of forecasts is over; `origin` is the last day learnt from.

    SKUs that are dormant, beyond the quota or set aside have none of it.
    """

    name = "forecasts.generated"
    origin: date
    forecasts_changed: int


@dataclass(frozen=True, slots=True)
class RecordsSetAside(Event):
    """So many records of a stream could not be used; without a service they are our own figures."""

    name = "records.set_aside"
    service: str | None
    stream: str
    records: int


@dataclass(frozen=True, slots=True)
class QuotaCrossed(Event):
    """A meter went above its limit, for the first time in this period."""

    name = "quota.crossed"
    meter: Meter
    limit: int
    used: int


@dataclass(frozen=True, slots=True)
class TierChanged(Event):
    """The tenant has another tier, or other limits of its own."""

    name = "tier.changed"
    tier: Tier


class Unless(StrEnum):
    """When a follower is not wanted."""

    # The same task with the same arguments is queued and begins as early.
    WAITING = "waiting"
    # A job of the task waits or runs for the same service, whatever else it was asked.
    LIVE = "live"
    # Any run of the job that asks has asked for the same before.
    FOLLOWED = "followed"


@dataclass(frozen=True, slots=True)
class Follower:
    """A job of `task` that is to begin after a wait, unless one of the rules says that it is not wanted."""

    task: str
    arguments: Mapping[str, object]
    unless: tuple[Unless, ...] = (Unless.WAITING,)
    wait: timedelta = timedelta(0)


React = Callable[[Event], Sequence[Follower]]


def nothing_follows(_event: Event) -> Sequence[Follower]:
    """No job follows: for tests and demos that enqueue each job themselves."""
    return ()
