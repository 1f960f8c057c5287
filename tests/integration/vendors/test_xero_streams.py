"""The books' streams apart from each other, and from where the release before them stood."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from shared.domain.stream_positions import Days, Items
from shared.errors import CredentialRejected, VendorUnavailable
from tests.fixtures.shop_pulls import rows
from tests.fixtures.xero_books import Organisation
from tests.fixtures.xero_scene import XeroStage, open_stage
from workers.wiring import Wiring

pytestmark = pytest.mark.usefixtures("quick_retries")

NIGHT = datetime(2026, 11, 19, 2, tzinfo=UTC)
STATUS = "SELECT last_sync_status::text, needs_reconnect, stream_problems FROM api_credentials"
COUNTS = "SELECT (SELECT count(*) FROM open_invoices) + (SELECT count(*) FROM account_balances)"


@pytest.fixture(scope="module")
def stages() -> Iterator[tuple[XeroStage, XeroStage]]:
    with ExitStack() as stack:
        yield stack.enter_context(open_stage()), stack.enter_context(open_stage())


@pytest.fixture
def ours(
    wiring: Wiring, acme: UUID, globex: UUID, stages: tuple[XeroStage, XeroStage]
) -> Organisation:
    organisation = Organisation(wiring, acme, stages[0], 11, 60)
    organisation.xero.ledger.move_clock(NIGHT)
    return organisation


@pytest.fixture
def theirs(wiring: Wiring, globex: UUID, stages: tuple[XeroStage, XeroStage]) -> Organisation:
    return Organisation(wiring, globex, stages[1], 12, 20)


def open_of(organisation: Organisation, *, advances: bool = True) -> dict[str, object]:
    """What is open in the books, with over- and prepayments or without."""
    return {
        key: each.due
        for key, each in organisation.xero.ledger.open_documents().items()
        if advances or not each.kind.endswith("PAYMENT")
    }


def test_a_list_that_is_refused_stops_no_other_and_is_named(
    ours: Organisation, theirs: Organisation
) -> None:
    ours.xero.sandbox.refused = {"Overpayments": 403, "Prepayments": 404, "BankSummary": 403}
    result = ours.pull(NIGHT)
    assert [line.partition(" ")[0] for line in result.partial] == [
        "overpayments:",
        "prepayments:",
        "bank_check:",
    ]
    assert "missing scope" in result.partial[0]
    assert "there is no /api.xro/2.0/Prepayments" in result.partial[1]
    assert result.days_read == 13
    assert ours.due() == open_of(ours, advances=False)
    ((status, reconnect, problems),) = ours.scene.rows(STATUS)
    assert (status, reconnect) == ("SUCCESS", False)
    assert isinstance(problems, dict)
    assert sorted(problems) == ["bank_check", "overpayments", "prepayments"]
    assert theirs.scene.rows(COUNTS) == [(0,)]
    # Allowed later, the whole list comes, with what was open all the time.
    ours.xero.sandbox.refused = {}
    assert ours.pull(NIGHT + timedelta(hours=1)).partial == []
    assert ours.due() == open_of(ours)
    assert ours.scene.rows(STATUS) == [("SUCCESS", False, {})]


def test_balances_that_are_refused_leave_the_invoices(ours: Organisation) -> None:
    ours.xero.sandbox.refused = {"BalanceSheet": 403}
    result = ours.pull(NIGHT)
    assert [line.partition(" ")[0] for line in result.partial] == ["balances:", "bank_check:"]
    assert ours.due() == open_of(ours)


def test_a_list_that_fails_for_now_is_done_again_and_the_others_are_there(
    ours: Organisation,
) -> None:
    ours.xero.sandbox.refused = {"CreditNotes": 503}
    with pytest.raises(VendorUnavailable):
        ours.pull(NIGHT)
    notes = {
        key for key, each in ours.xero.ledger.open_documents().items() if "CREDIT" in each.kind
    }
    assert len(notes) > 1
    assert ours.due() == {key: due for key, due in open_of(ours).items() if key not in notes}
    assert ours.scene.rows("SELECT last_sync_at FROM api_credentials") == [(None,)]
    ours.xero.sandbox.refused = {}
    ours.pull(NIGHT)
    assert ours.due() == open_of(ours)


def test_an_organisation_that_is_left_in_the_middle_ends_the_run_at_once(
    ours: Organisation,
) -> None:
    ours.xero.sandbox.refused = {"BalanceSheet": 404}

    def leave(done: int, total: int | None, message: str) -> None:
        ours.xero.sandbox.organisations.clear()

    ours.scene = replace(ours.scene, report=leave)
    with pytest.raises(CredentialRejected, match="not connected any more"):
        ours.pull(NIGHT)
    asked = ours.xero.sandbox.requests
    assert ours.scene.rows("SELECT needs_reconnect FROM api_credentials") == [(True,)]
    # Organisation, chart or sheet, one page of invoices, and the refusal.
    assert asked <= 6


def test_an_account_of_the_former_release_gets_what_was_paid_before_it(
    ours: Organisation, theirs: Organisation
) -> None:
    ours.pull(NIGHT)
    theirs.live(NIGHT)
    forget_new_streams(ours)
    advances = [key for key, each in ours.xero.ledger.documents().items() if each.is_advance]
    ours.scene.rows(
        f"DELETE FROM open_invoices WHERE source_invoice_id IN ({', '.join(map(repr, advances))}) RETURNING 1"
    )
    assert ours.due() == open_of(ours, advances=False)
    later = NIGHT + timedelta(days=1)
    ours.live(later)
    assert ours.due() == open_of(ours)
    assert theirs.due() == open_of(theirs)


@pytest.mark.parametrize("endpoint", ["Invoices", "CreditNotes"])
def test_a_place_of_the_former_release_is_understood(ours: Organisation, endpoint: str) -> None:
    ours.xero.sandbox.pages.largest_page = 5
    ours.pull(NIGHT)
    forget_new_streams(ours)
    place = json.dumps({"endpoint": endpoint, "page": 2, "before": "an-id"})
    began = NIGHT + timedelta(hours=1)
    position = {"since": NIGHT.isoformat(), "began": began.isoformat(), "after": place}
    moved = f"UPDATE sync_cursors SET position = '{json.dumps(position)}' WHERE stream = 'invoices' RETURNING 1"
    assert ours.scene.rows(moved) == [(1,)]
    # A place among the credit notes says that the invoices were read: it asks for them no more.
    ours.xero.sandbox.refused = {"CreditNotes": 403} if endpoint == "CreditNotes" else {}
    later = NIGHT + timedelta(days=1)
    ours.live(later)
    ours.xero.sandbox.refused = {}
    found = ours.scene.rows("SELECT position->>'since' FROM sync_cursors WHERE stream = 'invoices'")
    assert found == [(began.isoformat(),)]
    ours.live(later)
    assert ours.due() == open_of(ours)


def test_what_was_closed_while_the_first_reading_began_again_closes(ours: Organisation) -> None:
    early = datetime(2026, 6, 10, 2, tzinfo=UTC)
    ours.xero.ledger.move_clock(early)
    ours.pull(early)
    known = ours.due()
    assert known == open_of(ours)
    # The place is forgotten, and with it since when changes are known.
    forgotten = ours.scene.rows("DELETE FROM sync_cursors WHERE stream = 'invoices' RETURNING 1")
    assert forgotten == [(1,)]
    ours.live(NIGHT)
    assert ours.due() == open_of(ours)
    assert known.keys() - ours.due().keys()


def forget_new_streams(organisation: Organisation) -> None:
    """The former release read two endpoints under one name, and no others."""
    streams = "'credit_notes', 'overpayments', 'prepayments'"
    gone = organisation.scene.rows(
        f"DELETE FROM sync_cursors WHERE stream IN ({streams}) RETURNING 1"
    )
    assert len(gone) == 3


def test_streams_that_stand_in_the_future_are_put_back_and_it_is_said(
    ours: Organisation, theirs: Organisation
) -> None:
    ours.pull(NIGHT)
    ahead = NIGHT + timedelta(days=30)
    with ours.scene.opener() as work:
        identity = work.credentials.get("xero").id
        invoices = work.cursors.get(identity, "invoices", Items)
        assert work.cursors.move(identity, "invoices", invoices, Items(ahead))
        balances = work.cursors.get(identity, "balances", Days)
        assert work.cursors.move(identity, "balances", balances, Days(ahead.date()))
    ours.pull(NIGHT + timedelta(hours=1))
    with ours.scene.opener() as work:
        balances = work.cursors.get(identity, "balances", Days)
        invoices = work.cursors.get(identity, "invoices", Items)
    assert balances is not None
    assert balances.day == date(2026, 11, 18)
    assert invoices is not None
    assert invoices.since is not None
    assert invoices.since <= NIGHT + timedelta(hours=1)
    found = rows(
        ours.scene.wiring,
        ours.scene.tenant_id,
        "SELECT changes ->> 'stream' FROM public.audit_logs WHERE action = 'sync.position_in_future' ORDER BY 1",
    )
    assert [row[0] for row in found] == ["balances", "invoices"]
