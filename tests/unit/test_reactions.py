"""Reactions: which jobs follow from what happened."""

from dataclasses import replace
from datetime import date, timedelta
from importlib import import_module

import pytest

from schedules.nightly import NIGHTLIES, Nightly
from schedules.reactions import REACTIONS, react
from shared.domain import events as domain_events
from shared.domain.events import (
    BooksPulled,
    CredentialConnected,
    Event,
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
    nothing_follows,
)
from shared.domain.quota import Meter, Tier
from workers.app import TASK_MODULES
from workers.definition import TASKS

DAY = date(2011, 12, 9)
NOTHING_NEW = SalesPulled("shopify_uk", None, 0, 0, backfilled=True)
NEW_LINES = replace(NOTHING_NEW, lines_changed=7)
NEW_PRODUCTS = replace(NOTHING_NEW, products_changed=1)
FIRST = replace(NEW_LINES, service="shopify_eu", backfilled=False)
BACKFILLED = SalesBackfilled("shopify_eu", None, 7)
SHOP = CredentialConnected("shopify_uk", "ecommerce")
BOOKS = CredentialConnected("xero", "accounting")

# Everything that a reaction may be handed.
CASES: list[Event] = [
    NEW_LINES,
    replace(NEW_LINES, as_of=DAY),
    replace(FIRST, as_of=DAY),
    replace(BACKFILLED, as_of=DAY),
    SHOP,
    BOOKS,
    BooksPulled("xero"),
    PullDue("amazon_uk", "ecommerce"),
    PullDue("xero", "accounting"),
    SettlementsDue("amazon_uk"),
    GoneOrdersDue("shopify_uk"),
    RecordsChanged("shopify_uk"),
    OrderDeleted("shopify_uk", "17"),
    OrderDeleted("shopify_uk", None),
    TierChanged(Tier.STARTER),
]
# What a task publishes when it succeeds.
ENDS = {"sales.pull": SalesPulled, "sales.backfill": SalesBackfilled, "books.pull": BooksPulled}


def jobs_after(event: Event) -> list[tuple[str, dict[str, object]]]:
    return [(each.task, dict(each.arguments)) for each in react(event)]


@pytest.fixture(autouse=True)
def declared_tasks() -> None:
    """All tasks are declared."""
    for module in TASK_MODULES:
        import_module(module)


@pytest.mark.parametrize("new", [NEW_LINES, NEW_PRODUCTS], ids=["lines", "products"])
def test_after_new_sales_working_capital_and_forecasts_are_made_again(new: SalesPulled) -> None:
    assert jobs_after(new) == [
        ("forecasts.generate", {}),
        ("working_capital.roll_up", {}),
        ("usage.sample", {}),
    ]


def test_a_pull_that_stood_on_a_day_hands_it_on() -> None:
    assert jobs_after(replace(NEW_LINES, as_of=DAY)) == [
        ("forecasts.generate", {"origin": "2011-12-09"}),
        ("working_capital.roll_up", {"as_of": "2011-12-09"}),
        ("usage.sample", {}),
    ]


def test_without_new_sales_forecasts_stay_and_working_capital_goes_on() -> None:
    assert jobs_after(NOTHING_NEW) == [("working_capital.roll_up", {})]


def test_a_shop_that_was_connected_is_pulled() -> None:
    assert jobs_after(SHOP) == [
        ("sales.pull", {"service": "shopify_uk"}),
        ("sales.backfill", {"service": "shopify_uk", "again": True}),
    ]


def test_the_first_pull_asks_for_the_past_and_leaves_forecasts_to_it() -> None:
    assert jobs_after(FIRST) == [
        ("sales.backfill", {"service": "shopify_eu"}),
        ("working_capital.roll_up", {}),
        ("usage.sample", {}),
    ]


def test_a_past_that_was_brought_is_learned_from() -> None:
    assert jobs_after(BACKFILLED) == [
        ("forecasts.generate", {}),
        ("working_capital.roll_up", {}),
        ("usage.sample", {}),
    ]
    # The slices before may have brought all of it.
    assert jobs_after(replace(BACKFILLED, lines_changed=0)) == [
        ("forecasts.generate", {}),
        ("working_capital.roll_up", {}),
    ]


