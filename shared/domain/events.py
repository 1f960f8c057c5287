"""What happened to a tenant, as facts. Work follows from them by `schedules/reactions.py`; pure.

What follows is kept in the transaction in which the event is published, or neither is. A job may run twice: an
event comes at least once, and what follows from it must do no harm twice. Figures in it are of this run alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import ClassVar

from shared.domain.quota import Meter, Tier


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `name` stands on the ledger as who asked for what follows."""

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
    """A pull of a shop is over. `as_of` is the day that it was asked to stand on, if it was.

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
    """All SKUs were forecast; `origin` is the last day learnt from."""

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
    # An earlier attempt of the running job has asked for the same.
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
