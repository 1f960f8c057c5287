"""What an operator sees of the jobs in a real browser: Flower's pages after their scripts have run."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from shared.persistence.ledger import JobLedger
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
    browser.log_in(board.url, AUTH, "/tasks")
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
    until(lambda: expected.items() <= shown(browser).items(), PATIENCE_S, f"all of {expected}")


def assert_each_filter_finds_its_own(browser: Browser, jobs: Mapping[str, str]) -> None:
    for state in BUTTONS:
        browser.press(f"button[data-task-state={state}]")
        assert_only(browser, jobs, state)
    for state in jobs:
        browser.write(SEARCH, f"state:{state}")
        assert_only(browser, jobs, state)


def assert_only(browser: Browser, jobs: Mapping[str, str], state: str) -> None:
    """The job of the state is shown, and no job of another."""

    def holds() -> bool:
        rows = shown(browser)
        return jobs[state] in rows and {each for each, _ in rows.values()} == {state}

    until(holds, PATIENCE_S, f"the rows of {state} alone")
    assert not set(shown(browser)) & (set(jobs.values()) - {jobs[state]})


def assert_each_page_says_its_state(browser: Browser, jobs: Mapping[str, str]) -> None:
    for state, job in jobs.items():
        browser.open(f"/task/{job}")
        said = browser.text("#task-page").splitlines()
        assert state in said
        assert NAMES[state] in said
    browser.open(f"/task/{jobs['FAILURE']}")
    assert "failed: InvalidInput: " in browser.text("#task-page")


def assert_workers_are_counted(browser: Browser, wiring: Wiring) -> None:
    browser.open("/workers")
    expected = str(ended_badly(wiring))
    assert expected != "0"
    until(lambda: browser.text("#workers-failed") == expected, PATIENCE_S, f"{expected} failed")
    [row] = browser.rows(WORKERS)
    assert (row["Status"], row["Active"], row["Failed"]) == ("Online", "1", expected)
    assert browser.text(".dataTables_scrollFoot th:nth-child(5)") == expected


def assert_every_queue_is_listed(browser: Browser) -> None:
    def listed() -> bool:
        browser.open("/broker")
        return {row.get("Queue") for row in browser.rows(QUEUES)} >= set(Queue)

    until(listed, PATIENCE_S, "all queues are listed")
