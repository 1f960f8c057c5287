"""Xero's records and reports as ours, with the values written down."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.connectors.xero.fields import money_of, read_day, read_instant
from shared.connectors.xero.invoices import Item, collect, left_out
from shared.connectors.xero.shapes import (
    CREDIT_NOTES,
    INVOICES,
    OVERPAYMENTS,
    PREPAYMENTS,
    Shape,
)
from shared.domain.accounts import ClosedInvoice, InvoiceKind, OpenInvoice
from shared.domain.sales import RejectedRecord
from shared.errors import (
    SkipRecord,
)
from shared.use_cases.vendors import Books

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


def read_any(*, without: str = "", **changes: Any) -> Item:
    node = {key: value for key, value in {**INVOICE, **changes}.items() if key != without}
    (record,), rejected = collect([node], INVOICES, BOOKS)
    assert rejected == []
    return record


def read_one(**changes: Any) -> OpenInvoice:
    record = read_any(**changes)
    assert isinstance(record, OpenInvoice)
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
    assert isinstance(record, OpenInvoice)
    assert (record.source_invoice_id, record.kind) == ("c-1", InvoiceKind.RECEIVABLE)
    assert (record.total_amount, record.amount_due) == (Decimal("-120.5"), Decimal("-20.5"))
    paid = {**INVOICE, "Type": "AROVERPAYMENT", "OverpaymentID": "o-1", "RemainingCredit": 20.5}
    (overpaid,), _rejected = collect([paid], OVERPAYMENTS, BOOKS)
    assert isinstance(overpaid, OpenInvoice)
    assert (overpaid.kind, overpaid.amount_due) == (InvoiceKind.RECEIVABLE, Decimal("-20.50"))


@pytest.mark.parametrize(
    ("shape", "reported", "kind"),
    [
        (OVERPAYMENTS, "RECEIVE-OVERPAYMENT", InvoiceKind.RECEIVABLE),
        (OVERPAYMENTS, "AROVERPAYMENT", InvoiceKind.RECEIVABLE),
        (OVERPAYMENTS, "SPEND-OVERPAYMENT", InvoiceKind.PAYABLE),
        (OVERPAYMENTS, "APOVERPAYMENT", InvoiceKind.PAYABLE),
        (PREPAYMENTS, "RECEIVE-PREPAYMENT", InvoiceKind.RECEIVABLE),
        (PREPAYMENTS, "ARPREPAYMENT", InvoiceKind.RECEIVABLE),
        (PREPAYMENTS, "SPEND-PREPAYMENT", InvoiceKind.PAYABLE),
        (PREPAYMENTS, "APPREPAYMENT", InvoiceKind.PAYABLE),
    ],
)
def test_money_that_came_too_early_or_twice_lessens_what_is_owed(
    shape: Shape, reported: str, kind: InvoiceKind
) -> None:
    node = {
        **INVOICE,
        "Type": reported,
        shape.id_field: "p-1",
        "RemainingCredit": 7,
        "Total": "9.00",
    }
    (record,), rejected = collect([node], shape, BOOKS)
    assert rejected == []
    assert record == OpenInvoice(
        "p-1", kind, "AUTHORISED", date(2026, 1, 1), date(2026, 1, 31), "USD",
        Decimal("1.0873"), Decimal(-9), Decimal(-7), None,
    )  # fmt: skip
    # The same type among the invoices counts there not a second time.
    assert collect([node], INVOICES, BOOKS) == ([], [])
    assert left_out(node, INVOICES) == "over- and prepayments among the invoices"


def test_what_is_closed_has_a_day_and_nothing_due() -> None:
    paid = read_one(Status="PAID", FullyPaidOnDate="/Date(1767225600000+0000)/")
    assert (paid.closed_on, paid.amount_due) == (date(2026, 1, 1), Decimal(0))
    # Changed at 23:30 UTC, which is the next day in Berlin.
    voided = read_one(Status="VOIDED")
    assert (voided.closed_on, voided.amount_due) == (date(2026, 1, 2), Decimal(0))
    assert read_one(AmountDue=0).closed_on == date(2026, 1, 2)
    assert collect([{**INVOICE, "Status": "DRAFT"}], INVOICES, BOOKS) == ([], [])
    assert left_out({**INVOICE, "Status": "DRAFT"}, INVOICES) == "proposals"


@pytest.mark.parametrize("status", ["PAID", "VOIDED", "DELETED"])
@pytest.mark.parametrize("field", [key for key in INVOICE if key not in {"InvoiceID", "Status"}])
def test_what_is_closed_closes_whatever_else_it_lacks(status: str, field: str) -> None:
    odd_values: tuple[Any, ...] = (None, 0, True, [], {}, "", "?", "\0", 1e400)
    closed_on = None if field == "UpdatedDateUTC" else date(2026, 1, 2)
    for record in (
        read_any(Status=status, without=field),
        *(read_any(Status=status, **{field: value}) for value in odd_values),
    ):
        assert (record.source_invoice_id, record.status) == ("i-1", status)
        assert record.amount_due == 0
        assert record.closed_on == closed_on


def test_nothing_due_closes_what_was_only_authorised() -> None:
    closed = ClosedInvoice("i-1", "AUTHORISED", date(2026, 1, 2))
    assert read_any(AmountDue="0.00", without="CurrencyRate") == closed
    assert read_any(AmountDue=0.0, Type=None, Total=None, Date=None) == closed
    # The day of the last payment comes first, wherever it can be read.
    paid_on = "/Date(1767225600000+0000)/"
    assert read_any(AmountDue=0, Total=[], FullyPaidOnDate=paid_on) == ClosedInvoice(
        "i-1", "AUTHORISED", date(2026, 1, 1)
    )
    assert read_any(AmountDue=0, Total=[], FullyPaidOnDate="20000-01-01") == closed


def test_closed_papers_without_a_rate_close() -> None:
    # An invoice of 100.00 USD each, as the vendor lists them once they are paid; and one that is void.
    shared = {"Type": "ACCREC", "Date": "2026-01-01", "Total": 100.0, "AmountDue": 0.0}
    changed = {"CurrencyCode": "USD", "UpdatedDateUTC": "/Date(1776600000000+0000)/"}
    paid = {**shared, **changed, "Status": "PAID", "FullyPaidOnDate": "/Date(1776556800000+0000)/"}
    records, rejected = collect(
        [
            {**paid, "InvoiceID": "a"},
            {**paid, "InvoiceID": "b", "CurrencyRate": None},
            {**changed, "InvoiceID": "c", "Type": "ACCREC", "Status": "VOIDED"},
        ],
        INVOICES,
        BOOKS,
    )
    assert rejected == []
    assert records == [
        ClosedInvoice("a", "PAID", date(2026, 4, 19)),
        ClosedInvoice("b", "PAID", date(2026, 4, 19)),
        ClosedInvoice("c", "VOIDED", date(2026, 4, 19)),
    ]


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
        ({"CurrencyRate": "0.000000001"}, "CurrencyRate"),
        ({"CurrencyRate": "9999999999.999999999"}, "CurrencyRate"),
        ({"Total": "10000000000000.00"}, "Total"),
        ({"Total": "1.234,50"}, "Total"),
        ({"Total": "12,50"}, "Total"),
        ({"AmountDue": 1e400}, "AmountDue"),
        ({"AmountDue": ""}, "AmountDue"),
        ({"AmountDue": []}, "AmountDue"),
        ({"CurrencyCode": ["USD"]}, "CurrencyCode"),
        ({"Date": "20000-01-01"}, "Date"),
        ({"Date": "0001-01-01"}, "Date"),
        ({"Date": 20260101}, "Date"),
        ({"DueDate": "/Date(568971820800000)/"}, "DueDate"),
        ({"Status": ["PAID"]}, "Status"),
        ({"Type": {"ACCPAY": 1}}, "Type"),
        ({"Type": "ARDEPOSIT"}, "Type"),
    ],
)
def test_a_record_that_cannot_be_read_names_its_field(changes: dict[str, Any], field: str) -> None:
    rejected = reject_one(**changes)
    assert (rejected.record_key, rejected.field) == ("i-1", field)
    assert rejected.reason


def test_a_record_without_an_id_is_set_aside() -> None:
    assert reject_one(without="InvoiceID").record_key == "?"
    assert reject_one(Status="PAID", InvoiceID=7).record_key == "?"
    assert reject_one(InvoiceID="x" * 256).field == "InvoiceID"
    assert reject_one(InvoiceID="a\0b").record_key == "a?b"
    assert reject_one(InvoiceID="a\ud800").record_key == "a?"
    # What is no record at all is set aside like one.
    _records, rejected = collect([None, 5, [INVOICE], "x"], INVOICES, BOOKS)
    assert [(each.record_key, each.field) for each in rejected] == [("?", "record")] * 4


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
    reported = {"UpdatedDateUTC": "/Date(1539946800000+1300)/"}
    assert read_instant(reported, "UpdatedDateUTC") == datetime(2018, 10, 19, 11, tzinfo=UTC)
    plain = {"UpdatedDateUTC": "2018-10-19T11:00:00"}
    assert read_instant(plain, "UpdatedDateUTC") == datetime(2018, 10, 19, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reported", "amount"),
    [
        (46.0, "46.0"),
        ("50.00", "50.00"),
        (7, "7"),
        ("-1,850.25", "-1850.25"),
        ("(12.50)", "-12.50"),
    ],
)
def test_money_is_read_however_it_is_written(reported: object, amount: str) -> None:
    assert str(money_of(reported, "Total")) == amount


def test_money_must_be_there() -> None:
    wrong: tuple[object, ...] = (None, False, [], "", "1.2.3")
    for reported in wrong:
        with pytest.raises(SkipRecord, match="Total: "):
            money_of(reported, "Total")
