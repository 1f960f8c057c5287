"""Invoices, credit notes, overpayments and prepayments as open items. Whom they are with is not read."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from shared.connectors.xero.fields import (
    Node,
    business_day,
    read_instant,
    read_money,
    read_rate,
    require_day,
)
from shared.connectors.xero.shapes import CREDIT_NOTES, INVOICES, OVERPAYMENTS, PREPAYMENTS, Shape
from shared.domain.accounts import ClosedInvoice, InvoiceKind, OpenInvoice
from shared.domain.fields import LONGEST_ID, local_day, read_currency, read_text, require_node, show
from shared.domain.money import NOTHING
from shared.domain.rejections import collect as collect_nodes
from shared.domain.sales import RejectedRecord
from shared.errors import SkipRecord
from shared.use_cases.vendors import Books

__all__ = ["CREDIT_NOTES", "INVOICES", "OVERPAYMENTS", "PREPAYMENTS", "collect", "left_out"]

# Not yet an obligation, and one no more.
PROPOSED = frozenset({"DRAFT", "SUBMITTED"})
CLOSED = frozenset({"PAID", "VOIDED", "DELETED"})

Item = OpenInvoice | ClosedInvoice


def collect(
    nodes: Iterable[object], shape: Shape, books: Books
) -> tuple[list[Item], list[RejectedRecord]]:
    """What could be read of the nodes, and what was set aside; what is left out by a rule is neither."""
    counted = [node for node in nodes if left_out(node, shape) is None]
    return collect_nodes(
        counted, lambda node: _key(node, shape), lambda node: read_item(node, shape, books)
    )


def left_out(node: object, shape: Shape) -> str | None:
    """The rule by which a record counts nothing; None where it counts."""
    if not isinstance(node, dict):
        return None
    kind, status = node.get("Type"), node.get("Status")
    if isinstance(kind, str) and kind in shape.elsewhere:
        return "over- and prepayments among the invoices"
    return "proposals" if isinstance(status, str) and status in PROPOSED else None


def read_item(reported: object, shape: Shape, books: Books) -> Item:
    """One record; raises `SkipRecord` naming the field that cannot be read.

    Of one that is closed only its id is needed: whatever else it lacks, nothing is due of it.
    """
    node = require_node(reported, "record")
    item_id = read_text(node.get(shape.id_field), shape.id_field, LONGEST_ID)
    status = _read_status(node)
    due = NOTHING if status in CLOSED else read_money(node, shape.due_field)
    closed_on = None if due else _closed_on(node, ZoneInfo(books.timezone))
    closed = ClosedInvoice(item_id, status, closed_on)
    if not due and closed_on is None:
        return closed
    try:
        return _read_whole(node, shape, books, due, closed)
    except SkipRecord:
        if due:
            raise
        return closed


def _read_whole(
    node: Node, shape: Shape, books: Books, due: Decimal, read: ClosedInvoice
) -> OpenInvoice:
    kind, sign = _read_kind(node, shape)
    currency = read_currency(node.get("CurrencyCode"), "CurrencyCode")
    return OpenInvoice(
        source_invoice_id=read.source_invoice_id,
        kind=kind,
        status=read.status,
        issued_on=require_day(node, "Date"),
        due_on=business_day(node, "DueDate"),
        currency=currency,
        exchange_rate=read_rate(node, currency, books.currency),
        # Plus nothing, so that none of the two is a negative zero.
        total_amount=sign * read_money(node, "Total") + NOTHING,
        amount_due=sign * due + NOTHING,
        closed_on=read.closed_on,
    )


def _key(node: object, shape: Shape) -> str:
    """Under which a record is set aside."""
    reported = node.get(shape.id_field) if isinstance(node, dict) else None
    return reported if isinstance(reported, str) and reported.strip() else "?"


def _read_status(node: Node) -> str:
    status = node.get("Status")
    if not isinstance(status, str) or (status != "AUTHORISED" and status not in CLOSED):
        raise SkipRecord(f"Status: {show(status)} is missing or is not known")
    return status


def _read_kind(node: Node, shape: Shape) -> tuple[InvoiceKind, int]:
    reported = node.get("Type")
    found = shape.kinds.get(reported) if isinstance(reported, str) else None
    if found is None:
        raise SkipRecord(f"Type: {show(reported)} is none of {shape.endpoint}")
    return found


def _closed_on(node: Node, zone: ZoneInfo) -> date | None:
    """The day of the last payment; else that of the last change, when it was voided; else nobody knows."""
    try:
        paid_on = business_day(node, "FullyPaidOnDate")
    except SkipRecord:
        paid_on = None
    if paid_on is not None:
        return paid_on
    try:
        return local_day(read_instant(node, "UpdatedDateUTC"), zone)
    except SkipRecord:
        return None
