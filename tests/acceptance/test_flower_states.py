"""Flower shows of each job what the ledger says of it, under a name that says whose it is."""

from uuid import UUID

import pytest

from shared.persistence.ledger import JobLedger
from tests.fixtures.board import PATIENCE_S, Board, job_of_each_state
from tests.fixtures.fleet import until
from workers.queues import Queue
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance


def test_each_state_is_what_the_ledger_says(
    board: Board, wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    jobs = job_of_each_state(board, JobLedger(wiring.dispatcher), acme, globex)
    for state, job in jobs.items():
        # Its filters find it there, and nowhere else.
        assert job in board.tasks(state=state)
        assert all(job not in board.tasks(state=other) for other in set(jobs) - {state})
    failed, put_off = jobs["FAILURE"], jobs["RETRY"]
    assert "failed: InvalidInput: " in board.tasks()[failed]["exception"]
    assert "snoozed, again in" in board.tasks()[put_off]["exception"]
    assert "sales.pull · acme · shopify_uk" in board.page(f"/task/{put_off}")
    assert "usage.sample · acme" in board.page(f"/task/{jobs['SUCCESS']}")


def test_the_tab_of_the_broker_lists_every_queue(board: Board) -> None:
    until(
        lambda: all(queue in board.page("/broker") for queue in Queue),
        PATIENCE_S,
        "all queues are listed",
    )
