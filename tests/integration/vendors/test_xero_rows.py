"""What the books' repository keeps, closes and refuses, with two tenants."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest

from shared.connectors.xero.invoices import collect
from shared.connectors.xero.shapes import INVOICES
from shared.domain.accounts import (
    AccountBalance,
    ClosedInvoice,
    DayBalances,
    InvoiceKind,
    OpenInvoice,
)
from shared.domain.rejections import Kept
from shared.domain.working_capital import AccountClass
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from shared.use_cases.vendors import Books as Vendor
from tests.fixtures.mutations import mutate
from workers.wiring import Wiring

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
INVOICE = OpenInvoice(
    "i-1", InvoiceKind.RECEIVABLE, "AUTHORISED", date(2026, 2, 1), date(2026, 3, 1), "USD",
    Decimal("1.1"), Decimal(100), Decimal(100), None,
)  # fmt: skip
CASH = AccountBalance(AccountClass.CASH, "bank", Decimal(70), "EUR")
STOCK = AccountBalance(AccountClass.INVENTORY, "stock", Decimal(30), "EUR")
LAST = """
SELECT DISTINCT ON (account_code) account_code, amount FROM account_balances
ORDER BY account_code, balance_date DESC
"""


NODE = {
    "Type": "ACCREC",
    "InvoiceID": "",
    "Status": "AUTHORISED",
    "Date": "/Date(1767225600000+0000)/",
    "DueDate": "2026-02-01",
    "Total": 120.5,
    "AmountDue": "20.50",
    "CurrencyCode": "USD",
    "CurrencyRate": 1.0873,
}
BERLIN = Vendor("Muster", "EUR", "Europe/Berlin")


class Books:
    """One tenant's books."""

    def __init__(self, wiring: Wiring, tenant: UUID) -> None:
        self._wiring, self._tenant = wiring, tenant
        self.opener: OpenUnitOfWork = wiring.unit_of_work(tenant, actor="test")

    def keep(self, *invoices: OpenInvoice) -> Kept:
        """Writes invoices."""
        with self.opener() as work:
            return work.books.upsert_invoices(work.companies.get().id, "xero", invoices)

    def close(self, *closed: ClosedInvoice) -> int:
        """Closes invoices."""
        with self.opener() as work:
            return work.books.close_invoices("xero", closed)

    def write(self, day: date, reported: DayBalances) -> Kept:
        """Writes the balances of a day."""
        with self.opener() as work:
            return work.books.upsert_balances(work.companies.get().id, "xero", day, reported)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What a query finds."""
        with tenant_transaction(self._wiring.database, self._tenant) as connection:
            return [tuple(row.values()) for row in connection.execute(query)]

    def invoices(self) -> list[tuple[object, ...]]:
        """Status, due and day of each invoice, by id."""
        query = (
            "SELECT source_invoice_id, status, amount_due, closed_on FROM open_invoices ORDER BY 1"
        )
        return self.rows(query)


@pytest.fixture
def ours(wiring: Wiring, acme: UUID) -> Books:
    return Books(wiring, acme)


@pytest.fixture
def theirs(wiring: Wiring, globex: UUID) -> Books:
    return Books(wiring, globex)


def test_a_closing_closes_the_row_that_is_there_and_adds_none(ours: Books, theirs: Books) -> None:
    ours.keep(INVOICE)
    theirs.keep(INVOICE)
    closed = ClosedInvoice("i-1", "PAID", date(2026, 3, 9))
    assert ours.close(closed, ClosedInvoice("i-9", "PAID", date(2026, 3, 9))) == 1
    assert ours.invoices() == [("i-1", "PAID", Decimal(0), date(2026, 3, 9))]
    assert theirs.invoices() == [("i-1", "AUTHORISED", Decimal(100), None)]
    # A replay changes nothing; a closing that names no day leaves the one that is known.
    assert ours.close(closed) == 0
    assert ours.close(replace(closed, closed_on=None)) == 0
    assert ours.close(ClosedInvoice("i-1", "VOIDED", None)) == 1
    assert ours.invoices() == [("i-1", "VOIDED", Decimal(0), date(2026, 3, 9))]


def test_a_closing_without_a_day_closes_on_the_day_of_issue(ours: Books) -> None:
    ours.keep(INVOICE)
    assert ours.close(ClosedInvoice("i-1", "VOIDED", None)) == 1
    assert ours.close(ClosedInvoice("i-1", "VOIDED", None)) == 0
    assert ours.invoices() == [("i-1", "VOIDED", Decimal(0), date(2026, 2, 1))]


def test_a_row_that_the_table_refuses_takes_no_other_with_it(ours: Books, theirs: Books) -> None:
    odd = [
        replace(INVOICE, source_invoice_id="rate", exchange_rate=Decimal(0)),
        replace(INVOICE, source_invoice_id="currency", currency="usd"),
        replace(INVOICE, source_invoice_id="amount", amount_due=Decimal(10) ** 14),
    ]
    good = [replace(INVOICE, source_invoice_id=f"i-{number}") for number in range(20)]
    kept = ours.keep(*good[:7], odd[0], *good[7:], *odd[1:])
    assert kept.changed == 20
    assert sorted(each.record_key for each in kept.rejected) == ["amount", "currency", "rate"]
    assert len(ours.invoices()) == 20
    assert theirs.invoices() == []
    reported = DayBalances((CASH, replace(STOCK, currency="eur")))
    written = ours.write(MONDAY, reported)
    assert (written.changed, [each.record_key for each in written.rejected]) == (1, ["stock"])
    assert ours.rows(LAST) == [("bank", Decimal(70))]


def test_whatever_is_read_of_odd_records_the_tables_take(ours: Books, theirs: Books) -> None:
    random, read, rejected = Random(3), [], []
    for number in range(3000):
        node = mutate({**NODE, "InvoiceID": f"id-{number}"}, random)
        items, odd = collect([node], INVOICES, BERLIN)
        read += [item for item in items if isinstance(item, OpenInvoice)]
        rejected += odd
    kept = ours.keep(*read)
    assert kept.rejected == ()
    assert kept.changed == len({each.source_invoice_id for each in read}) > 100
    with ours.opener() as work:
        work.rejections.add(None, "invoices", rejected)
    assert ours.rows("SELECT sum(times_seen) FROM rejected_records") == [(len(rejected),)]
    assert len(rejected) > 1000
    assert theirs.invoices() == []


def test_an_account_that_is_gone_ends_and_one_that_was_not_read_does_not(
    ours: Books, theirs: Books
) -> None:
    for books in (ours, theirs):
        assert books.write(MONDAY, DayBalances((CASH, STOCK))).changed == 2
    unread = DayBalances((), unread=frozenset({"stock"}))
    assert ours.write(TUESDAY, unread).changed == 1
    assert ours.rows(LAST) == [("bank", Decimal(0)), ("stock", Decimal(30))]
    # What is missing may be any account's: no balance ends.
    assert theirs.write(TUESDAY, DayBalances((), whole=False)).changed == 0
    assert theirs.rows(LAST) == [("bank", Decimal(70)), ("stock", Decimal(30))]
    assert theirs.write(TUESDAY, DayBalances(())).changed == 2
    assert theirs.rows(LAST) == [("bank", Decimal(0)), ("stock", Decimal(0))]
