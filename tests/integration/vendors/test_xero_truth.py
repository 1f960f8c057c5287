"""An organisation's books through every layer: balances and open invoices end equal to the ledger."""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from sandbox.xero.truth import BookTruth
from shared.domain.working_capital import AccountClass
from shared.errors import CredentialRejected, InvalidInput, RateLimited
from shared.use_cases.pull_books import days_to_ask
from tests.fixtures.shop_scene import Killer
from tests.fixtures.xero_books import Organisation
from tests.fixtures.xero_scene import XeroStage, open_stage
from workers.vendors.services import open_shop
from workers.wiring import Wiring

pytestmark = pytest.mark.usefixtures("quick_retries")

NIGHTS = tuple(
    datetime(2026, month, day, 2, tzinfo=UTC)
    for month, day in ((6, 10), (6, 11), (9, 20), (11, 19))
)
FAULTS = (
    "server_error",
    "html_body",
    "truncated_json",
    "too_many_minute",
    "too_many_day",
    "drop_connection",
    "change_mid_sync",
    "money_as_text",
    "closed_without_fields",
    "advances_among_invoices",
    "lose_answer_after_rotation",
)


@pytest.fixture(scope="module")
def stages() -> Iterator[tuple[XeroStage, XeroStage]]:
    with ExitStack() as stack:
        yield stack.enter_context(open_stage()), stack.enter_context(open_stage())


def without_nothing(truth: BookTruth) -> BookTruth:
    return {key: amount for key, amount in truth.items() if amount}


def test_after_faults_and_kills_the_tables_equal_the_books(
    wiring: Wiring, acme: UUID, globex: UUID, stages: tuple[XeroStage, XeroStage]
) -> None:
    dice, killer = random.Random(6), Killer(7, odds=0.25)
    ours = Organisation(wiring, acme, stages[0], 1, 120)
    theirs = Organisation(wiring, globex, stages[1], 2, 40)
    for organisation in (ours, theirs):
        organisation.xero.ledger.move_clock(NIGHTS[0])
    ours.scene = replace(ours.scene, report=killer)
    failed = 0
    for night in NIGHTS:
        for fault in FAULTS:
            lasting = fault in {"closed_without_fields", "advances_among_invoices"}
            times, after = (50, 0) if lasting else (1, dice.randint(0, 3))
            ours.xero.arm(fault, after=after, times=times, seconds=0.1)
        failed += ours.live(night)
    morning = NIGHTS[-1] + timedelta(days=1)
    ours.xero.sandbox.faults.clear()
    ours.live(morning)
    theirs.live(NIGHTS[0])
    theirs.live(morning)
    yesterday = morning.date() - timedelta(days=1)
    for organisation in (ours, theirs):
        truth = organisation.xero.ledger.truth(yesterday)
        assert without_nothing(organisation.balances(yesterday)) == without_nothing(truth)
        expected = {
            key: each.due for key, each in organisation.xero.ledger.open_documents().items()
        }
        assert organisation.due() == expected
        assert len(expected) > 5
        assert organisation.scene.rows("SELECT count(*) FROM rejected_records") == [(0,)]
    # What was paid before or beyond a bill is among it, and some of it was used up, paid back or void since.
    advances = [each for each in ours.xero.ledger.documents().values() if each.is_advance]
    assert {each.status for each in advances} == {"AUTHORISED", "PAID", "VOIDED"}
    assert ours.xero.sandbox.faults.fired["closed_without_fields"] > 0
    assert ours.xero.sandbox.faults.fired["advances_among_invoices"] > 0
    assert killer.kills > 10
    assert failed > killer.kills


def test_a_second_pull_changes_no_row(
    wiring: Wiring, acme: UUID, globex: UUID, stages: tuple[XeroStage, XeroStage]
) -> None:
    organisation = Organisation(wiring, acme, stages[0], 3, 30)
    first = organisation.pull(NIGHTS[-1])
    assert (first.days_read, first.rejected) == (13, 0)
    rows = "SELECT xmin::text, id::text FROM account_balances UNION ALL SELECT xmin::text, id::text FROM open_invoices"
    before = sorted(organisation.scene.rows(rows))
    again = organisation.pull(NIGHTS[-1] + timedelta(hours=1))
    assert (again.balances_changed, again.invoices_changed) == (0, 0)
    assert sorted(organisation.scene.rows(rows)) == before


