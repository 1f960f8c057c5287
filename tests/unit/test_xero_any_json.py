"""Whatever JSON stands in whatever field, no page ends: each record is kept, closes, or is set aside."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.connectors.xero.balances import sum_balances
from shared.connectors.xero.chart import Chart
from shared.connectors.xero.connector import XeroConnector
from shared.connectors.xero.shapes import INVOICES, SHAPES, Shape
from shared.connectors.xero.sheet import read_balance_sheet
from shared.domain.accounts import ClosedInvoice, DayBalances, OpenInvoice
from shared.domain.limit import Limit, NoLimit, Quota
from shared.domain.sales import RejectedRecord
from shared.use_cases.vendors import Answer, Call, ItemPage
from tests.fixtures.mutations import ODD, mutate

NOW = datetime(2026, 11, 20, tzinfo=UTC)
LARGEST = Decimal("9999999999999.99")
# What .NET writes for no date, for a far one, and what is none.
XERO_DATES = (
    "/Date(-62135596800000+0000)/", "/Date(568971820800000)/", "/Date(0+9999)/", "/Date()/",
    f"/Date({'9' * 17})/", f"/Date({'9' * 5000})/", "/Date(1767225600000+1400)/",
)  # fmt: skip
WORDS = (
    "PAID",
    "VOIDED",
    "DRAFT",
    "AUTHORISED",
    "AROVERPAYMENT",
    "USD",
    "Row",
    "Section",
    "Header",
    "SummaryRow",
    "account",
)
MORE = (*XERO_DATES, *WORDS)

text = st.text(st.characters(exclude_categories=()), max_size=12)
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | text | st.sampled_from((*ODD, *MORE))
)
any_json = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3)
)
BY_STREAM = {shape.stream: shape for shape in SHAPES}
KINDS = {shape.stream: next(iter(shape.kinds)) for shape in SHAPES}


class Books:
    """An API that has one organisation, and one page of whatever it is given."""

    def __init__(self) -> None:
        self.body: dict[str, Any] = {}

    def send(self, call: Call) -> Answer:
        """The organisation, or the page."""
        organisation = {"BaseCurrency": "EUR", "Timezone": "WEUROPESTANDARDTIME"}
        found = {"Organisations": [organisation]} if "Organisation" in call.path else self.body
        return Answer(200, {}, found)

    @contextmanager
    def download(self, url: str) -> Iterator[Iterator[bytes]]:
        """Xero has no files."""
        yield iter([url.encode()])


def no_limit(_account: str, _quota: Quota) -> Limit:
    return NoLimit()


API = Books()
CONNECTOR = XeroConnector(API, "an-id", no_limit, lambda: NOW)


def good(shape: Shape, number: int, **changes: Any) -> dict[str, Any]:
    """A record as the endpoint has it."""
    return {
        shape.id_field: f"id-{number}",
        "Type": KINDS[shape.stream],
        "Status": "AUTHORISED",
        "Date": "/Date(1767225600000+0000)/",
        "DueDate": "/Date(1769817600000)/",
        "Total": 120.5,
        shape.due_field: "20.50",
        "CurrencyCode": "USD",
        "CurrencyRate": 1.0873,
        "UpdatedDateUTC": "/Date(1767310200000+0000)/",
        **changes,
    }


def read(shape: Shape, nodes: list[Any], pagination: object = None) -> ItemPage:
    """The first page."""
    API.body = {shape.endpoint: nodes, "pagination": pagination}
    return next(CONNECTOR.invoice_pages(NOW, None, shape.stream))


def check(page: ItemPage, sent: int) -> None:
    """No record is lost, and all that is kept fits its columns."""
    left_out = sum(page.left_out.values())
    assert len(page.records) + len(page.closed) + len(page.rejected) + left_out == sent
    for record in page.records:
        check_open(record)
    for closed in page.closed:
        check_closed(closed)
    for rejected in page.rejected:
        check_rejected(rejected)


def check_open(record: OpenInvoice) -> None:
    check_text(record.source_invoice_id, 255)
    assert re.fullmatch("[A-Z]{3}", record.currency)
    for amount in (record.total_amount, record.amount_due):
        check_money(amount)
    rate = record.exchange_rate
    assert rate is None or Decimal("0.00000001") <= rate.quantize(Decimal("0.00000001")) < 10**10
    days = [day for day in (record.issued_on, record.due_on, record.closed_on) if day]
    assert all(1990 <= day.year <= 2200 for day in days)
    assert (record.closed_on is None) == (record.amount_due != 0)


def check_closed(closed: ClosedInvoice) -> None:
    check_text(closed.source_invoice_id, 255)
    assert closed.status in {"AUTHORISED", "PAID", "VOIDED", "DELETED"}
    assert closed.closed_on is None or 1990 <= closed.closed_on.year <= 2200


def check_rejected(rejected: RejectedRecord) -> None:
    check_text(rejected.record_key, 255)
    check_text(rejected.field, 100)
    check_text(rejected.reason, 1000)


def check_text(reported: str, longest: int) -> None:
    assert 0 < len(reported) <= longest
    assert "\0" not in reported
    reported.encode()


def check_money(amount: Decimal) -> None:
    assert amount == amount.quantize(Decimal("0.01"))
    assert abs(amount) <= LARGEST


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(SHAPES), st.data())
def test_any_value_in_any_field_ends_no_page(shape: Shape, data: st.DataObject) -> None:
    fields = [*sorted(good(shape, 2)), "FullyPaidOnDate", "DateString", "DueDateString"]
    node = good(shape, 2, Status=data.draw(st.sampled_from(("AUTHORISED", "PAID", "VOIDED"))))
    for field in data.draw(st.lists(st.sampled_from(fields), min_size=1, max_size=3)):
        node[field] = data.draw(any_json)
    page = read(shape, [good(shape, 1), node, good(shape, 3)])
    check(page, 3)
    assert {"id-1", "id-3"} <= {each.source_invoice_id for each in page.records}


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(SHAPES), any_json, any_json, any_json)
def test_any_value_instead_of_a_record_or_beside_it_ends_no_page(
    shape: Shape, value: Any, size: Any, pages: Any
) -> None:
    nodes = [value, good(shape, 1), value]
    check(read(shape, nodes, size), 3)
    page = read(shape, nodes, {"pageSize": size, "pageCount": pages})
    check(page, 3)
    assert "id-1" in {each.source_invoice_id for each in page.records}


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(["PAID", "VOIDED", "DELETED"]), st.dictionaries(
    st.sampled_from(["Type", "Date", "DueDate", "Total", "AmountDue", "CurrencyCode", "CurrencyRate",
                     "FullyPaidOnDate", "UpdatedDateUTC"]), any_json))  # fmt: skip
def test_what_is_closed_closes_with_any_value_in_any_other_field(
    status: str, odd: dict[str, Any]
) -> None:
    if odd.get("Type") == "AROVERPAYMENT":
        del odd["Type"]
    page = read(INVOICES, [good(INVOICES, 1, Status=status, **odd)])
    found: list[Any] = [*page.records, *page.closed]
    [closed] = found
    assert (closed.source_invoice_id, closed.status, closed.amount_due) == ("id-1", status, 0)
    assert page.rejected == ()


def test_thousands_of_odd_pages_lose_no_record() -> None:
    random = Random(7)
    kept, rejected, closed = 0, 0, 0
    for number in range(4000):
        shape = SHAPES[number % len(SHAPES)]
        status = ("AUTHORISED", "PAID", "VOIDED")[number % 3]
        nodes = [mutate(good(shape, 1, Status=status), random, MORE), good(shape, 2)]
        page = read(shape, nodes)
        check(page, 2)
        kept, rejected = kept + len(page.records), rejected + len(page.rejected)
        closed += len(page.closed)
    assert min(kept, rejected, closed) > 500


# A chart and its sheet: what stands on each account, and where.
ACCOUNTS: list[dict[str, Any]] = [
    {"AccountID": "giro", "Type": "BANK", "Class": "ASSET", "BankAccountType": "BANK"},
    {"AccountID": "debtors", "Type": "CURRENT", "Class": "ASSET", "SystemAccount": "DEBTORS"},
    {"AccountID": "stock", "Type": "INVENTORY", "Class": "ASSET", "SystemAccount": ""},
    {"AccountID": "creditors", "Type": "CURRLIAB", "Class": "LIABILITY", "SystemAccount": "CREDITORS"},
    {"AccountID": "loan", "Type": "CURRLIAB", "Class": "LIABILITY", "SystemAccount": None},
    {"AccountID": "empty", "Type": "INVENTORY", "Class": "ASSET"},
    {"AccountID": "capital", "Type": "EQUITY", "Class": "EQUITY"},
]  # fmt: skip
COUNTED = {"giro", "debtors", "stock", "creditors", "loan", "empty"}
TRUTH = {
    "CASH giro": Decimal(50), "SHORT_TERM_DEBT giro": Decimal(0), "ACCOUNTS_RECEIVABLE debtors": Decimal(7),
    "INVENTORY stock": Decimal(9), "ACCOUNTS_PAYABLE creditors": Decimal(11), "SHORT_TERM_DEBT loan": Decimal(20),
    "INVENTORY empty": Decimal(0),
}  # fmt: skip


def cells(account: str | None, amount: str) -> list[Any]:
    """An account's name, its amount, and that of a year before."""
    attributes = [{"Id": "account", "Value": account}] if account else []
    return [{"Value": reported, "Attributes": attributes} for reported in ("?", amount, "1234.56")]


