"""The four endpoints of open items: how each names its records' id, what is due, and who owes whom.

Each type of a record counts at one endpoint. Over- and prepayments may also be listed among the invoices,
without what remains of them: there they are left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.domain.accounts import InvoiceKind

# Who owes whom, and whether it lessens what is owed.
Kinds = Mapping[str, tuple[InvoiceKind, int]]
CREDITS: Kinds = {
    "ACCRECCREDIT": (InvoiceKind.RECEIVABLE, -1),
    "ACCPAYCREDIT": (InvoiceKind.PAYABLE, -1),
}
BILLED: Kinds = {
    "ACCREC": (InvoiceKind.RECEIVABLE, 1),
    "ACCPAY": (InvoiceKind.PAYABLE, 1),
    **CREDITS,
}
# Money of a customer lessens what customers owe; money at a supplier lessens what is owed to suppliers.
OVERPAID: Kinds = {
    "RECEIVE-OVERPAYMENT": (InvoiceKind.RECEIVABLE, -1),
    "AROVERPAYMENT": (InvoiceKind.RECEIVABLE, -1),
    "SPEND-OVERPAYMENT": (InvoiceKind.PAYABLE, -1),
    "APOVERPAYMENT": (InvoiceKind.PAYABLE, -1),
}
PREPAID: Kinds = {
    "RECEIVE-PREPAYMENT": (InvoiceKind.RECEIVABLE, -1),
    "ARPREPAYMENT": (InvoiceKind.RECEIVABLE, -1),
    "SPEND-PREPAYMENT": (InvoiceKind.PAYABLE, -1),
    "APPREPAYMENT": (InvoiceKind.PAYABLE, -1),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """One endpoint; `stream` is our name for it, `elsewhere` are types that another one reports."""

    stream: str
    endpoint: str
    id_field: str
    due_field: str
    kinds: Kinds = field(hash=False)
    elsewhere: frozenset[str] = frozenset()


INVOICES = Shape(
    "invoices", "Invoices", "InvoiceID", "AmountDue", BILLED, frozenset({*OVERPAID, *PREPAID})
)
CREDIT_NOTES = Shape("credit_notes", "CreditNotes", "CreditNoteID", "RemainingCredit", CREDITS)
OVERPAYMENTS = Shape("overpayments", "Overpayments", "OverpaymentID", "RemainingCredit", OVERPAID)
PREPAYMENTS = Shape("prepayments", "Prepayments", "PrepaymentID", "RemainingCredit", PREPAID)

# In the order in which they are read.
SHAPES = (INVOICES, CREDIT_NOTES, OVERPAYMENTS, PREPAYMENTS)
BY_STREAM = {shape.stream: shape for shape in SHAPES}
BY_ENDPOINT = {shape.endpoint: shape for shape in SHAPES}
