"""Pages of documents of four endpoints: Xero's order, paging and `If-Modified-Since`, and faults on demand."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sandbox.xero.book_events import Issued, Paid
from sandbox.xero.book_ledger import DocumentState, XeroLedger
from sandbox.xero.faults import XeroFaults
from sandbox.xero.records import (
    credit_note_node,
    invoice_node,
    listed_advance_node,
    overpayment_node,
    prepayment_node,
)

LARGEST_PAGE, USUAL_PAGE = 1000, 100
MONEY = ("Total", "AmountDue", "RemainingCredit", "CurrencyRate")
Node = dict[str, Any]
NODES: dict[str, Callable[[DocumentState], Node]] = {
    "Invoices": invoice_node,
    "CreditNotes": credit_note_node,
    "Overpayments": overpayment_node,
    "Prepayments": prepayment_node,
}
BY_ID = ("InvoiceID", "CreditNoteID", "OverpaymentID", "PrepaymentID")
CLOSED = frozenset({"PAID", "VOIDED", "DELETED"})
# What a closed paper may lack, one set after the other.
LACKING = (
    ("CurrencyRate",),
    ("CurrencyRate", "Date", "DateString"),
    ("Total", "AmountDue", "RemainingCredit", "Type"),
    ("CurrencyCode", "CurrencyRate", "DueDate", "DueDateString", "FullyPaidOnDate"),
)


class DocumentPages:
    """Answers the four endpoints of documents. `largest_page` may be set smaller, to have more pages."""

    def __init__(self, ledger: XeroLedger, faults: XeroFaults) -> None:
        self.largest_page = LARGEST_PAGE
        self._ledger, self._faults = ledger, faults
        self._disturbances = 0

    def answer(self, name: str, params: Mapping[str, str], since: datetime | None) -> Node:
        """The body of one page."""
        states = self._find(name, params.get("order", ""), since)
        size = min(int(params.get("pageSize", USUAL_PAGE)), self.largest_page)
        page = int(params.get("page", 1))
        shown = page
        if page > 1 and self._faults.strike("repeated_page"):
            shown = page - 1
        served = states[(shown - 1) * size : shown * size]
        nodes = [NODES[name](state) for state in served]
        self._spoil(nodes)
        if name == "Invoices" and self._faults.strike("advances_among_invoices"):
            found = self._ledger.documents().values()
            nodes += [listed_advance_node(state) for state in found if state.is_advance]
        count = len(states)
        if served and self._faults.strike("change_mid_sync"):
            self._disturb(served, states[shown * size :])
        pagination = {
            "page": page,
            "pageSize": size,
            "pageCount": -(-count // size),
            "itemCount": count,
        }
        return {"pagination": pagination, name: nodes}

    def _find(self, name: str, order: str, since: datetime | None) -> list[DocumentState]:
        states = [
            state
            for state in self._ledger.documents().values()
            if endpoint_of(state.issued.kind) == name
            and (since is None or state.updated_at >= since)
        ]
        by_id = order.startswith(BY_ID)
        return sorted(
            states,
            key=lambda each: ("" if by_id else each.updated_at.isoformat(), each.issued.document),
        )

    def _spoil(self, nodes: list[Node]) -> None:
        if nodes and self._faults.strike("invoice_without_date"):
            del nodes[0]["Date"], nodes[0]["DateString"]
        if nodes and self._faults.strike("money_as_text"):
            for node in nodes:
                node.update({name: str(node[name]) for name in MONEY if name in node})

        if nodes and self._faults.strike("closed_without_fields"):
            for number, node in enumerate(each for each in nodes if each["Status"] in CLOSED):
                for name in LACKING[number % len(LACKING)]:
                    node.pop(name, None)

    def _disturb(self, served: list[DocumentState], waiting: list[DocumentState]) -> None:
        """Pays a document that was served and one that is still to come, and issues one at the very front."""
        for states in (served, waiting):
            found = next((state for state in states if state.status == "AUTHORISED"), None)
            if found is not None:
                self._pay(found)
        self._disturbances += 1
        first = served[0].issued
        now = self._ledger.clock
        copied = replace(
            first,
            document=str(UUID(int=self._disturbances)),
            number=f"{first.number}-{self._disturbances}",
            at=now,
            day=now.date(),
            draft=False,
        )
        self._ledger.record(copied)

    def _pay(self, state: DocumentState) -> None:
        issued: Issued = state.issued
        now, bank = self._ledger.clock, self._ledger.account("090").account_id
        payment = str(UUID(int=2**64 + self._disturbances))
        paid = Paid(issued.document, payment, now, now.date(), state.due, issued.rate, bank)
        self._ledger.record(paid)


def endpoint_of(kind: str) -> str:
    """Where a document of this kind is listed."""
    if kind.endswith("CREDIT"):
        return "CreditNotes"
    if kind.endswith("PAYMENT"):
        return "Overpayments" if kind.endswith("OVERPAYMENT") else "Prepayments"
    return "Invoices"


def read_since(header: str | None) -> datetime | None:
    """`If-Modified-Since`, in UTC and to the second; raises `ValueError` for what is no instant."""
    if not header:
        return None
    at = datetime.fromisoformat(header)
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return at.replace(microsecond=0)