def section(title: str, *rows: tuple[str | None, str]) -> dict[str, Any]:
    """A section with its sum."""
    added = sum((Decimal(amount) for _, amount in rows), Decimal(0))
    reported = [{"RowType": "Row", "Cells": cells(*each)} for each in rows]
    total = {"RowType": "SummaryRow", "Cells": cells(None, f"{added:f}")}
    return {"RowType": "Section", "Title": title, "Rows": [*reported, total] if rows else []}


SECTIONS = [
    section("Assets"),
    section("Bank", ("giro", "50.00")),
    section("Current", ("debtors", "7.00"), ("stock", "9.00")),
    section("Liabilities"),
    section("Owed", ("creditors", "11.00"), ("loan", "20.00")),
    section("", (None, "35.00")),
    section("Equity", ("capital", "35.00")),
]


def balances(accounts: list[Any], sections: list[Any]) -> DayBalances:
    """What is read of a chart and a sheet."""
    chart = Chart(accounts)
    body = {"Reports": [{"ReportType": "BalanceSheet", "Rows": sections}]}
    return sum_balances(read_balance_sheet(body, chart), chart, "EUR")


def figures(reported: DayBalances) -> dict[str, Decimal]:
    return {
        f"{each.account_class.value} {each.account_code}": each.amount for each in reported.balances
    }


