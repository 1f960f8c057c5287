"""The rows of Xero's reports, by the account's id in their attributes; never by their text."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.connectors.xero.chart import Chart
from shared.connectors.xero.client import list_in
from shared.connectors.xero.fields import money_of
from shared.errors import SkipRecord, VendorUnavailable

# A report begins its assets and its liabilities with a section that has a title and no rows.
LIABILITIES_HEADING = 2
ACCOUNT_ATTRIBUTES = frozenset({"account", "accountid"})
Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SheetRow:
    """An account's amount as its section has it: had among assets, owed among liabilities."""

    account_id: str
    amount: Decimal
    among_liabilities: bool

    @property
    def had(self) -> Decimal:
        """What is had: negative where it is owed."""
        return -self.amount if self.among_liabilities else self.amount


def read_balance_sheet(body: Node, chart: Chart) -> list[SheetRow]:
    """The accounts of a balance sheet at its first day, which is the one asked for."""
    rows, headings = [], 0
    for section in _sections(body, "BalanceSheet"):
        found = [(_account_of(row), row) for row in _rows(section)]
        headings += not section.get("Rows")
        known = [chart.get(account_id) for account_id, _row in found if account_id]
        # A bank account alone tells no side: an overdrawn one may stand on either.
        owed = headings >= LIABILITIES_HEADING or any(each and each.is_liability for each in known)
        rows += [SheetRow(each, _amount(row, 1), owed) for each, row in found if each]
    return rows


def read_bank_summary(body: Node) -> dict[str, Decimal]:
    """The closing balance of each bank account; less than nothing where it is overdrawn."""
    closing: dict[str, Decimal] = {}
    for section in _sections(body, "BankSummary"):
        for row in _rows(section):
            account_id = _account_of(row)
            if account_id:
                closing[account_id] = _amount(row, -1)
    return closing


def _sections(body: Node, kind: str) -> Iterator[Node]:
    reports = list_in(body, "Reports")
    if len(reports) != 1 or reports[0].get("ReportType", kind) != kind:
        raise VendorUnavailable(f"xero: an answer is not one report {kind}")
    for row in list_in(reports[0], "Rows"):
        if row.get("RowType") == "Section":
            yield row


def _rows(section: Node) -> Iterator[Node]:
    """Rows of accounts; sums and headings have another type."""
    rows: Iterable[Node] = section.get("Rows") or ()
    for row in rows:
        if row.get("RowType") == "Section":
            yield from _rows(row)
        elif row.get("RowType") == "Row":
            yield row


def _account_of(row: Node) -> str | None:
    for cell in row.get("Cells") or ():
        for attribute in cell.get("Attributes") or ():
            if str(attribute.get("Id")).lower() in ACCOUNT_ATTRIBUTES:
                return str(attribute.get("Value")).lower()
    return None


def _amount(row: Node, column: int) -> Decimal:
    cells = row.get("Cells") or ()
    try:
        told = cells[column].get("Value")
        return Decimal(0) if told == "" else money_of(told, "Value")
    except (IndexError, SkipRecord):
        raise VendorUnavailable("xero: a report's row has no amount to read") from None
