"""What follows from what happened, on one screen: an event starts jobs of the same tenant.

An event of a job is `<task>.succeeded`, with the job's arguments and its result; any other event
has details only. Both are as the ledger keeps them: JSON.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Facts = Mapping[str, object]


def always(_details: Facts) -> bool:
    """Whatever came of it."""
    return True


def anything_changed(result: Facts) -> bool:
    """Whether a pull brought lines or products that were new or differ."""
    return bool(result.get("lines_changed") or result.get("products_changed"))


def whole_and_changed(result: Facts) -> bool:
    """Whether something changed and the years before the connection are there to learn from."""
    return anything_changed(result) and bool(result.get("backfilled"))


def past_is_missing(result: Facts) -> bool:
    """Whether the years before the connection have still to be brought."""
    return not result.get("backfilled")


def is_shop(details: Facts) -> bool:
    """Whether the credential opens a shop."""
    return details.get("service_type") == "ecommerce"


def is_books(details: Facts) -> bool:
    """Whether the credential opens accounting books."""
    return details.get("service_type") == "accounting"


def as_of_the_pull(arguments: Facts, _result: Facts) -> dict[str, object]:
    """The day that the pull was asked to stand on, if it was."""
    return _given("as_of", arguments.get("as_of"))


def learning_until_the_pull(arguments: Facts, _result: Facts) -> dict[str, object]:
    """The same day as the last one to learn from."""
    return _given("origin", arguments.get("as_of"))


def nothing(_arguments: Facts, _result: Facts) -> dict[str, object]:
    """The task takes nothing."""
    return {}


def of_the_pull(arguments: Facts, _result: Facts) -> dict[str, object]:
    """The shop that was pulled, and the day that it was asked to stand on."""
    return {"service": arguments.get("service", "shopify_uk")} | as_of_the_pull(arguments, {})


def with_a_new_credential(_arguments: Facts, details: Facts) -> dict[str, object]:
    """The shop that was connected; it may show more than before."""
    return {"service": details["service"], "again": True}


def of_the_books(_arguments: Facts, details: Facts) -> dict[str, object]:
    """The books that were connected; their owner waits for them."""
    return {"service": details["service"], "on_demand": True}


def of_the_service(_arguments: Facts, details: Facts) -> dict[str, object]:
    """The shop that was connected."""
    return {"service": details["service"]}


@dataclass(frozen=True, slots=True)
class Reaction:
    """A job of `task`; `arguments(arguments of the job, its result)` makes its arguments, `when(result)` decides."""

    task: str
    arguments: Callable[[Facts, Facts], dict[str, object]]
    when: Callable[[Facts], bool] = always


# What new sales change. Also after a day without one: balances and stock move on their own.
AFTER_SALES = (
    Reaction("working_capital.roll_up", as_of_the_pull),
    # SKUs and storage count against the tier.
    Reaction("usage.sample", nothing, when=anything_changed),
)

REACTIONS: Mapping[str, tuple[Reaction, ...]] = {
    "sales.pull.succeeded": (
        Reaction("sales.backfill", of_the_pull, when=past_is_missing),
        Reaction("forecasts.generate", learning_until_the_pull, when=whole_and_changed),
        *AFTER_SALES,
    ),
    "sales.backfill.succeeded": (
        Reaction("forecasts.generate", learning_until_the_pull, when=anything_changed),
        *AFTER_SALES,
    ),
    "credential.connected": (
        Reaction("sales.pull", of_the_service, when=is_shop),
        Reaction("sales.backfill", with_a_new_credential, when=is_shop),
        Reaction("books.pull", of_the_books, when=is_books),
    ),
    "books.pull.succeeded": (Reaction("working_capital.roll_up", nothing),),
}


def react(event: str, arguments: Facts, details: Facts) -> list[tuple[str, dict[str, object]]]:
    """The jobs that follow: task and arguments, in order; `details` are the job's result or the event's own."""
    return [
        (reaction.task, reaction.arguments(arguments, details))
        for reaction in REACTIONS.get(event, ())
        if reaction.when(details)
    ]


def _given(name: str, value: object) -> dict[str, object]:
    return {} if value is None else {name: value}