def check_balances(reported: DayBalances) -> set[str]:
    """Each account is reported or keeps its balance; returns those that are reported."""
    for each in reported.balances:
        check_text(each.account_code, 100)
        check_money(each.amount)
    for rejected in reported.rejected:
        check_rejected(rejected)
    known = {each.account_code for each in reported.balances}
    assert not known & reported.unread
    return known


def test_the_sheet_is_read_as_it_is() -> None:
    reported = balances(ACCOUNTS, SECTIONS)
    assert figures(reported) == TRUTH
    assert (reported.rejected, reported.whole) == ((), True)


def test_any_value_in_any_place_of_a_sheet_makes_no_other_figure_false() -> None:
    random = Random(11)
    seen, set_aside = 0, 0
    for number in range(8000):
        place = number % len(SECTIONS)
        odd = [*SECTIONS[:place], mutate(SECTIONS[place], random, MORE, 1), *SECTIONS[place + 1 :]]
        reported = balances(ACCOUNTS, odd)
        known = check_balances(reported)
        assert known | reported.unread >= COUNTED
        set_aside += bool(reported.rejected)
        # Of the section itself one amount may be another one; none of the others may.
        own = {row["Cells"][0]["Attributes"][0]["Value"] for row in SECTIONS[place]["Rows"][:-1]
               if row["Cells"][0]["Attributes"]}  # fmt: skip
        for key, amount in figures(reported).items():
            if key.split()[1] not in own:
                assert amount == TRUTH[key], (key, odd[place])
                seen += 1
    assert seen > 10_000
    assert set_aside > 1000


def test_no_account_of_an_odd_row_is_at_zero_unless_it_says_so() -> None:
    random = Random(13)
    for number in range(6000):
        place = (1, 2, 4)[number % 3]
        odd = mutate(SECTIONS[place], random, MORE, 1)
        reported = figures(balances(ACCOUNTS, [*SECTIONS[:place], odd, *SECTIONS[place + 1 :]]))
        wrong = {key for key, amount in reported.items() if amount == 0 and TRUTH[key] != 0}
        if reported.get("SHORT_TERM_DEBT giro"):
            # Less than nothing stands there now: that is no cash.
            wrong.discard("CASH giro")
        assert not wrong or _says_nothing(odd), (wrong, odd)


def test_any_value_in_any_field_of_an_account_makes_no_figure_false() -> None:
    random = Random(17)
    for number in range(6000):
        place = number % len(ACCOUNTS)
        account = mutate(ACCOUNTS[place], random, MORE, 1)
        reported = balances([*ACCOUNTS[:place], account, *ACCOUNTS[place + 1 :]], SECTIONS)
        known = check_balances(reported)
        for key, amount in figures(reported).items():
            own = key.split()[1] not in COUNTED or key.split()[1] == ACCOUNTS[place]["AccountID"]
            assert own or amount == TRUTH[key], (key, account)
        others = COUNTED - {str(ACCOUNTS[place]["AccountID"]), "empty"}
        assert others <= known, account


@pytest.mark.parametrize("odd", [*ODD, *MORE], ids=lambda odd: repr(odd)[:20])
def test_an_odd_value_is_no_account_and_no_row(odd: Any) -> None:
    reported = balances([odd, *ACCOUNTS], [*SECTIONS, odd])
    assert figures(reported).items() <= TRUTH.items()
    assert len(reported.rejected) == 2
    assert not reported.whole


def _says_nothing(odd: Any) -> bool:
    """Whether a cell with an amount holds what is zero."""
    nothing: tuple[object, ...] = (0, 1e-9, "", "1e-400", False)
    rows: Any = odd.get("Rows") if isinstance(odd, dict) else []
    amounts = [row["Cells"][1].get("Value") for row in rows if row["RowType"] == "Row"]
    return any(amount in nothing for amount in amounts)


def test_a_day_that_cannot_be_meant_is_named() -> None:
    page = read(INVOICES, [good(INVOICES, 1, Date=reported) for reported in XERO_DATES])
    assert [each.field for each in page.rejected] == ["Date"] * 6
    assert [each.issued_on for each in page.records] == [date(2026, 1, 1)]
