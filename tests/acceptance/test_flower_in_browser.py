"""What an operator sees of the jobs in a real browser: Flower's pages after their scripts have run."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from uuid import UUID

import pytest

from shared.persistence.jobs.job_ledger import JobLedger
from tests.fixtures.board import AUTH, PATIENCE_S, Board, ended_badly, job_of_each_state
from tests.fixtures.browser import Browser
from tests.fixtures.fleet import until
from workers.queues import Queue
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance

NAMES = {
    "SUCCESS": "usage.sample · acme",
    "FAILURE": "sales.pull · acme · shopify_eu",
    "RETRY": "sales.pull · acme · shopify_uk",
    "REVOKED": "test.numbered · globex",
    "STARTED": "test.numbered · globex",
}
BUTTONS = ("SUCCESS", "FAILURE", "RETRY", "STARTED")
TABLE, SEARCH = "#tasks-table", "#tasks-table_filter input"
WORKERS, QUEUES = "#workers-table", "#queue-table"


def test_an_operator_sees_each_job_as_the_ledger_has_it(
    board: Board, browser: Browser, wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    jobs = job_of_each_state(board, JobLedger(wiring.dispatcher), acme, globex)
    browser.log_in(board.url, AUTH, "/workers")
    assert_all_are_listed(browser, jobs)
    assert_each_filter_finds_its_own(browser, jobs)
    assert_each_page_says_its_state(browser, jobs)
    assert_workers_are_counted(browser, wiring)
    assert_every_queue_is_listed(browser)
    assert browser.errors() == []


def shown(browser: Browser) -> dict[str, tuple[str, str]]:
    """State and name of each job on the page of tasks, by its id."""
    return {
        row["UUID"]: (row["State"], row["Name"])
        for row in browser.rows(TABLE)
        if "State" in row  # a table without rows says so in a single cell
    }


def assert_all_are_listed(browser: Browser, jobs: Mapping[str, str]) -> None:
    expected = {job: (state, NAMES[state]) for state, job in jobs.items()}

    def holds() -> bool:
        return expected.items() <= shown(browser).items()

    until(partial(ask, partial(browser.open, "/tasks"), holds), PATIENCE_S, f"all of {expected}")


def assert_each_filter_finds_its_own(browser: Browser, jobs: Mapping[str, str]) -> None:
    for state in BUTTONS:
        filters = partial(browser.press, f"button[data-task-state={state}]")
        assert_only(browser, jobs, state, filters)
    for state in jobs:
        searches = partial(browser.write, SEARCH, f"state:{state}")
        assert_only(browser, jobs, state, searches)


def assert_only(
    browser: Browser, jobs: Mapping[str, str], state: str, asks: Callable[[], None]
) -> None:
    """The job of the state is shown, and no job of another."""
    others = set(jobs.values()) - {jobs[state]}

    def holds() -> bool:
        rows = shown(browser)
        shows_one_state = {each for each, _ in rows.values()} == {state}
        return jobs[state] in rows and shows_one_state and not others & rows.keys()

    until(partial(ask, asks, holds), PATIENCE_S, f"the rows of {state} alone")


def ask(asks: Callable[[], None], holds: Callable[[], bool]) -> bool:
    """Asks the page of tasks once; whether what it then shows holds.

    The page does not ask again by itself, and the job that is put off runs for a moment now and then.
    """
    asks()
    with suppress(AssertionError):
        until(holds, PATIENCE_S / 6, "what was asked for")
        return True
    return False


def assert_each_page_says_its_state(browser: Browser, jobs: Mapping[str, str]) -> None:
    for state, job in jobs.items():
        until(partial(says_its_state, browser, state, job), PATIENCE_S, f"{state} of {job}")
    browser.open(f"/task/{jobs['FAILURE']}")
    assert "failed: InvalidInput: " in browser.text("#task-page")


def says_its_state(browser: Browser, state: str, job: str) -> bool:
    browser.open(f"/task/{job}")
    return {state, NAMES[state]} <= set(browser.text("#task-page").splitlines())


def assert_workers_are_counted(browser: Browser, wiring: Wiring) -> None:
    browser.open("/workers")
    expected = str(ended_badly(wiring))
    assert expected != "0"
    until(lambda: browser.text("#workers-failed") == expected, PATIENCE_S, f"{expected} failed")

    def counted() -> bool:
        """One worker that does one job: in its row, and in the line of the totals."""
        rows = [
            (row.get("Status"), row.get("Active"), row.get("Failed"))
            for row in browser.rows(WORKERS)
        ]
        return (
            rows == [("Online", "1", expected)]
            and browser.text(".dataTables_scrollFoot th:nth-child(5)") == expected
        )

    until(counted, PATIENCE_S, f"a worker online, 1 active, {expected} failed")


def assert_every_queue_is_listed(browser: Browser) -> None:
    def listed() -> bool:
        browser.open("/broker")
        return {row.get("Queue") for row in browser.rows(QUEUES)} >= set(Queue)

    until(listed, PATIENCE_S, "all queues are listed")
