"""What follows from which event, on one screen: an event starts jobs of the same tenant.

Read `REACTIONS`. Each reaction says which task follows, with which arguments, when, unless what, and after which wait.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Generic, TypeVar

from shared.domain.credential import ACCOUNTING, ECOMMERCE
from shared.domain.events import (
    BooksPulled,
    CredentialConnected,
    Event,
    Follower,
    ForecastsGenerated,
    GoneOrdersDue,
    OrderDeleted,
    PullDue,
    QuotaCrossed,
    RecordsChanged,
    RecordsSetAside,
    SalesBackfilled,
    SalesPulled,
    SettlementsDue,
    TierChanged,
    Unless,
)

EventT = TypeVar("EventT", bound=Event)
# A reaction to either of two events is a reaction to each of them.
EventT_contra = TypeVar("EventT_contra", bound=Event, contravariant=True)
Arguments = dict[str, object]
OfService = CredentialConnected | PullDue | SettlementsDue | GoneOrdersDue | RecordsChanged
OfSales = SalesPulled | SalesBackfilled

# The vendor's search lags behind its webhooks. The wait also makes one pull of a burst of them.
AFTER_A_WEBHOOK = timedelta(seconds=60)
# One job a service: none if one waits or runs, and none if an earlier attempt of the job that asks has made it.
# So a job that waits for its vendor gets no second one beside it.
ONCE_EACH = (Unless.FOLLOWED, Unless.LIVE)


def always(_event: Event) -> bool:
    """In every case."""
    return True


def is_shop(event: CredentialConnected | PullDue) -> bool:
    """Whether the credential opens a shop."""
    return event.service_type == ECOMMERCE


def is_books(event: CredentialConnected | PullDue) -> bool:
    """Whether the credential opens accounting books."""
    return event.service_type == ACCOUNTING


def anything_changed(event: OfSales) -> bool:
    """Whether rows came that are new or differ: lines, or products too in a pull."""
    return event.changed > 0


def whole_and_changed(event: SalesPulled) -> bool:
    """Whether something changed, and the years before the connection are here to learn from."""
    return anything_changed(event) and event.backfilled


def past_is_missing(event: SalesPulled) -> bool:
    """Whether the years before the connection are still to be brought."""
    return not event.backfilled


def nothing(_event: Event) -> Arguments:
    """The task takes nothing."""
    return {}


def of_the_service(event: OfService) -> Arguments:
    """The service that the event names."""
    return {"service": event.service}


def with_a_new_credential(event: CredentialConnected) -> Arguments:
    """The shop that was connected. Its new credential may see further back than the one before: it is asked again."""
    return {"service": event.service, "again": True}


def for_who_waits(event: CredentialConnected) -> Arguments:
    """The books that were connected. Their owner waits for them."""
    return {"service": event.service, "on_demand": True}


def of_the_order(event: OrderDeleted) -> Arguments:
    """The shop and the order. Without an order all of the shop's are compared."""
    return {"service": event.service} | _given("order", event.order)


def of_the_pull(event: SalesPulled) -> Arguments:
    """The shop that was pulled, and the day that it was asked to stand on."""
    return {"service": event.service} | as_of_the_pull(event)


def as_of_the_pull(event: OfSales) -> Arguments:
    """The day that the pull was asked to stand on, if it was."""
    return _given("as_of", event.as_of)


def learning_until_the_pull(event: OfSales) -> Arguments:
    """The same day, as the last one to learn from."""
    return _given("origin", event.as_of)


@dataclass(frozen=True, slots=True)
class Reaction(Generic[EventT_contra]):
    """A job of `task`: what it is given, when it follows, unless what, and how long it waits before it may begin."""

    task: str
    arguments: Callable[[EventT_contra], Arguments] = nothing
    when: Callable[[EventT_contra], bool] = always
    unless: tuple[Unless, ...] = (Unless.WAITING,)
    wait: timedelta = timedelta(0)


# What follows from orders, pulled or backfilled.
AFTER_SALES: tuple[Reaction[OfSales], ...] = (
    # Also where nothing changed: balances and stock move on their own.
    Reaction("working_capital.roll_up", as_of_the_pull),
    # Only where something changed: SKUs and storage count against the tier.
    Reaction("usage.sample", when=anything_changed),
)


def _on(
    event: type[EventT], *reactions: Reaction[EventT]
) -> tuple[type[Event], tuple[Reaction[Any], ...]]:
    return event, reactions


REACTIONS: Mapping[type[Event], tuple[Reaction[Any], ...]] = dict(
    (
        _on(
            CredentialConnected,
            Reaction("sales.pull", of_the_service, is_shop),
            Reaction("sales.backfill", with_a_new_credential, is_shop),
            Reaction("books.pull", for_who_waits, is_books),
        ),
        _on(
            PullDue,
            Reaction("sales.pull", of_the_service, is_shop, ONCE_EACH),
            Reaction("books.pull", of_the_service, is_books, ONCE_EACH),
        ),
        _on(SettlementsDue, Reaction("sales.reconcile_fees", of_the_service, unless=ONCE_EACH)),
        # Not LIVE: a job that looks for one order of the shop must not keep away the comparison of all.
        _on(
            GoneOrdersDue,
            Reaction("sales.find_gone", of_the_service, unless=(Unless.FOLLOWED, Unless.WAITING)),
        ),
        _on(RecordsChanged, Reaction("sales.pull", of_the_service, wait=AFTER_A_WEBHOOK)),
        _on(OrderDeleted, Reaction("sales.find_gone", of_the_order)),
        _on(
            SalesPulled,
            # A backfill goes on until it is done. A second one beside it would only read the same pages.
            Reaction("sales.backfill", of_the_pull, past_is_missing, (Unless.WAITING, Unless.LIVE)),
            Reaction("forecasts.generate", learning_until_the_pull, whole_and_changed),
            *AFTER_SALES,
        ),
        _on(
            SalesBackfilled,
            # In every case, for now the past is whole: the event does not count what earlier attempts brought.
            Reaction("forecasts.generate", learning_until_the_pull),
            *AFTER_SALES,
        ),
        _on(BooksPulled, Reaction("working_capital.roll_up")),
        # What was within the old limits may be above the new ones.
        _on(TierChanged, Reaction("usage.sample")),
        # Nothing follows yet. They are published for notifications to come.
        _on(ForecastsGenerated),
        _on(QuotaCrossed),
        _on(RecordsSetAside),
    )
)


def react(event: Event) -> list[Follower]:
    """The jobs that follow from an event, in the order in which they are enqueued."""
    return [
        Follower(each.task, each.arguments(event), each.unless, each.wait)
        for each in REACTIONS[type(event)]
        if each.when(event)
    ]


def _given(name: str, value: date | str | None) -> Arguments:
    return {} if value is None else {name: str(value)}
