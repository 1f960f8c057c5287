"""Reactions: which jobs follow from what happened."""

from collections.abc import Mapping
from importlib import import_module

import pytest

from schedules.nightly import NIGHTLIES, Nightly
from schedules.reactions import REACTIONS, react
from workers.app import TASK_MODULES
from workers.task import TASKS

NOTHING_NEW = {
    "products_read": 24,
    "products_changed": 0,
    "lines_read": 7,
    "lines_changed": 0,
    "rejected": 0,
    "backfilled": True,
}
NEW_LINES = {**NOTHING_NEW, "lines_changed": 7}
FIRST = {**NEW_LINES, "backfilled": False}
NEW_PRODUCTS = {**NOTHING_NEW, "products_changed": 1}
SHOP = {"service": "shopify_uk", "service_type": "ecommerce"}
BOOKS = {"service": "xero", "service_type": "accounting"}

# Everything that a reaction may be handed: event, arguments of the job, result or details.
CASES: list[tuple[str, Mapping[str, object], Mapping[str, object]]] = [
    ("sales.pull.succeeded", {}, NEW_LINES),
    ("sales.pull.succeeded", {"service": "shopify_uk", "as_of": None}, NEW_LINES),
    ("sales.pull.succeeded", {"as_of": "2011-12-09"}, NEW_LINES),
    ("sales.pull.succeeded", {"service": "shopify_eu", "as_of": "2011-12-09"}, FIRST),
    ("sales.backfill.succeeded", {"service": "shopify_uk", "as_of": "2011-12-09"}, NEW_LINES),
    ("credential.connected", {}, SHOP),
    ("credential.connected", {}, BOOKS),
    ("books.pull.succeeded", {"service": "xero"}, {"days_read": 1}),
]


@pytest.fixture(autouse=True)
def declared_tasks() -> None:
    """All tasks are declared."""
    for module in TASK_MODULES:
        import_module(module)


@pytest.mark.parametrize("new", [NEW_LINES, NEW_PRODUCTS], ids=["lines", "products"])
def test_after_new_sales_working_capital_and_forecasts_are_made_again(
    new: Mapping[str, object],
) -> None:
    assert react("sales.pull.succeeded", {}, new) == [
        ("forecasts.generate", {}),
        ("working_capital.roll_up", {}),
        ("usage.sample", {}),
    ]


def test_a_pull_that_stood_on_a_day_hands_it_on() -> None:
    asked = {"service": "shopify_uk", "as_of": "2011-12-09"}
    assert react("sales.pull.succeeded", asked, NEW_LINES) == [
        ("forecasts.generate", {"origin": "2011-12-09"}),
        ("working_capital.roll_up", {"as_of": "2011-12-09"}),
        ("usage.sample", {}),
    ]


def test_a_day_that_was_left_out_stays_left_out() -> None:
    assert react("sales.pull.succeeded", {"as_of": None}, NEW_LINES) == [
        ("forecasts.generate", {}),
        ("working_capital.roll_up", {}),
        ("usage.sample", {}),
    ]


def test_without_new_sales_forecasts_stay_and_working_capital_goes_on() -> None:
    assert react("sales.pull.succeeded", {}, NOTHING_NEW) == [("working_capital.roll_up", {})]


def test_a_shop_that_was_connected_is_pulled() -> None:
    assert react("credential.connected", {}, SHOP) == [
        ("sales.pull", {"service": "shopify_uk"}),
        ("sales.backfill", {"service": "shopify_uk", "again": True}),
    ]


def test_the_first_pull_asks_for_the_past_and_leaves_forecasts_to_it() -> None:
    assert react("sales.pull.succeeded", {"service": "shopify_eu"}, FIRST) == [
        ("sales.backfill", {"service": "shopify_eu"}),
        ("working_capital.roll_up", {}),
        ("usage.sample", {}),
    ]


def test_a_past_that_was_brought_is_learned_from() -> None:
    assert react("sales.backfill.succeeded", {"service": "shopify_eu"}, NEW_LINES) == [
        ("forecasts.generate", {}),
        ("working_capital.roll_up", {}),
        ("usage.sample", {}),
    ]


def test_books_that_were_connected_are_pulled_for_their_owner_who_waits() -> None:
    assert react("credential.connected", {}, BOOKS) == [
        ("books.pull", {"service": "xero", "on_demand": True})
    ]


def test_after_the_books_working_capital_is_made_again() -> None:
    read = {"days_read": 5, "balances_changed": 3}
    assert react("books.pull.succeeded", {"service": "xero"}, read) == [
        ("working_capital.roll_up", {})
    ]


@pytest.mark.parametrize("event", ["forecasts.generate.succeeded", "sales.pull.failed", ""])
def test_from_any_other_event_nothing_follows(event: str) -> None:
    assert react(event, {}, NEW_LINES) == []


def test_every_reaction_has_a_case_here() -> None:
    expected = {(event, each.task) for event, reactions in REACTIONS.items() for each in reactions}
    covered = {(case[0], task) for case in CASES for task, _ in react(*case)}
    assert covered == expected


def test_every_event_of_a_job_names_a_task() -> None:
    jobs = {event.removesuffix(".succeeded") for event in REACTIONS if event.endswith(".succeeded")}
    assert jobs <= set(TASKS)


@pytest.mark.parametrize("case", CASES)
def test_the_task_that_follows_takes_its_arguments(
    case: tuple[str, Mapping[str, object], Mapping[str, object]],
) -> None:
    for task, arguments in react(*case):
        assert TASKS[task].parse(arguments) is not None


def test_a_reaction_never_leads_back_to_where_it_came_from() -> None:
    follows = {
        event.removesuffix(".succeeded"): {each.task for each in reactions}
        for event, reactions in REACTIONS.items()
    }
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
