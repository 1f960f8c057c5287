"""Accounts, the organisation and documents as Xero's JSON."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from sandbox.xero.book_events import Allocated, BookAccount, OrganisationFacts, Paid
from sandbox.xero.book_ledger import DocumentState

Node = dict[str, Any]
# A person, so that a test can see that nobody keeps one.
CONTACT = {"ContactID": "a3675fc4-f8dd-4f03-ba5b-f1870566bcd7", "Name": "Erika Mustermann"}


def ms_date(day: date) -> str:
    """A day, as Xero writes it."""
    return ms_instant(datetime.combine(day, time(), UTC))


def ms_instant(at: datetime) -> str:
    """An instant, as Xero writes it."""
    return f"/Date({int(at.timestamp() * 1000)}+0000)/"


def organisation_node(facts: OrganisationFacts) -> Node:
    """`Organisations[0]`"""
    return {
        "Name": facts.name,
        "LegalName": facts.name,
        "BaseCurrency": facts.currency,
        "CountryCode": "DE",
        "OrganisationStatus": "ACTIVE",
        "OrganisationType": "COMPANY",
        "Timezone": facts.vendor_zone,
        "OrganisationID": facts.organisation_id,
        "Edition": "BUSINESS",
        "Class": "PREMIUM",
    }


def account_node(account: BookAccount, currency: str) -> Node:
    """One of `Accounts`."""
    node = {
        "AccountID": account.account_id,
        "Code": account.code,
        "Name": account.name,
        "Status": "ACTIVE",
        "Type": account.kind,
        "TaxType": "NONE",
        "Class": account.vendor_class,
        "EnablePaymentsToAccount": False,
        "SystemAccount": account.system,
        "UpdatedDateUTC": "/Date(1760000000000+0000)/",
    }
    if account.bank_kind:
        node |= {"BankAccountType": account.bank_kind, "CurrencyCode": currency}
    return node


def invoice_node(state: DocumentState) -> Node:
    """One of `Invoices`."""
    issued = state.issued
    paid = sum((part.amount for part in state.payments), Decimal(0))
    return {
        "Type": issued.kind,
        "InvoiceID": issued.document,
        "InvoiceNumber": issued.number,
        "Payments": [_payment(part) for part in state.payments],
        "CreditNotes": [_credit(part) for part in state.taken],
        "AmountDue": _due(state),
        "AmountPaid": float(paid),
        "AmountCredited": float(sum((part.amount for part in state.taken), Decimal(0))),
        "DueDateString": f"{issued.due.isoformat()}T00:00:00",
        "DueDate": ms_date(issued.due),
        **_common(state),
    }


def credit_note_node(state: DocumentState) -> Node:
    """One of `CreditNotes`."""
    issued = state.issued
    return {
        "Type": issued.kind,
        "CreditNoteID": issued.document,
        "CreditNoteNumber": issued.number,
        "Payments": [_payment(part) for part in state.payments],
        "RemainingCredit": _due(state),
        "Allocations": _allocations(state),
        **_common(state),
    }


def overpayment_node(state: DocumentState) -> Node:
    """One of `Overpayments`."""
    return {"OverpaymentID": state.issued.document, **_advance(state)}


def prepayment_node(state: DocumentState) -> Node:
    """One of `Prepayments`."""
    return {"PrepaymentID": state.issued.document, **_advance(state)}


def listed_advance_node(state: DocumentState) -> Node:
    """An over- or prepayment as it may stand among `Invoices`: under another type, with an id of its own there."""
    side, _, name = state.issued.kind.partition("-")
    kind = f"{'AR' if side == 'RECEIVE' else 'AP'}{name}"
    listed = str(UUID(int=UUID(state.issued.document).int ^ 1))
    return {**_common(state), "Type": kind, "InvoiceID": listed, "AmountDue": _due(state)}


def _advance(state: DocumentState) -> Node:
    node = {
        **_common(state),
        "Type": state.issued.kind,
        "Payments": [_payment(part) for part in state.payments],
        "RemainingCredit": _due(state),
        "Allocations": _allocations(state),
        "LineAmountTypes": "NoTax",
    }
    if state.issued.rate == 1:
        del node["CurrencyRate"]
    return node


def _allocations(state: DocumentState) -> list[Node]:
    return [
        {
            "Amount": float(part.amount),
            "Date": ms_date(part.day),
            "Invoice": {"InvoiceID": part.document},
        }
        for part in state.given
    ]


def _common(state: DocumentState) -> Node:
    issued = state.issued
    node = {
        "Contact": CONTACT,
        "DateString": f"{issued.day.isoformat()}T00:00:00",
        "Date": ms_date(issued.day),
        "Status": state.status,
        "LineAmountTypes": "Exclusive",
        "LineItems": [],
        "SubTotal": float(issued.net),
        "TotalTax": float(issued.tax),
        "Total": float(issued.total),
        "UpdatedDateUTC": ms_instant(state.updated_at),
        "CurrencyCode": issued.currency,
        "CurrencyRate": float(issued.rate),
    }
    if state.settled_on is not None:
        node["FullyPaidOnDate"] = ms_date(state.settled_on)
    return node


def _due(state: DocumentState) -> float:
    return float(state.due)


def _payment(part: Paid) -> Node:
    return {
        "PaymentID": part.payment,
        "Date": ms_date(part.day),
        "Amount": float(part.amount),
        "CurrencyRate": float(part.rate),
    }


def _credit(part: Allocated) -> Node:
    return {"CreditNoteID": part.credit, "AppliedAmount": float(part.amount)}
