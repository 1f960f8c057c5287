"""What follows from what happened, on one screen: an event starts jobs of the same tenant."""

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
# Who reacts to either of two events reacts to each.
EventT_contra = TypeVar("EventT_contra", bound=Event, contravariant=True)
Arguments = dict[str, object]
OfService = CredentialConnected | PullDue | SettlementsDue | GoneOrdersDue | RecordsChanged
OfSales = SalesPulled | SalesBackfilled

# The vendor's search lags behind its webhooks; and a burst of webhooks becomes one pull.
AFTER_A_WEBHOOK = timedelta(seconds=60)
# Once a service, also where the job that asks runs a second time. A job that its vendor has put off goes on.
ONCE_EACH = (Unless.FOLLOWED, Unless.LIVE)


def always(_event: Event) -> bool:
    """Whatever came of it."""
    return True


def is_shop(event: CredentialConnected | PullDue) -> bool:
    """Whether the credential opens a shop."""
    return event.service_type == ECOMMERCE


def is_books(event: CredentialConnected | PullDue) -> bool:
    """Whether the credential opens accounting books."""
    return event.service_type == ACCOUNTING


def anything_changed(event: OfSales) -> bool:
    """Whether lines or products came that were new or differ."""
    return event.changed > 0


def whole_and_changed(event: SalesPulled) -> bool:
    """Whether something changed and the years before the connection are there to learn from."""
    return anything_changed(event) and event.backfilled


def past_is_missing(event: SalesPulled) -> bool:
    """Whether the years before the connection have still to be brought."""
    return not event.backfilled


def nothing(_event: Event) -> Arguments:
    """The task takes nothing."""
    return {}


def of_the_service(event: OfService) -> Arguments:
    """The service that it is about."""
    return {"service": event.service}


def with_a_new_credential(event: CredentialConnected) -> Arguments:
    """The shop that was connected; it may show more than before."""
    return {"service": event.service, "again": True}


def for_who_waits(event: CredentialConnected) -> Arguments:
    """The books that were connected; their owner waits for them."""
    return {"service": event.service, "on_demand": True}


def of_the_order(event: OrderDeleted) -> Arguments:
    """The shop and the order; all its orders where none is named."""
    return {"service": event.service} | _given("order", event.order)


def of_the_pull(event: SalesPulled) -> Arguments:
    """The shop that was pulled, and the day that it was asked to stand on."""
    return {"service": event.service} | as_of_the_pull(event)


def as_of_the_pull(event: OfSales) -> Arguments:
    """The day that the pull was asked to stand on, if it was."""
    return _given("as_of", event.as_of)


def learning_until_the_pull(event: OfSales) -> Arguments:
    """The same day as the last one to learn from."""
    return _given("origin", event.as_of)


@dataclass(frozen=True, slots=True)
class Reaction(Generic[EventT_contra]):
    """A job of `task`: what it is given, when it follows, unless what, after which wait."""

    task: str
    arguments: Callable[[EventT_contra], Arguments] = nothing
    when: Callable[[EventT_contra], bool] = always
    unless: tuple[Unless, ...] = (Unless.WAITING,)
    wait: timedelta = timedelta(0)


# What follows from new sales. The roll-up also follows a day without a sale: stock moves on its own.
AFTER_SALES: tuple[Reaction[OfSales], ...] = (
    Reaction("working_capital.roll_up", as_of_the_pull),
    # SKUs and storage count against the tier.
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
        # One order that is asked for does not stand in for the comparison of all.
        _on(
            GoneOrdersDue,
            Reaction("sales.find_gone", of_the_service, unless=(Unless.FOLLOWED, Unless.WAITING)),
        ),
        _on(RecordsChanged, Reaction("sales.pull", of_the_service, wait=AFTER_A_WEBHOOK)),
        _on(OrderDeleted, Reaction("sales.find_gone", of_the_order)),
        _on(
            SalesPulled,
            # It goes on until it is done: a second one beside it would only read the same pages.
            Reaction("sales.backfill", of_the_pull, past_is_missing, (Unless.WAITING, Unless.LIVE)),
            Reaction("forecasts.generate", learning_until_the_pull, whole_and_changed),
            *AFTER_SALES,
        ),
        _on(
            SalesBackfilled,
            # What the slices before this one brought is not counted in it: now the past is whole.
            Reaction("forecasts.generate", learning_until_the_pull),
            *AFTER_SALES,
        ),
        _on(BooksPulled, Reaction("working_capital.roll_up")),
        # What was within the limits of before may be over the new ones.
        _on(TierChanged, Reaction("usage.sample")),
        # Nothing yet: for who is to be notified.
        _on(ForecastsGenerated),
        _on(QuotaCrossed),
        _on(RecordsSetAside),
    )
)


def react(event: Event) -> list[Follower]:
    """The jobs that follow, in order."""
    return [
        Follower(each.task, each.arguments(event), each.unless, each.wait)
        for each in REACTIONS[type(event)]
        if each.when(event)
    ]


def _given(name: str, value: date | str | None) -> Arguments:
    return {} if value is None else {name: str(value)}
