"""The rows of Xero's reports, by the account's id in their attributes; never by their text."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from shared.connectors.xero.chart import read_account_id
from shared.connectors.xero.client import list_in
from shared.connectors.xero.fields import Node, money_of
from shared.domain.fields import require_node, show
from shared.domain.rejections import reject
from shared.domain.sales import RejectedRecord
from shared.errors import SkipRecord, VendorUnavailable

ACCOUNT_ATTRIBUTES = frozenset({"account", "accountid"})
# Rows that hold no account's amount.
SUMMING = frozenset({"Header", "SummaryRow"})


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A row with its account; an amount that could not be read is None, and an id that is not there too."""

    account_id: str | None
    amount: Decimal | None


@dataclass(slots=True)
class Section:
    """The rows of one section. `total` is what the vendor says that they add up to, None where it does not."""

    title: str
    rows: list[ReportRow] = field(default_factory=list)
    total: Decimal | None = None
    # Nothing below it: assets and liabilities each begin with such a section.
    is_heading: bool = False


@dataclass(slots=True)
class Report:
    """A report's sections, and its rows that could not be read.

    `unread` are accounts whose amount could not be; `whole` is False where not even the account is known,
    `has_all_sections` where it may have been a section.
    """

    sections: list[Section] = field(default_factory=list)
    rejected: list[RejectedRecord] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    whole: bool = True
    has_all_sections: bool = True
    # How many cells its rows have: one that lacks a cell has its amounts in other columns.
    width: int = 0

    def set_aside(self, key: str | None, error: SkipRecord) -> None:
        """Notes what could not be read, and of which account."""
        self.rejected.append(reject(key or "?", error))
        if key is None:
            self.whole = False
        else:
            self.unread.add(key)


def read_report(body: Node, kind: str, column: int) -> Report:
    """The accounts of a report of this kind with their amounts in one column."""
    reports = list_in(body, "Reports")
    reported = reports[0] if len(reports) == 1 else None
    if not isinstance(reported, dict) or reported.get("ReportType", kind) != kind:
        raise VendorUnavailable(f"xero: an answer is not one report {kind}")
    rows = list_in(reported, "Rows")
    report = Report(width=_width(rows))
    for each in rows:
        try:
            node = require_node(each, "row")
            if _type_of(node, outside=True) == "Section":
                report.sections.append(_read_section(node, column, report))
        except SkipRecord as error:
            report.set_aside(None, error)
            report.has_all_sections = False
    return report


def _read_section(node: Node, column: int, report: Report) -> Section:
    title = node.get("Title")
    section = Section(title if isinstance(title, str) else "?")
    rows = _rows_of(node)
    section.is_heading = not rows
    for each in rows:
        if isinstance(each, dict) and each.get("RowType") == "SummaryRow":
            section.total = _amount_or_none(each, column, report.width)
    for row in _flatten(rows, report):
        section.rows += _read_row(row, column, report)
    return section


def _flatten(rows: list[object], report: Report) -> Iterator[Node]:
    """The rows of accounts; sums and headings have another type, and a section may hold another one."""
    waiting = rows[::-1]
    while waiting:
        try:
            node = require_node(waiting.pop(), "row")
            kind = _type_of(node)
            if kind == "Row":
                yield node
            elif kind == "Section":
                waiting += _rows_of(node)[::-1]
        except SkipRecord as error:
            report.set_aside(None, error)


def _read_row(row: Node, column: int, report: Report) -> Iterator[ReportRow]:
    account_id = None
    try:
        account_id = _account_of(row)
        yield ReportRow(account_id, _amount(row, column, report.width))
    except SkipRecord as error:
        report.set_aside(account_id, error)
        yield ReportRow(account_id, None)


def _type_of(node: Node, *, outside: bool = False) -> str:
    kind = node.get("RowType")
    if not isinstance(kind, str) or (kind not in SUMMING and kind not in {"Section", "Row"}):
        raise SkipRecord(f"RowType: {show(kind)} is not known")
    if outside and kind == "Row":
        raise SkipRecord("RowType: a row stands outside of any section")
    # A section holds rows and no cells, and all others the other way about.
    if node.get("Cells" if kind == "Section" else "Rows"):
        raise SkipRecord(f"RowType: {kind} does not go with what it holds")
    return kind


def _rows_of(section: Node) -> list[object]:
    rows = section.get("Rows")
    if rows is not None and not isinstance(rows, list):
        raise SkipRecord(f"Rows: {show(rows)} is not a list")
    return rows or []


def _account_of(row: Node) -> str | None:
    """The first account that an attribute of a cell names; None where none does."""
    odd: SkipRecord | None = None
    for cell in _cells(row):
        try:
            found = _account_in(cell)
        except SkipRecord as error:
            odd = odd or error
        else:
            if found is not None:
                return found
    if odd is not None:
        raise odd
    return None


def _account_in(cell: Node) -> str | None:
    attributes = cell.get("Attributes")
    if attributes is not None and not isinstance(attributes, list):
        raise SkipRecord(f"Attributes: {show(attributes)} is not a list")
    for attribute in attributes or ():
        node = require_node(attribute, "Attributes")
        name = node.get("Id")
        if isinstance(name, str) and name.lower() in ACCOUNT_ATTRIBUTES:
            return read_account_id(node.get("Value"), "Attributes")
    return None


def _cells(row: Node) -> list[Node]:
    cells = row.get("Cells")
    if not isinstance(cells, list):
        raise SkipRecord(f"Cells: {show(cells)} is not a list")
    return [require_node(cell, "Cells") for cell in cells]


def _amount(row: Node, column: int, width: int) -> Decimal:
    """The amount in a column; an empty text is how Xero writes that there is none."""
    cells = _cells(row)
    if len(cells) != width:
        raise SkipRecord(f"Cells: has {len(cells)} cells where other rows have {width}")
    if not -width <= column < width:
        raise SkipRecord("Cells: has not the one with the amount")
    reported = cells[column].get("Value")
    return Decimal(0) if reported == "" else money_of(reported, "Value")


def _amount_or_none(row: Node, column: int, width: int) -> Decimal | None:
    try:
        return _amount(row, column, width)
    except SkipRecord:
        return None


def _width(rows: list[object]) -> int:
    """How many cells most rows have."""
    inner = (each for row in rows for each in _list(row, "Rows"))
    counts = Counter(len(cells) for row in (*rows, *inner) if (cells := _list(row, "Cells")))
    return counts.most_common(1)[0][0] if counts else 0


def _list(node: object, name: str) -> list[object]:
    reported = node.get(name) if isinstance(node, dict) else None
    return reported if isinstance(reported, list) else []