def test_balances_of_the_books_take_the_place_of_those_that_were_entered(
    wiring: Wiring, acme: UUID, globex: UUID, stages: tuple[XeroStage, XeroStage]
) -> None:
    organisation = Organisation(wiring, acme, stages[0], 4, 10)
    opener = organisation.scene.opener
    with opener() as work:
        company = replace(work.companies.get(), currency="EUR")
        work.working_capital.enter(company, date(2025, 1, 1), {AccountClass.CASH: Decimal(99)})
    organisation.live(NIGHTS[-1])
    yesterday = NIGHTS[-1].date() - timedelta(days=1)
    truth = organisation.xero.ledger.truth(yesterday)
    cash = sum(amount for (kind, _), amount in truth.items() if kind is AccountClass.CASH)
    with opener() as work:
        balances = work.working_capital.balances_on(company, [date(2025, 1, 2), yesterday])
    assert balances[date(2025, 1, 2)].cash == Decimal(99)
    assert balances[yesterday].cash == cash


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ({"client_secret": "an-expired-one"}, "store the app's own"),
        ({"refresh_token": "a-revoked-one"}, "connect Xero again"),
        ({"organisation_id": "11111111-2222-3333-4444-555555555555"}, "organisation"),
    ],
)
def test_a_login_that_is_refused_is_never_read_as_empty_books(
    wiring: Wiring,
    acme: UUID,
    globex: UUID,
    stages: tuple[XeroStage, XeroStage],
    secret: dict[str, str],
    words: str,
) -> None:
    organisation = Organisation(wiring, acme, stages[0], 5, 5, **secret)
    with pytest.raises(CredentialRejected, match=words):
        organisation.pull(NIGHTS[-1])
    state = "SELECT last_sync_status, needs_reconnect FROM api_credentials"
    assert organisation.scene.rows(state) == [("FAILURE", True)]
    assert organisation.scene.rows("SELECT count(*) FROM account_balances") == [(0,)]


def test_the_end_of_the_days_calls_puts_the_job_off_and_keeps_what_it_has(
    wiring: Wiring, acme: UUID, globex: UUID, stages: tuple[XeroStage, XeroStage]
) -> None:
    organisation = Organisation(wiring, acme, stages[0], 6, 10)
    organisation.xero.arm("too_many_day", after=6, seconds=40_000)
    with pytest.raises(RateLimited) as caught:
        organisation.pull(NIGHTS[-1])
    assert caught.value.retry_after_s == 40_000
    kept = organisation.scene.rows("SELECT count(DISTINCT balance_date) FROM account_balances")
    assert kept[0][0] in range(1, 13)
    assert organisation.pull(NIGHTS[-1]).days_read < 13 + 4


def test_a_shop_is_no_book_and_a_book_no_shop(
    wiring: Wiring, acme: UUID, globex: UUID, stages: tuple[XeroStage, XeroStage]
) -> None:
    organisation = Organisation(wiring, acme, stages[0], 7, 1)
    with organisation.scene.opener() as work:
        stored = work.credentials.get("xero")
    room = organisation.scene.wiring.vendor_room(acme, organisation.scene.opener, lambda: None)
    with pytest.raises(InvalidInput, match="xero is no shop"):
        open_shop(room, stored)


def test_the_days_asked_for_are_few_and_leave_no_gap() -> None:
    day = date(2026, 3, 10)
    first = days_to_ask(None, day)
    assert first[:2] == [date(2025, 3, 31), date(2025, 4, 30)]
    assert first[-2:] == [date(2026, 2, 28), day]
    assert days_to_ask(date(2026, 3, 9), day) == [
        date(2026, 2, 8),
        date(2026, 3, 3),
        date(2026, 3, 8),
        date(2026, 3, 9),
        day,
    ]
    assert days_to_ask(date(2026, 3, 10), day) == [day]
    assert days_to_ask(date(2025, 12, 15), day)[-6:-3] == [
        date(2026, 2, 8),
        date(2026, 2, 28),
        date(2026, 3, 3),
    ]
