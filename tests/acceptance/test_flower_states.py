"""Flower shows of each job what the ledger says of it, under a name that says whose it is."""

from collections.abc import Mapping
from functools import partial
from uuid import UUID

import pytest

from shared.persistence.jobs.job_ledger import JobLedger
from tests.fixtures.board import PATIENCE_S, Board, job_of_each_state
from tests.fixtures.fleet import until
from workers.queues import Queue
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance


def test_each_state_is_what_the_ledger_says(
    board: Board, wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    jobs = job_of_each_state(board, JobLedger(wiring.dispatcher), acme, globex)
    # Its filters find each there, and nowhere else; the one that is put off runs for a moment now and then.
    for state in jobs:
        until(partial(is_only_there, board, jobs, state), PATIENCE_S, f"{state} alone")
    failed, put_off = jobs["FAILURE"], jobs["RETRY"]
    assert "failed: InvalidInput: " in board.tasks()[failed]["exception"]
    assert "snoozed, again in" in board.tasks()[put_off]["exception"]
    assert "sales.pull · acme · shopify_uk" in board.page(f"/task/{put_off}")
    assert "usage.sample · acme" in board.page(f"/task/{jobs['SUCCESS']}")


def is_only_there(board: Board, jobs: Mapping[str, str], state: str) -> bool:
    found = {each for each in jobs if jobs[state] in board.tasks(state=each)}
    return found == {state}


def test_the_tab_of_the_broker_lists_every_queue(board: Board) -> None:
    until(
        lambda: all(queue in board.page("/broker") for queue in Queue),
        PATIENCE_S,
        "all queues are listed",
    )
