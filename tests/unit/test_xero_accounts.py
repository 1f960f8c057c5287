"""What each account of Xero's chart counts as, and what a balance sheet comes to."""

from typing import Any

import pytest

from shared.connectors.xero.balances import sum_balances
from shared.connectors.xero.chart import Chart
from shared.connectors.xero.sheet import Sheet, read_balance_sheet
from shared.errors import VendorUnavailable


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
    reported = sum_balances(read_balance_sheet(body, chart), chart, "EUR")
    assert (reported.rejected, reported.unread, reported.whole) == ((), frozenset(), True)
    balances = reported.balances
    assert all(each.account_code == "a-1" and each.currency == "EUR" for each in balances)
    return [(each.account_class.value, int(each.amount)) for each in balances]


def test_an_account_that_the_sheet_leaves_out_is_at_zero() -> None:
    chart = Chart([{"AccountID": "a", "Type": "INVENTORY"}])
    (balance,) = sum_balances(Sheet(), chart, "EUR").balances
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


@pytest.mark.parametrize(
    ("node", "field"),
    [
        ({"AccountID": "A"}, "Type"),
        ({"AccountID": "A", "Type": "FLOWERS"}, "Type"),
        ({"AccountID": "A", "Type": "CURRENT", "SystemAccount": 5}, "SystemAccount"),
        ({"AccountID": "A", "Type": "CURRENT", "SystemAccount": "SAFE"}, "SystemAccount"),
        ({"AccountID": "A", "Type": "BANK", "BankAccountType": "SAFE"}, "BankAccountType"),
    ],
)
def test_an_account_that_nobody_can_class_is_set_aside_and_never_at_zero(
    node: dict[str, Any], field: str
) -> None:
    chart = Chart([{"AccountID": "b", "Type": "INVENTORY"}, node])
    reported = sum_balances(Sheet(), chart, "EUR")
    assert [each.account_code for each in reported.balances] == ["b"]
    assert [(each.record_key, each.field) for each in reported.rejected] == [("a", field)]
    assert (reported.unread, reported.whole) == ({"a"}, True)


def test_an_account_without_an_id_leaves_all_that_is_not_reported_as_it_was() -> None:
    chart = Chart([{"AccountID": "b", "Type": "INVENTORY"}, {"Type": "BANK"}, None])
    reported = sum_balances(Sheet(), chart, "EUR")
    assert [each.account_code for each in reported.balances] == ["b"]
    assert [each.field for each in reported.rejected] == ["AccountID", "account"]
    assert not reported.whole
