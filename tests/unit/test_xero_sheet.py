"""Odd rows of a balance sheet: that account keeps its balance, the others are reported, and nothing becomes zero."""

from decimal import Decimal
from typing import Any

import pytest

from shared.connectors.xero.balances import compare_banks, read_bank_summary, sum_balances
from shared.connectors.xero.chart import Chart
from shared.connectors.xero.sheet import read_balance_sheet
from shared.domain.accounts import BankDifference, DayBalances

CHART = Chart(
    [
        {"AccountID": "giro", "Type": "BANK", "Class": "ASSET"},
        {
            "AccountID": "card",
            "Type": "BANK",
            "Class": "LIABILITY",
            "BankAccountType": "CREDITCARD",
        },
        {"AccountID": "debtors", "Type": "CURRENT", "Class": "ASSET", "SystemAccount": "DEBTORS"},
        {"AccountID": "stock", "Type": "INVENTORY", "Class": "ASSET"},
        {"AccountID": "loan", "Type": "CURRLIAB", "Class": "LIABILITY"},
        {"AccountID": "capital", "Type": "EQUITY", "Class": "EQUITY"},
    ]
)
Node = dict[str, Any]


def row(account: str | None, amount: object) -> Node:
    attributes = [] if account is None else [{"Id": "account", "Value": account}]
    cells = [{"Value": "?", "Attributes": attributes}, {"Value": amount, "Attributes": attributes}]
    return {"RowType": "Row", "Cells": cells}


def total(amount: str) -> Node:
    return {"RowType": "SummaryRow", "Cells": [{"Value": "?"}, {"Value": amount}]}


def section(*rows: object, title: object = "?") -> Node:
    return {"RowType": "Section", "Title": title, "Rows": list(rows)}


def sheet(
    bank: object = None, current: object = None, owed: object = None, heading: object = None
) -> DayBalances:
    rows = [
        section(title="Assets"),
        section(row("giro", "50.00")) if bank is None else bank,
        section(row("debtors", "7.00"), row("stock", "9.00"), total("16.00"))
        if current is None
        else current,
        section(title="Liabilities") if heading is None else heading,
        section(row("card", "3.00")),
        section(row("loan", "20.00")) if owed is None else owed,
        section(row(None, "43.00"), title=""),
        section(row("capital", "40.00"), row("earned-before", "3.00")),
    ]
    body = {"Reports": [{"ReportType": "BalanceSheet", "Rows": rows}]}
    return sum_balances(read_balance_sheet(body, CHART), CHART, "EUR")


def figures(reported: DayBalances) -> dict[str, Decimal]:
    return {
        f"{each.account_class.value} {each.account_code}": each.amount for each in reported.balances
    }


WHOLE = {
    "CASH giro": Decimal("50.00"),
    "SHORT_TERM_DEBT giro": Decimal(0),
    "SHORT_TERM_DEBT card": Decimal("3.00"),
    "ACCOUNTS_RECEIVABLE debtors": Decimal("7.00"),
    "INVENTORY stock": Decimal("9.00"),
    "SHORT_TERM_DEBT loan": Decimal("20.00"),
}


def without(*accounts: str) -> dict[str, Decimal]:
    return {key: each for key, each in WHOLE.items() if key.split()[1] not in accounts}


def test_a_sheet_without_an_odd_row_is_whole() -> None:
    reported = sheet()
    assert figures(reported) == WHOLE
    assert (reported.rejected, reported.unread, reported.whole) == ((), frozenset(), True)


@pytest.mark.parametrize(
    "amount",
    [None, True, [], {}, "?", "\0", 1e400, 10**400, "10000000000000.00", "1,5", "9,99", "NaN"],
)
def test_an_amount_that_no_column_holds_is_set_aside_alone(amount: object) -> None:
    reported = sheet(current=section(row("debtors", "7.00"), row("stock", amount), total("16.00")))
    assert figures(reported) == without("stock")
    assert [(each.record_key, each.field) for each in reported.rejected] == [("stock", "Value")]
    assert (reported.unread, reported.whole) == ({"stock"}, True)


def test_a_sum_that_no_column_holds_is_set_aside_too() -> None:
    half = "9999999999999.00"
    reported = sheet(
        current=section(row("stock", half), row("debtors", "7.00"), row("stock", half))
    )
    assert figures(reported) == without("stock")
    assert [each.record_key for each in reported.rejected] == ["stock"]


