"""What can happen in a made-up organisation's books: plain facts, of which answers and truth are made apart.

Money is in a document's own currency, to the penny; `rate` is how much of it one unit of the books' is.
`day` is the day of the books, `at` the aware instant when somebody wrote it down.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from shared.domain.working_capital import AccountClass


@dataclass(frozen=True, slots=True)
class OrganisationFacts:
    """What an organisation is; `vendor_zone` is Xero's name of its time zone."""

    organisation_id: str
    name: str
    currency: str
    timezone: str
    vendor_zone: str


@dataclass(frozen=True, slots=True)
class BookAccount:
    """An account; `counts_as` is what an accountant would call it, None for none of the five."""

    account_id: str
    code: str
    name: str
    kind: str
    vendor_class: str
    counts_as: AccountClass | None = None
    system: str = ""
    bank_kind: str = ""


@dataclass(frozen=True, slots=True)
class Issued:
    """An invoice, a bill or a credit note (`ACCREC`, `ACCPAY`, `ACCRECCREDIT`, `ACCPAYCREDIT`), or money that
    came or went before or beyond a bill (`RECEIVE-OVERPAYMENT`, `SPEND-PREPAYMENT` and their like)."""

    document: str
    kind: str
    number: str
    at: datetime
    day: date
    due: date
    currency: str
    rate: Decimal
    net: Decimal
    tax: Decimal
    # Where the net amount goes: sales, stock or expenses; the bank account of over- and prepayments.
    account_id: str
    draft: bool = False

    @property
    def total(self) -> Decimal:
        """With the tax."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment of part of a document, from or into a bank account, at the rate of its own day."""

    document: str
    payment: str
    at: datetime
    day: date
    amount: Decimal
    rate: Decimal
    bank_id: str


@dataclass(frozen=True, slots=True)
class Allocated:
    """Part of a credit note, overpayment or prepayment set against an invoice of the same currency."""

    document: str
    credit: str
    at: datetime
    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Voided:
    """The document never was: Xero takes its entries back on its own day."""

    document: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """An entry by hand in the books' currency: `into` is debited, `out_of` is credited."""

    at: datetime
    day: date
    amount: Decimal
    into: str
    out_of: str


DocumentEvent = Issued | Paid | Allocated | Voided
Event = DocumentEvent | Moved
