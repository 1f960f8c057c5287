"""What happened to a tenant, and what is due for it. Work follows by `schedules/reactions.py`; pure.

Most events are facts. Those named `…Due` are requests: nothing has happened but that it is time.

An event and the jobs that follow from it are kept in one transaction: both, or neither. A job may run twice, so an
event comes at least once, and its followers must do no harm when they run again. Figures in an event are those of
the attempt that published it, not of the whole job.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import ClassVar

from shared.domain.quota import Meter, Tier


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened or is due. `reaction:<name>` stands on the ledger as who asked for what follows."""

    name: ClassVar[str]


@dataclass(frozen=True, slots=True)
class CredentialConnected(Event):
    """A credential was stored, for the first time or again."""

    name = "credential.connected"
    service: str
    service_type: str


@dataclass(frozen=True, slots=True)
class PullDue(Event):
    """A request: pull this connected service, with all others of its account."""

    name = "pull.due"
    service: str
    service_type: str


@dataclass(frozen=True, slots=True)
class SettlementsDue(Event):
    """A request: hold a channel's fees against its settlements."""

    name = "settlements.due"
    service: str


@dataclass(frozen=True, slots=True)
class GoneOrdersDue(Event):
    """A request: look for orders that a shop has deleted."""

    name = "gone_orders.due"
    service: str


@dataclass(frozen=True, slots=True)
class RecordsChanged(Event):
    """A vendor says that some of its records changed. It does not matter which: all that changed is pulled."""

    name = "records.changed"
    service: str


@dataclass(frozen=True, slots=True)
class OrderDeleted(Event):
    """A vendor says that an order is gone. `order` is the vendor's id of it; None where it names none."""

    name = "order.deleted"
    service: str
    order: str | None


@dataclass(frozen=True, slots=True)
class SalesPulled(Event):
    """A pull has brought a shop's orders: they are here up to now. Its other streams may have failed.

    `as_of` is the day that the pull was asked to stand on, if it was. `backfilled` says whether the years before the
    connection are here, as far as the vendor shows them. Changed are the rows that are new or differ.
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
    """The years before the connection have come to their end: they are here, as far as the vendor shows them.

    `lines_changed` counts what the last attempt brought, not the slices before it. `as_of` is as in `SalesPulled`.
    """

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
    """A pull of accounting books is over: a stream of it went well, and none waits to be tried again."""

    name = "books.pulled"
    service: str


@dataclass(frozen=True, slots=True)
class ForecastsGenerated(Event):
    """A run over a tenant's active SKUs has ended.

    It leaves out SKUs without a sale in a year, those beyond the quota, and those that no model can work with, which
    are set aside. `origin` is the last day learnt from. `forecasts_changed` counts forecasts, one a SKU and model,
    that are new or differ.
    """

    name = "forecasts.generated"
    origin: date
    forecasts_changed: int


@dataclass(frozen=True, slots=True)
class RecordsSetAside(Event):
    """So many records of a stream could not be used. Without a service they are our own figures, such as forecasts."""

    name = "records.set_aside"
    service: str | None
    stream: str
    records: int


@dataclass(frozen=True, slots=True)
class QuotaCrossed(Event):
    """A meter was found above its limit, for the first time in this period. Storage is in MB."""

    name = "quota.crossed"
    meter: Meter
    limit: int
    used: int


@dataclass(frozen=True, slots=True)
class TierChanged(Event):
    """The tenant was given a tier, or limits of its own."""

    name = "tier.changed"
    tier: Tier


class Unless(StrEnum):
    """When a follower is not wanted. The words are those of `enqueue_followers.sql`."""

    # The same task with the same arguments is queued, and may begin by then.
    WAITING = "waiting"
    # A job of the task waits or runs for the same service, whatever its other arguments are.
    LIVE = "live"
    # Any attempt of the running job, this one too, has asked for the same task with the same arguments.
    FOLLOWED = "followed"


@dataclass(frozen=True, slots=True)
class Follower:
    """A job of `task` that is to begin after a wait. It is not made where one of the rules `unless` holds."""

    task: str
    arguments: Mapping[str, object]
    unless: tuple[Unless, ...] = (Unless.WAITING,)
    wait: timedelta = timedelta(0)


React = Callable[[Event], Sequence[Follower]]


def nothing_follows(_event: Event) -> Sequence[Follower]:
    """No job follows: for tests and demos that enqueue each job themselves."""
    return ()