@pytest.mark.parametrize(
    "odd",
    [
        None,
        5,
        "row",
        [],
        {},
        {"RowType": "Line", "Cells": []},
        {"RowType": ["Row"]},
        {"RowType": "Row"},
        {"RowType": "Row", "Cells": {}},
        {"RowType": "Row", "Cells": [None, None]},
        row("\0", "9.00"),
        row("x" * 101, "9.00"),
        row("nobody", "9.00"),
        row(None, "9.00"),
        {"RowType": "Row", "Cells": [{"Attributes": 5}, {"Value": "9.00"}]},
        {"RowType": "Row", "Cells": [{"Attributes": [5]}, {"Value": "9.00"}]},
        {"RowType": "Row", "Cells": [{"Attributes": [{"Id": "account"}]}, {"Value": "9.00"}]},
    ],
)
def test_a_row_of_nobody_leaves_what_the_sheet_leaves_out_as_it_was(odd: object) -> None:
    reported = sheet(current=section(row("debtors", "7.00"), odd, total("16.00")))
    # The row may have been the stock's.
    assert figures(reported) == without("stock")
    assert len(reported.rejected) >= 1
    assert "stock" in reported.unread
    assert not reported.whole


def test_a_row_that_is_missing_is_seen_by_the_sum() -> None:
    reported = sheet(current=section(row("debtors", "7.00"), total("16.00")))
    assert figures(reported) == without("stock")
    (rejected,) = reported.rejected
    assert (rejected.record_key, rejected.field) == ("section 3", "SummaryRow")
    assert rejected.reason == "is 16.00, and its rows are 7.00"
    # What is zero stands in no sheet, and the sum says so.
    reported = sheet(current=section(row("debtors", "7.00"), total("7.00")))
    assert figures(reported) == {**WHOLE, "INVENTORY stock": Decimal(0)}
    assert reported.whole


ODD_SECTIONS: tuple[object, ...] = (
    5,
    [],
    {},
    {"RowType": "Section", "Rows": 5},
    {"RowType": "Part"},
    {"RowType": "Header", "Rows": [row("giro", "50.00")]},
    row("giro", "50.00"),
)


@pytest.mark.parametrize("odd", ODD_SECTIONS)
def test_a_section_that_cannot_be_read_takes_no_other_with_it(odd: object) -> None:
    reported = sheet(odd)
    assert figures(reported) == without("giro")
    assert "giro" in reported.unread
    assert not reported.whole
    assert figures(sheet(None, None, odd)) == without("loan")


@pytest.mark.parametrize("odd", ODD_SECTIONS)
def test_without_its_headings_a_sheet_turns_no_bank_around(odd: object) -> None:
    # A bank account alone stands on either side; all others show theirs.
    reported = sheet(heading=odd)
    assert figures(reported) == without("giro", "card")
    assert reported.unread >= {"giro", "card"}
    # A section that has lost its rows looks like a heading.
    assert figures(sheet(section())) == without("giro", "card")


def test_an_account_of_the_chart_that_could_not_be_read_is_set_aside_once() -> None:
    chart = Chart([{"AccountID": "stock", "Type": 5}, {"AccountID": "b", "Type": "BANK"}])
    rows = [section(row("stock", "9.00"), row("b", "1.00"), total("10.00"))]
    body = {"Reports": [{"ReportType": "BalanceSheet", "Rows": rows}]}
    reported = sum_balances(read_balance_sheet(body, chart), chart, "EUR")
    assert figures(reported) == {"CASH b": Decimal("1.00"), "SHORT_TERM_DEBT b": Decimal(0)}
    assert [each.record_key for each in reported.rejected] == ["stock"]
    assert (reported.unread, reported.whole) == ({"stock"}, True)


def test_banks_that_one_report_does_not_give_are_not_compared() -> None:
    def summary(*rows: object) -> Node:
        return {"Reports": [{"ReportType": "BankSummary", "Rows": [section(*rows, title="")]}]}

    rows = [section(row("giro", "50.00"), row("card", []))]
    body = {"Reports": [{"ReportType": "BalanceSheet", "Rows": rows}]}
    read = read_balance_sheet(body, CHART)
    check = compare_banks(read, CHART, read_bank_summary(summary(row("giro", "49.00"))))
    assert check.differences == (BankDifference("giro", Decimal("50.00"), Decimal("49.00")),)
    odd = compare_banks(read, CHART, read_bank_summary(summary(row("giro", None))))
    assert odd.differences == ()
    assert [(each.record_key, each.field) for each in odd.rejected] == [("giro", "Value")]
    lost = compare_banks(read, CHART, read_bank_summary(summary(5)))
    assert lost.differences == ()
    missing = compare_banks(read, CHART, read_bank_summary(summary()))
    assert missing.differences == (BankDifference("giro", Decimal("50.00"), None),)
