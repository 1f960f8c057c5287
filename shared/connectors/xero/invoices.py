"""Invoices and credit notes as open items. Whom they are with is not read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from shared.connectors.xero.fields import (
    Node,
    read_currency,
    read_day,
    read_instant,
    read_money,
    read_rate,
    require_day,
)
from shared.domain.accounts import InvoiceKind, OpenInvoice
from shared.domain.rejections import collect as collect_nodes
from shared.domain.sales import RejectedRecord
from shared.errors import SkipRecord
from shared.use_cases.vendors import Books

# Who owes whom, and whether it lessens what is owed.
KINDS = {
    "ACCREC": (InvoiceKind.RECEIVABLE, 1),
    "ACCRECCREDIT": (InvoiceKind.RECEIVABLE, -1),
    "AROVERPAYMENT": (InvoiceKind.RECEIVABLE, -1),
    "ARPREPAYMENT": (InvoiceKind.RECEIVABLE, -1),
    "ACCPAY": (InvoiceKind.PAYABLE, 1),
    "ACCPAYCREDIT": (InvoiceKind.PAYABLE, -1),
    "APOVERPAYMENT": (InvoiceKind.PAYABLE, -1),
    "APPREPAYMENT": (InvoiceKind.PAYABLE, -1),
}
# Not yet an obligation, and one no more.
PROPOSED = frozenset({"DRAFT", "SUBMITTED"})
CLOSED = frozenset({"PAID", "VOIDED", "DELETED"})


@dataclass(frozen=True, slots=True)
class Shape:
    """How an endpoint names the id of a record, and what is still due of it."""

    endpoint: str
    id_field: str
    due_field: str


INVOICES = Shape("Invoices", "InvoiceID", "AmountDue")
CREDIT_NOTES = Shape("CreditNotes", "CreditNoteID", "RemainingCredit")


def collect(
    nodes: Iterable[Node], shape: Shape, books: Books
) -> tuple[list[OpenInvoice], list[RejectedRecord]]:
    """What could be read of the nodes, and what was set aside; proposals are neither."""
    read, rejected = collect_nodes(
        nodes,
        lambda node: node.get(shape.id_field) or "?",
        lambda node: read_invoice(node, shape, books),
    )
    return [record for record in read if record is not None], rejected


def read_invoice(node: Node, shape: Shape, books: Books) -> OpenInvoice | None:
    """One record; None for a proposal. Raises `SkipRecord` naming the field that cannot be read."""
    status = node.get("Status")
    if status in PROPOSED:
        return None
    if status != "AUTHORISED" and status not in CLOSED:
        raise SkipRecord("Status: is missing or is not known")
    kind, sign = _read_kind(node)
    currency = read_currency(node)
    due = Decimal(0) if status in CLOSED else read_money(node, shape.due_field)
    return OpenInvoice(
        source_invoice_id=_read_id(node, shape),
        kind=kind,
        status=str(status),
        issued_on=require_day(node, "Date"),
        due_on=read_day(node, "DueDate"),
        currency=currency,
        exchange_rate=read_rate(node, currency, books.currency),
        total_amount=sign * read_money(node, "Total"),
        # Plus nothing, so that a closed credit note has no negative zero.
        amount_due=sign * due + Decimal(0),
        closed_on=None if due else _closed_on(node, ZoneInfo(books.timezone)),
    )


def _read_id(node: Node, shape: Shape) -> str:
    told = node.get(shape.id_field)
    if not isinstance(told, str) or not told:
        raise SkipRecord(f"{shape.id_field}: is missing")
    return told


def _read_kind(node: Node) -> tuple[InvoiceKind, int]:
    try:
        return KINDS[str(node.get("Type"))]
    except KeyError:
        raise SkipRecord("Type: is missing or is not known") from None


def _closed_on(node: Node, zone: ZoneInfo) -> date:
    """The day of the last payment; else that of the last change, when it was voided."""
    paid_on = read_day(node, "FullyPaidOnDate")
    return paid_on or read_instant(node, "UpdatedDateUTC").astimezone(zone).date()