def test_books_that_were_connected_are_pulled_for_their_owner_who_waits() -> None:
    assert jobs_after(BOOKS) == [("books.pull", {"service": "xero", "on_demand": True})]


def test_after_the_books_working_capital_is_made_again() -> None:
    assert jobs_after(BooksPulled("xero")) == [("working_capital.roll_up", {})]


def test_what_is_due_is_done_by_the_task_of_its_kind_once_and_beside_nothing_that_runs() -> None:
    due = [PullDue("amazon_uk", "ecommerce"), PullDue("xero", "accounting")]
    due_fees, due_gone = SettlementsDue("amazon_uk"), GoneOrdersDue("shopify_uk")
    assert [jobs_after(event) for event in (*due, due_fees, due_gone)] == [
        [("sales.pull", {"service": "amazon_uk"})],
        [("books.pull", {"service": "xero"})],
        [("sales.reconcile_fees", {"service": "amazon_uk"})],
        [("sales.find_gone", {"service": "shopify_uk"})],
    ]
    for event in (*due, due_fees):
        assert [each.unless for each in react(event)] == [(Unless.FOLLOWED, Unless.LIVE)]
    # One order that is asked for does not stand in for the comparison of all.
    assert [each.unless for each in react(due_gone)] == [(Unless.FOLLOWED, Unless.WAITING)]


def test_a_webhook_asks_for_a_pull_a_minute_later_and_for_a_deleted_order_at_once() -> None:
    [pull] = react(RecordsChanged("shopify_uk"))
    assert (pull.task, pull.arguments) == ("sales.pull", {"service": "shopify_uk"})
    assert pull.wait == timedelta(seconds=60)
    [one] = react(OrderDeleted("shopify_uk", "17"))
    [unnamed] = react(OrderDeleted("shopify_uk", None))
    assert one.wait == timedelta(0)
    assert one.arguments == {"service": "shopify_uk", "order": "17"}
    assert unnamed.arguments == {"service": "shopify_uk"}


@pytest.mark.parametrize(
    "event",
    [
        ForecastsGenerated(DAY, 3),
        QuotaCrossed(Meter.USERS, 5, 6),
        RecordsSetAside("xero", "balances", 2),
    ],
    ids=lambda event: event.name,
)
def test_from_these_nothing_follows_yet(event: Event) -> None:
    assert jobs_after(event) == []


def test_for_who_sets_a_scene_nothing_follows() -> None:
    assert [nothing_follows(event) for event in CASES] == [()] * len(CASES)


def test_every_event_has_its_place_in_the_table_and_a_name_of_its_own() -> None:
    events = [
        each
        for each in vars(domain_events).values()
        if isinstance(each, type) and issubclass(each, Event) and each is not Event
    ]
    assert set(REACTIONS) == set(events)
    assert len({event.name for event in events}) == len(events)


def test_every_reaction_has_a_case_here() -> None:
    expected = {(event, each.task) for event, reactions in REACTIONS.items() for each in reactions}
    covered = {(type(case), task) for case in CASES for task, _ in jobs_after(case)}
    assert covered == expected


@pytest.mark.parametrize("case", CASES, ids=lambda event: event.name)
def test_the_task_that_follows_takes_its_arguments(case: Event) -> None:
    for task, arguments in jobs_after(case):
        assert TASKS[task].parse(arguments) is not None


def test_a_reaction_never_leads_back_to_where_it_came_from() -> None:
    assert set(ENDS) <= set(TASKS)
    follows = {task: {each.task for each in REACTIONS[event]} for task, event in ENDS.items()}
    for start, followers in follows.items():
        reached, waiting = set[str](), list(followers)
        while waiting:
            task = waiting.pop()
            reached.add(task)
            waiting += follows.get(task, set()) - reached
        assert start not in reached


@pytest.mark.parametrize("nightly", NIGHTLIES, ids=lambda nightly: nightly.name)
def test_the_task_of_a_nightly_takes_its_arguments(nightly: Nightly) -> None:
    assert TASKS[nightly.task].parse(dict(nightly.arguments)) is not None
