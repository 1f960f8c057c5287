"""Xero's records and reports as ours, with the values written down."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.connectors.xero.balances import sum_balances
from shared.connectors.xero.chart import Chart
from shared.connectors.xero.fields import money_of, read_day, read_instant
from shared.connectors.xero.invoices import CREDIT_NOTES, INVOICES, collect
from shared.connectors.xero.organisation import read_books
from shared.connectors.xero.pages import Place, is_last_page
from shared.connectors.xero.refusals import TooManyAtOnce, refusal_of
from shared.connectors.xero.reports import read_balance_sheet
from shared.connectors.xero.timezones import ZONES, iana_zone
from shared.domain.accounts import InvoiceKind, OpenInvoice
from shared.domain.sales import RejectedRecord
from shared.errors import (
    CredentialRejected,
    CursorExpired,
    GiveUp,
    InvalidInput,
    RateLimited,
    SkipRecord,
    VendorUnavailable,
)
from shared.use_cases.vendors import Answer, Books

BOOKS = Books("Muster", "EUR", "Europe/Berlin")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
INVOICE = {
    "Type": "ACCPAY",
    "InvoiceID": "i-1",
    "Status": "AUTHORISED",
    "Contact": {"Name": "Erika Mustermann"},
    "Date": "/Date(1767225600000+0000)/",
    "DueDate": "/Date(1769817600000)/",
    "Total": 120.5,
    "AmountDue": "20.50",
    "CurrencyCode": "USD",
    "CurrencyRate": 1.0873,
    "UpdatedDateUTC": "/Date(1767310200000+0000)/",
}


def read_one(**changes: Any) -> OpenInvoice:
    (record,), rejected = collect([{**INVOICE, **changes}], INVOICES, BOOKS)
    assert rejected == []
    return record


def reject_one(*, without: str = "", **changes: Any) -> RejectedRecord:
    node = {key: value for key, value in {**INVOICE, **changes}.items() if key != without}
    records, (rejected,) = collect([node], INVOICES, BOOKS)
    assert records == []
    return rejected


def test_a_bill_in_another_currency() -> None:
    assert read_one() == OpenInvoice(
        "i-1", InvoiceKind.PAYABLE, "AUTHORISED", date(2026, 1, 1), date(2026, 1, 31), "USD",
        Decimal("1.0873"), Decimal("120.5"), Decimal("20.50"), None,
    )  # fmt: skip
    assert read_one(CurrencyCode="EUR").exchange_rate is None


def test_a_credit_note_lessens() -> None:
    node = {**INVOICE, "Type": "ACCRECCREDIT", "CreditNoteID": "c-1", "RemainingCredit": 20.5}
    (record,), _rejected = collect([node], CREDIT_NOTES, BOOKS)
    assert (record.source_invoice_id, record.kind) == ("c-1", InvoiceKind.RECEIVABLE)
    assert (record.total_amount, record.amount_due) == (Decimal("-120.5"), Decimal("-20.5"))
    overpaid = read_one(Type="AROVERPAYMENT")
    assert (overpaid.kind, overpaid.amount_due) == (InvoiceKind.RECEIVABLE, Decimal("-20.50"))


def test_what_is_closed_has_a_day_and_nothing_due() -> None:
    paid = read_one(Status="PAID", FullyPaidOnDate="/Date(1767225600000+0000)/")
    assert (paid.closed_on, paid.amount_due) == (date(2026, 1, 1), Decimal(0))
    # Changed at 23:30 UTC, which is the next day in Berlin.
    voided = read_one(Status="VOIDED")
    assert (voided.closed_on, voided.amount_due) == (date(2026, 1, 2), Decimal(0))
    assert read_one(AmountDue=0).closed_on == date(2026, 1, 2)
    assert collect([{**INVOICE, "Status": "DRAFT"}], INVOICES, BOOKS) == ([], [])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"without": "Date"}, "Date"),
        ({"Date": "yesterday"}, "Date"),
        ({"Date": "/Date(99999999999999999)/"}, "Date"),
        ({"without": "Total"}, "Total"),
        ({"Total": True}, "Total"),
        ({"Total": "12 EUR"}, "Total"),
        ({"Total": float("nan")}, "Total"),
        ({"AmountDue": None}, "AmountDue"),
        ({"CurrencyCode": "usd"}, "CurrencyCode"),
        ({"CurrencyRate": 0}, "CurrencyRate"),
        ({"without": "CurrencyRate"}, "CurrencyRate"),
        ({"Status": "OPEN"}, "Status"),
        ({"Type": "RECEIPT"}, "Type"),
        ({"Status": "VOIDED", "without": "UpdatedDateUTC"}, "UpdatedDateUTC"),
    ],
)
def test_a_record_that_cannot_be_read_names_its_field(changes: dict[str, Any], field: str) -> None:
    rejected = reject_one(**changes)
    assert (rejected.record_key, rejected.field) == ("i-1", field)
    assert rejected.reason


def test_a_record_without_an_id_is_set_aside() -> None:
    assert reject_one(without="InvoiceID").record_key == "?"


@pytest.mark.parametrize(
    ("node", "day"),
    [
        ({"Date": "/Date(1539993600000)/"}, date(2018, 10, 20)),
        ({"Date": "/Date(1539993600000+0000)/"}, date(2018, 10, 20)),
        # Midnight in Auckland, as an instant with its offset.
        ({"Date": "/Date(1539946800000+1300)/"}, date(2018, 10, 20)),
        ({"Date": "/Date(-86400000+0000)/"}, date(1969, 12, 31)),
        ({"DateString": "2018-10-20T00:00:00", "Date": "?"}, date(2018, 10, 20)),
        ({"DateString": "2018-10-20 00:00:00"}, date(2018, 10, 20)),
        ({"Date": "2018-10-20"}, date(2018, 10, 20)),
        ({}, None),
        ({"Date": ""}, None),
    ],
)
def test_a_day_is_read_however_it_is_written(node: dict[str, str], day: date | None) -> None:
    assert read_day(node, "Date") == day


def test_an_instant_is_the_same_in_every_offset() -> None:
    told = {"UpdatedDateUTC": "/Date(1539946800000+1300)/"}
    assert read_instant(told, "UpdatedDateUTC") == datetime(2018, 10, 19, 11, tzinfo=UTC)
    plain = {"UpdatedDateUTC": "2018-10-19T11:00:00"}
    assert read_instant(plain, "UpdatedDateUTC") == datetime(2018, 10, 19, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "amount"),
    [
        (46.0, "46.0"),
        ("50.00", "50.00"),
        (7, "7"),
        ("-1,850.25", "-1850.25"),
        ("(12.50)", "-12.50"),
    ],
)
def test_money_is_read_however_it_is_written(told: object, amount: str) -> None:
    assert str(money_of(told, "Total")) == amount


def test_money_must_be_there() -> None:
    wrong: tuple[object, ...] = (None, False, [], "", "1.2.3")
    for told in wrong:
        with pytest.raises(SkipRecord, match="Total: "):
            money_of(told, "Total")


@pytest.mark.parametrize(
    ("node", "counted"),
    [
        ({"Type": "BANK"}, [("CASH", 0), ("SHORT_TERM_DEBT", 7)]),
        ({"Type": "BANK", "BankAccountType": "PAYPAL"}, [("CASH", 0), ("SHORT_TERM_DEBT", 7)]),
        ({"Type": "BANK", "BankAccountType": "CREDITCARD"}, [("SHORT_TERM_DEBT", 7)]),
        ({"Type": "CURRENT", "SystemAccount": "DEBTORS"}, [("ACCOUNTS_RECEIVABLE", -7)]),
        ({"Type": "INVENTORY"}, [("INVENTORY", -7)]),
        ({"Type": "CURRENT"}, []),
        ({"Type": "FIXED"}, []),
    ],
)
def test_what_an_asset_counts_as(node: dict[str, str], counted: list[tuple[str, int]]) -> None:
    assert balances_of({**node, "Class": "ASSET"}, "-7.00") == counted


@pytest.mark.parametrize(
    ("node", "counted"),
    [
        ({"Type": "CURRLIAB", "SystemAccount": "CREDITORS"}, [("ACCOUNTS_PAYABLE", 7)]),
        ({"Type": "CURRLIAB"}, [("SHORT_TERM_DEBT", 7)]),
        ({"Type": "CURRLIAB", "SystemAccount": "GST"}, []),
        ({"Type": "CURRLIAB", "SystemAccount": "WAGEPAYABLES"}, []),
        ({"Type": "CURRLIAB", "SystemAccount": "UNPAIDEXPCLM"}, []),
        ({"Type": "CURRLIAB", "SystemAccount": "TRACKINGTRANSFERS"}, []),
        ({"Type": "TERMLIAB"}, []),
        ({"Type": "LIABILITY"}, []),
        ({"Type": "PAYG"}, []),
    ],
)
def test_what_a_liability_counts_as(node: dict[str, str], counted: list[tuple[str, int]]) -> None:
    assert balances_of({**node, "Class": "LIABILITY"}, "7.00") == counted


def balances_of(node: dict[str, str], value: str) -> list[tuple[str, int]]:
    chart = Chart([{"AccountID": "A-1", **node}])
    cells = [{"Value": "?", "Attributes": [{"Id": "account", "Value": "a-1"}]}, {"Value": value}]
    row = {"RowType": "Row", "Cells": cells}
    summary = {"RowType": "SummaryRow", "Cells": cells}
    section = {"RowType": "Section", "Title": "?", "Rows": [row, summary]}
    body = {"Reports": [{"ReportType": "BalanceSheet", "Rows": [section]}]}
    balances = sum_balances(read_balance_sheet(body, chart), chart, "EUR")
    assert all(each.account_code == "a-1" and each.currency == "EUR" for each in balances)
    return [(each.account_class.value, int(each.amount)) for each in balances]


def test_an_account_that_the_sheet_leaves_out_is_at_zero() -> None:
    chart = Chart([{"AccountID": "a", "Type": "INVENTORY"}])
    (balance,) = sum_balances([], chart, "EUR")
    assert balance.amount == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"Reports": []},
        {"Reports": [{"ReportType": "ProfitAndLoss", "Rows": []}]},
        {"Reports": [{"ReportType": "BalanceSheet"}]},
    ],
)
def test_an_answer_that_is_no_balance_sheet_is_no_empty_one(body: dict[str, Any]) -> None:
    with pytest.raises(VendorUnavailable):
        read_balance_sheet(body, Chart([]))


def test_an_account_without_a_type_is_no_chart() -> None:
    with pytest.raises(VendorUnavailable, match="Type"):
        Chart([{"AccountID": "a"}])


def test_time_zones_are_those_of_the_clock() -> None:
    from zoneinfo import ZoneInfo

    assert all(ZoneInfo(zone) for zone in ZONES.values())
    assert iana_zone("GMTSTANDARDTIME") == "Europe/London"
    assert iana_zone("W. Europe Standard Time".replace(".", "")) == "Europe/Berlin"
    assert iana_zone("CENTRALSTANDARDTIME(MEXICO)") == "America/Mexico_City"
    assert iana_zone("UTC") == "UTC"
    for unknown in ("MARSSTANDARDTIME", "", None):
        with pytest.raises(InvalidInput, match="Timezone: "):
            iana_zone(unknown)
    with pytest.raises(InvalidInput, match="BaseCurrency: "):
        read_books({"Name": "Muster", "Timezone": "UTC"})


def answer(status: int, problem: str, body: object, **headers: str) -> Answer:
    told = {key.replace("_", "-"): value for key, value in headers.items()}
    return Answer(status, {"x-rate-limit-problem": problem, **told}, body)


def refuse(status: int, problem: str = "", body: object = None, **headers: str) -> Any:
    return refusal_of(answer(status, problem, body, **headers), "/Invoices", lambda: NOW)


@pytest.mark.parametrize("problem", ["day", "daily", "DayLimit", "Daily limit", "DAY"])
def test_a_day_limit_waits_for_its_reset(problem: str) -> None:
    error = refuse(429, problem, retry_after="42000")
    assert isinstance(error, RateLimited)
    assert (error.retry_after_s, "day" in error.message) == (42000, True)
    assert refuse(429, problem).retry_after_s == 3600


def test_a_minute_limit_waits_its_seconds() -> None:
    assert refuse(429, "minute", retry_after="17").retry_after_s == 17
    assert refuse(429, "minute").retry_after_s == 60
    assert refuse(429, "?", retry_after="Fri, 20 Nov 2026 12:00:30 GMT").retry_after_s == 30
    assert "the app" in refuse(429, "appminute", retry_after="17").message
    at_once = refuse(429, "Concurrent")
    assert (type(at_once), at_once.retry_after_s) == (TooManyAtOnce, 1)


@pytest.mark.parametrize("name", ["Detail", "detail"])
def test_a_refusal_is_told_in_both_spellings(name: str) -> None:
    gone = refuse(403, "", {name: "AuthenticationUnsuccessful"})
    assert isinstance(gone, CredentialRejected)
    assert "not connected any more" in gone.message
    other = refuse(403, "", {name: "AuthorizationUnsuccessful"})
    assert "wrong organisation or missing scope" in other.message
    assert isinstance(refuse(404), GiveUp)
    assert "ValidationException" in refuse(400, "", {"Type": "ValidationException"}).message
    assert refuse(200) is None


def test_a_place_is_kept_as_text() -> None:
    place = Place().next("first")
    assert place == Place("Invoices", 2, "first")
    assert place is not None
    assert Place.parse(place.write()) == place
    assert place.next(None) == Place("CreditNotes", 1, "")
    assert Place("CreditNotes", 3, "x").next(None) is None
    assert place.params == {"page": "2", "pageSize": "1000", "order": "InvoiceID ASC"}
    for wrong in ("", "[]", "{}", '{"endpoint": "Contacts", "page": 1, "before": ""}'):
        with pytest.raises(CursorExpired):
            Place.parse(wrong)


@pytest.mark.parametrize(
    ("count", "pagination", "is_last"),
    [
        (0, None, True),
        (3, None, False),
        (3, {"pageSize": 100, "pageCount": 1}, True),
        (100, {"pageSize": 100, "pageCount": 1}, False),
        (3, {"pageSize": 100, "pageCount": 9}, False),
        (3, {"pageSize": "100"}, False),
    ],
)
def test_only_an_empty_or_short_page_is_the_last(
    count: int, pagination: object, is_last: bool
) -> None:
    assert is_last_page(1, count, pagination) is is_last
