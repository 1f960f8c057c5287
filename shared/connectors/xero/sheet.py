"""A balance sheet against the chart of accounts: which side each amount stands on, and what is not sure of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from shared.connectors.xero.chart import Chart, LedgerAccount
from shared.connectors.xero.fields import Node
from shared.connectors.xero.report_rows import ReportRow, Section, read_report
from shared.domain.rejections import reject
from shared.domain.sales import RejectedRecord
from shared.errors import SkipRecord

# What Xero gives the row of the year's earnings as its account's id.
EARNINGS = frozenset({str(UUID(int=0)), "abababab-abab-abab-abab-abababababab"})
# A report begins its assets and its liabilities with a section that has a title and no rows; some have none.
LIABILITIES_HEADING = 2
HEADINGS = frozenset({0, LIABILITIES_HEADING})


@dataclass(slots=True)
class Sheet:
    """What stands on each account of a balance sheet: had positive, owed negative; and what could not be read.

    An account of the chart that the sheet leaves out is at zero only where the sheet is `whole`, and never
    one that is `unread`. `unknown` are ids that the chart does not have.
    """

    amounts: dict[str, Decimal] = field(default_factory=dict)
    rejected: list[RejectedRecord] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    whole: bool = True

    def had(self, account_id: str) -> Decimal | None:
        """What stands on an account of the chart; None where the sheet does not say."""
        if account_id in self.unread:
            return None
        return self.amounts.get(account_id, Decimal(0) if self.whole else None)

    def add(self, account_id: str, amount: Decimal) -> None:
        """Adds a row to its account."""
        self.amounts[account_id] = self.amounts.get(account_id, Decimal(0)) + amount

    def doubt(self, key: str, reason: str) -> None:
        """Sets aside what may belong to any account."""
        self.rejected.append(reject(key, SkipRecord(reason)))
        self.whole = False


def read_balance_sheet(body: Node, chart: Chart) -> Sheet:
    """The accounts of a balance sheet at its first day, which is the one asked for."""
    report = read_report(body, "BalanceSheet", 1)
    counted = sum(section.is_heading for section in report.sections)
    sides_are_sure = counted == LIABILITIES_HEADING or (not counted and report.has_all_sections)
    sheet = Sheet({}, report.rejected, {*report.unread, *chart.unread}, set(), report.whole)
    if counted not in HEADINGS:
        sheet.doubt(
            "headings", f"Rows: {counted} sections have none; a sheet has two such headings"
        )
    headings = 0
    for number, section in enumerate(report.sections, start=1):
        headings += section.is_heading
        known = [chart.get(row.account_id) for row in section.rows if row.account_id]
        side = _Side([each for each in known if each], headings if sides_are_sure else None)
        _check_sum(sheet, section, side, f"section {number}")
        for row in section.rows:
            _add_row(sheet, row, section, side, chart)
    return sheet


class _Side:
    """Where a section stands; `headings` is None where what was not read may have been a heading."""

    def __init__(self, known: list[LedgerAccount], headings: int | None) -> None:
        # A bank account alone shows no side: an overdrawn one may stand on either.
        others = [each for each in known if not each.is_bank]
        self.is_known = headings is not None or bool(others)
        self.is_owed = (headings or 0) >= LIABILITIES_HEADING or any(
            each.is_liability for each in others
        )
        self.is_equity = any(each.is_equity for each in known)


def _add_row(sheet: Sheet, row: ReportRow, section: Section, side: _Side, chart: Chart) -> None:
    account_id, amount = row.account_id, row.amount
    if amount is None or account_id in EARNINGS or account_id in chart.unread:
        return
    if account_id is None or chart.get(account_id) is None:
        # What no chart knows is computed, such as the net assets, which stand in a section without a title.
        if account_id is not None:
            sheet.unknown.add(account_id)
        is_computed = side.is_equity or (account_id is None and section.title == "")
        if amount and not is_computed:
            sheet.doubt(account_id or "?", "Attributes: names no account of the chart of accounts")
    elif side.is_known:
        sheet.add(account_id, -amount if side.is_owed else amount)
    else:
        sheet.rejected.append(
            reject(account_id, SkipRecord("Rows: nobody can say whether this is had or owed"))
        )
        sheet.unread.add(account_id)


def _check_sum(sheet: Sheet, section: Section, side: _Side, key: str) -> None:
    """Holds the rows against the sum that the vendor reports: what is not in them is in another row.

    Not of equity, which counts nowhere, nor of sums of sections, which stand in one without a title.
    """
    amounts = [row.amount for row in section.rows]
    if section.total is None or side.is_equity or section.title == "" or None in amounts:
        return
    added = _add_up(amounts)
    if added != section.total:
        sheet.doubt(key, f"SummaryRow: is {section.total:f}, and its rows are {added:f}")


def _add_up(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), Decimal(0))
