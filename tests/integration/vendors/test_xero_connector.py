"""The connector against the sandbox over a real socket: what it reads is what stands in the books."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from sandbox.xero.maker import make_xero_ledger
from shared.connectors.xero.connector import XeroConnector
from shared.domain.accounts import BankCheck, OpenInvoice
from shared.domain.sales import RejectedRecord
from shared.domain.working_capital import AccountClass
from shared.errors import (
    CredentialRejected,
    CursorExpired,
    GiveUp,
    RateLimited,
    VendorUnavailable,
)
from shared.use_cases.vendors import Books, BooksConnector, Page
from tests.fixtures.xero_scene import (
    XeroScene,
    XeroStage,
    assert_open_is_true,
    clock,
    open_stage,
    vendor_http,
)

DAYS = (
    date(2026, 1, 4), date(2026, 1, 5), date(2026, 2, 28), date(2026, 6, 30), date(2026, 7, 15),
    date(2026, 8, 31), date(2026, 11, 20),
)  # fmt: skip
DOCUMENTS = 230
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def stage() -> Iterator[XeroStage]:
    with open_stage() as opened:
        yield opened


@pytest.fixture
def scene(stage: XeroStage) -> XeroScene:
    shown = stage.show(make_xero_ledger(7, DOCUMENTS, NOW))
    shown.sandbox.pages.largest_page = 20
    shown.sandbox.limits.minute = 10_000
    return shown


def read_all(
    connector: BooksConnector, since: datetime | None = None, cursor: str | None = None
) -> tuple[dict[str, OpenInvoice], list[RejectedRecord]]:
    records: dict[str, OpenInvoice] = {}
    rejected: list[RejectedRecord] = []
    for page in connector.invoice_pages(since, cursor):
        records |= {each.source_invoice_id: each for each in page.records}
        rejected += page.rejected
    return records, rejected


def assert_balances_are_true(scene: XeroScene, connector: BooksConnector, day: date) -> None:
    found = connector.balances_on(day)
    assert (found.rejected, found.unread, found.whole) == ((), frozenset(), True)
    read = found.balances
    amounts = {(each.account_class, each.account_code): each.amount for each in read}
    assert len(amounts) == len(read)
    assert amounts == scene.ledger.truth(day)
    assert {each.currency for each in read} == {"EUR"}


@pytest.mark.parametrize("cards_owed", [False, True])
def test_balances_of_every_day_are_those_of_the_books(scene: XeroScene, cards_owed: bool) -> None:
    scene.sandbox.reports.cards_owed = cards_owed
    connector = scene.connector()
    for day in DAYS:
        assert_balances_are_true(scene, connector, day)
        assert connector.check_bank(day) == BankCheck(())
    # The books and the chart are asked for once, each day takes one report, and its check one more.
    assert scene.sandbox.requests == 2 + 3 * len(DAYS)


def test_the_books_hold_what_is_awkward(scene: XeroScene) -> None:
    overdrawn = scene.ledger.truth(date(2026, 7, 15))
    giro = scene.ledger.account("090").account_id
    assert overdrawn[AccountClass.SHORT_TERM_DEBT, giro] > 0
    assert overdrawn[AccountClass.CASH, giro] == 0
    assert scene.ledger.truth(date(2026, 11, 20))[AccountClass.CASH, giro] > 0
    states = scene.ledger.documents().values()
    assert {each.status for each in states} == {"AUTHORISED", "PAID", "VOIDED", "DRAFT"}
    kinds = {(each.kind, each.currency) for each in scene.ledger.open_documents().values()}
    assert {kind for kind, _ in kinds} == {
        "ACCREC", "ACCPAY", "ACCRECCREDIT", "ACCPAYCREDIT", "RECEIVE-OVERPAYMENT",
        "RECEIVE-PREPAYMENT", "SPEND-OVERPAYMENT", "SPEND-PREPAYMENT",
    }  # fmt: skip
    # Each of them also used up, void and paid back.
    assert {(each.issued.kind, each.status) for each in states if each.is_advance} >= {
        (kind, status)
        for kind in (
            "RECEIVE-OVERPAYMENT",
            "RECEIVE-PREPAYMENT",
            "SPEND-OVERPAYMENT",
            "SPEND-PREPAYMENT",
        )
        for status in ("AUTHORISED", "PAID", "VOIDED")
    }
    assert {currency for _, currency in kinds} == {"EUR", "USD", "GBP"}


def test_what_happened_after_the_clock_is_not_seen(scene: XeroScene) -> None:
    scene.ledger.move_clock(datetime(2026, 4, 1, 20, tzinfo=UTC))
    connector = scene.connector()
    assert_balances_are_true(scene, connector, date(2026, 4, 1))
    records, rejected = read_all(connector)
    assert rejected == []
    assert_open_is_true(scene, records)


def test_open_invoices_are_those_of_the_books(scene: XeroScene) -> None:
    connector = scene.connector()
    assert connector.describe_books() == Books(
        "Muster Geschenke GmbH",
        "EUR",
        "Europe/Berlin",
        scene.sandbox.ledger.facts.organisation_id,
    )
    records, rejected = read_all(connector)
    assert rejected == []
    assert all(each.closed_on is None for each in records.values())
    assert_open_is_true(scene, records)
    assert "Mustermann" not in repr(records)


def test_what_was_paid_or_voided_since_closes(scene: XeroScene) -> None:
    since = datetime(2026, 9, 1, 12, 30, 15, tzinfo=UTC)
    scene.ledger.move_clock(since)
    connector = scene.connector()
    known, _rejected = read_all(connector)
    scene.ledger.move_clock(NOW)
    changed, _rejected = read_all(connector, since - timedelta(minutes=1))
    assert {"PAID", "VOIDED", "AUTHORISED"} == {each.status for each in changed.values()}
    closed = [each for each in changed.values() if each.closed_on is not None]
    assert closed
    assert all(each.amount_due == 0 for each in closed)
    states = scene.ledger.documents()
    for each in closed:
        state = states[each.source_invoice_id]
        assert each.closed_on == (state.settled_on or state.updated_at.date())
    assert_open_is_true(scene, known | changed)


def test_pages_cut_off_anywhere_go_on(scene: XeroScene) -> None:
    connector = scene.connector()
    whole, _rejected = read_all(connector)
    pages = list(connector.invoice_pages(None, None))
    assert len(pages) > 12
    for number, page in enumerate(pages[:-1], start=1):
        if number % 4:
            continue
        first = [each for read in pages[:number] for each in read.records]
        rest, _rejected = read_all(connector, cursor=page.next_cursor)
        assert {each.source_invoice_id for each in first} | rest.keys() == whole.keys()
        assert not {each.source_invoice_id for each in first} & rest.keys()
    assert pages[-1].next_cursor is None


def test_what_changes_while_it_is_read_is_not_left_out(scene: XeroScene) -> None:
    begun_at = scene.ledger.clock
    scene.arm("change_mid_sync", times=5, after=1)
    connector = scene.connector()
    known, _rejected = read_all(connector)
    assert scene.sandbox.faults.armed == []
    changed, _rejected = read_all(connector, begun_at)
    assert_open_is_true(scene, known | changed)


def test_a_page_that_comes_twice_ends_the_reading(scene: XeroScene) -> None:
    scene.arm("repeated_page", times=1000, after=2)
    connector = scene.connector()
    pages: list[Page[OpenInvoice]] = []
    with pytest.raises(VendorUnavailable, match="page 4 of Invoices came twice"):
        pages.extend(connector.invoice_pages(None, None))
    asked = scene.sandbox.requests
    scene.sandbox.faults.clear()
    whole, _rejected = read_all(connector)
    assert asked < 8
    assert_open_is_true(scene, whole)


@pytest.mark.parametrize(
    "fault", ["server_error", "html_body", "truncated_json", "drop_connection"]
)
def test_a_fault_on_the_way_changes_nothing(scene: XeroScene, fault: str) -> None:
    scene.arm(fault, after=1)
    connector = scene.connector()
    assert_balances_are_true(scene, connector, date(2026, 8, 31))
    records, _rejected = read_all(connector)
    assert scene.sandbox.faults.fired[fault] == 1
    assert_open_is_true(scene, records)


def test_an_organisation_that_stays_offline_is_tried_later(scene: XeroScene) -> None:
    scene.arm("server_error", times=100)
    connector = scene.connector(attempts=1)
    with pytest.raises(VendorUnavailable):
        connector.describe_books()


@pytest.mark.parametrize("spelling", ["day", "daily", "DayLimit", "Daily limit"])
def test_a_used_up_day_puts_the_job_off_for_hours(scene: XeroScene, spelling: str) -> None:
    scene.arm("too_many_day", spelling=spelling, seconds=5 * 3600)
    connector = scene.connector()
    with pytest.raises(RateLimited, match="day") as raised:
        connector.describe_books()
    assert raised.value.retry_after_s == 5 * 3600
    assert scene.sandbox.requests == 1


@pytest.mark.parametrize(
    ("spelling", "seconds", "said"),
    [("minute", 37, "organisation"), ("AppMinute", 12, "app"), ("other", 20, "organisation")],
)
def test_a_used_up_minute_puts_the_job_off_for_seconds(
    scene: XeroScene, spelling: str, seconds: int, said: str
) -> None:
    scene.arm("too_many_minute", spelling=spelling, seconds=seconds)
    connector = scene.connector()
    with pytest.raises(RateLimited, match=said) as raised:
        connector.describe_books()
    assert raised.value.retry_after_s == seconds


def test_too_many_at_once_is_waited_out(scene: XeroScene) -> None:
    scene.arm("too_many_at_once", seconds=0)
    connector = scene.connector()
    assert connector.describe_books().currency == "EUR"
    assert scene.sandbox.requests == 2


def test_the_real_limits_of_the_vendor_refuse_the_same_way(scene: XeroScene) -> None:
    scene.sandbox.limits.minute = 3
    connector = scene.connector()
    with pytest.raises(RateLimited) as raised:
        read_all(connector)
    assert raised.value.retry_after_s is not None
    assert 50 < raised.value.retry_after_s <= 61


def test_half_of_the_day_is_kept_for_work_that_somebody_waits_for(scene: XeroScene) -> None:
    scene.sandbox.limits.spend(2497)
    connector = scene.connector()
    assert len(list(zip(range(2), connector.invoice_pages(None, None), strict=False))) == 2
    with pytest.raises(RateLimited, match="kept free") as raised:
        read_all(connector)
    assert raised.value.retry_after_s == 3600
    connector = scene.connector(on_demand=True)
    assert_open_is_true(scene, read_all(connector)[0])
    # Another job of the background asks once, hears it, and goes.
    before = scene.sandbox.requests
    connector = scene.connector()
    with pytest.raises(RateLimited, match="kept free"):
        connector.balances_on(date(2026, 8, 31))
    assert scene.sandbox.requests == before + 1


def test_a_small_plan_has_a_half_of_its_own(scene: XeroScene) -> None:
    scene.sandbox.limits.day = 1000
    connector = scene.connector(day_calls=1000)
    assert_open_is_true(scene, read_all(connector)[0])


def test_limits_are_the_organisations_own_and_hear_what_is_left(scene: XeroScene) -> None:
    scene.sandbox.limits.minute = 60
    connector = scene.connector()
    connector.describe_books()
    day, minute = scene.limits
    assert day.account == f"xero:{scene.organisation_id}:day-background"
    assert minute.account == f"xero:{scene.organisation_id}:minute"
    assert (day.quota.maximum, minute.quota.maximum) == (2500, 60)
    assert (day.available, minute.available) == ([2499], [59])


def test_a_forbidden_organisation_is_never_an_empty_one(scene: XeroScene) -> None:
    scene.arm("forbidden")
    connector = scene.connector()
    with pytest.raises(CredentialRejected, match="wrong organisation or missing scope"):
        connector.balances_on(date(2026, 8, 31))
    scene.sandbox.organisations.clear()
    with pytest.raises(CredentialRejected, match="is not connected any more"):
        read_all(connector)
    assert scene.sandbox.requests == 2


def test_a_wrong_token_is_reported(scene: XeroScene) -> None:
    http = vendor_http(scene.url, "wrong")
    connector = XeroConnector(http, scene.organisation_id, scene.limit, clock)
    with pytest.raises(CredentialRejected, match="401"):
        connector.describe_books()


def test_what_xero_does_not_have_is_given_up(scene: XeroScene) -> None:
    connector = scene.connector()
    with pytest.raises(GiveUp, match=r"there is no /api.xro/2.0/Reports/Nothing"):
        connector._client.read("/Reports/Nothing")
    with pytest.raises(GiveUp, match="QueryParseException"):
        connector._client.read("/Reports/BalanceSheet", {"date": "tomorrow"})
    with pytest.raises(CursorExpired):
        next(iter(connector.invoice_pages(None, "page 2")))


def test_one_record_that_cannot_be_read_is_set_aside(scene: XeroScene) -> None:
    scene.arm("invoice_without_date")
    scene.arm("money_as_text", times=20)
    connector = scene.connector()
    records, rejected = read_all(connector)
    truth = scene.ledger.open_documents()
    assert [each.field for each in rejected] == ["Date"]
    assert records.keys() == truth.keys() - {rejected[0].record_key}


def test_a_report_with_numbers_instead_of_text_is_the_same(scene: XeroScene) -> None:
    scene.arm("money_as_number")
    connector = scene.connector()
    assert_balances_are_true(scene, connector, date(2026, 8, 31))


def test_an_account_that_is_new_since_the_chart_was_read_counts(scene: XeroScene) -> None:
    savings = scene.ledger.account("091")
    del scene.ledger.accounts[savings.account_id]
    connector = scene.connector()
    connector.balances_on(date(2026, 1, 10))
    scene.ledger.accounts[savings.account_id] = savings
    assert_balances_are_true(scene, connector, date(2026, 8, 31))
