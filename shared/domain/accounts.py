"""What an accounting vendor reports: balances of accounts by day, and invoices that are open."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from shared.domain.sales import RejectedRecord
from shared.domain.working_capital import AccountClass


class InvoiceKind(StrEnum):
    """Who owes whom."""

    RECEIVABLE = "RECEIVABLE"
    PAYABLE = "PAYABLE"


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """What stands on one account at the end of a day, in the books' currency.

    `account_code` is the vendor's id of the account, never its name. What is owed (payables, debt) is
    positive where money is owed, what is had (cash, receivables, inventory) where it is had.
    """

    account_class: AccountClass
    account_code: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class DayBalances:
    """The balances of a day, and what could not be read of it.

    What is not reported is not zero: accounts in `unread` keep the balance that they had; where `whole` is False
    the part that could not be read may belong to any account, and so every account that is not reported keeps its.
    """

    balances: tuple[AccountBalance, ...]
    rejected: tuple[RejectedRecord, ...] = ()
    unread: frozenset[str] = frozenset()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class ClosedInvoice:
    """An item of which nothing is due any more, whatever else its record lacks.

    `closed_on` is None where the vendor does not say since when.
    """

    source_invoice_id: str
    status: str
    closed_on: date | None

    @property
    def amount_due(self) -> Decimal:
        """Nothing, as of an open item."""
        return Decimal(0)


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An invoice, or a credit note, overpayment or prepayment with negative amounts; no word of the contact.

    `exchange_rate` is how much of the invoice's currency one unit of the books' currency is; None where they
    are the same. `closed_on` is None while something is due.
    """

    source_invoice_id: str
    kind: InvoiceKind
    status: str
    issued_on: date
    due_on: date | None
    currency: str
    exchange_rate: Decimal | None
    total_amount: Decimal
    amount_due: Decimal
    closed_on: date | None

    def closing(self) -> ClosedInvoice:
        """What it says once nothing is due."""
        return ClosedInvoice(self.source_invoice_id, self.status, self.closed_on)


@dataclass(frozen=True, slots=True)
class BankDifference:
    """A bank account for which two reports of the same day give different balances; None: not in the report."""

    account_code: str
    balance_sheet: Decimal
    bank_summary: Decimal | None


@dataclass(frozen=True, slots=True)
class BankCheck:
    """What came of holding two reports against each other, but for accounts whose amount one of them garbles."""

    differences: tuple[BankDifference, ...]
    rejected: tuple[RejectedRecord, ...] = ()
