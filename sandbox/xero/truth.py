"""What stands in the books, counted from the events alone; shares no code with the answers or a connector.

Each class has its own arithmetic here: receivables are what is due of the invoices, cash is what was paid in
and out. The answers come from double entry, so that the two can be held against each other.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from sandbox.xero.book_events import Allocated, BookAccount, Event, Issued, Moved, Paid, Voided
from shared.domain.working_capital import AccountClass

ZERO, PENNY = Decimal(0), Decimal("0.01")
OWED = frozenset({AccountClass.ACCOUNTS_PAYABLE, AccountClass.SHORT_TERM_DEBT})
SIGNS = {
    "ACCREC": 1,
    "ACCRECCREDIT": -1,
    "RECEIVE-OVERPAYMENT": -1,
    "RECEIVE-PREPAYMENT": -1,
    "ACCPAY": 1,
    "ACCPAYCREDIT": -1,
    "SPEND-OVERPAYMENT": -1,
    "SPEND-PREPAYMENT": -1,
}
# What stands on the accounts of customers and of suppliers; prepayments stand on one of their own.
OF_CUSTOMERS = frozenset({"ACCREC", "ACCRECCREDIT", "RECEIVE-OVERPAYMENT"})
OF_SUPPLIERS = frozenset({"ACCPAY", "ACCPAYCREDIT", "SPEND-OVERPAYMENT"})
# Whose later payments come in, and whose own amount does where it was booked to.
PAID_IN = frozenset({"ACCREC", "ACCPAYCREDIT", "SPEND-OVERPAYMENT", "SPEND-PREPAYMENT"})
BOOKED_IN = frozenset({"ACCPAY", "ACCRECCREDIT", "RECEIVE-OVERPAYMENT", "RECEIVE-PREPAYMENT"})

# Class and account id; a bank account is cash, and debt as far as it is overdrawn.
BookTruth = dict[tuple[AccountClass, str], Decimal]


@dataclass(frozen=True, slots=True)
class OpenTruth:
    """What is due of a document in its own currency; less than nothing of a credit note and what was paid before."""

    kind: str
    currency: str
    total: Decimal
    due: Decimal


def count_balances(
    accounts: Iterable[BookAccount], events: Iterable[Event], day: date
) -> BookTruth:
    """The balance of each account that counts at the end of a day: owed positive for debts, had for the rest."""
    kept = _kept(events)
    had = _moved(kept, day)
    truth: BookTruth = {}
    for account in accounts:
        if account.counts_as is None:
            continue
        amount = had[account.account_id]
        if account.system:
            amount += _outstanding(kept, day, receivable=account.system == "DEBTORS")
        if account.counts_as is AccountClass.CASH:
            truth[AccountClass.CASH, account.account_id] = max(amount, ZERO)
            truth[AccountClass.SHORT_TERM_DEBT, account.account_id] = max(-amount, ZERO)
        else:
            owed = account.counts_as in OWED and not account.system
            truth[account.counts_as, account.account_id] = -amount if owed else amount
    return truth


def count_open(events: Iterable[Event]) -> dict[str, OpenTruth]:
    """The documents of which something is due after all these events."""
    kept = _kept(events)
    due = _due(kept, None)
    return {
        event.document: OpenTruth(
            event.kind,
            event.currency,
            SIGNS[event.kind] * event.total,
            SIGNS[event.kind] * due[event.document],
        )
        for event in kept
        if isinstance(event, Issued) and not event.draft and due[event.document] != 0
    }


def _kept(events: Iterable[Event]) -> list[Event]:
    """Without the documents that were voided."""
    happened = list(events)
    gone = {event.document for event in happened if isinstance(event, Voided)}
    return [event for event in happened if isinstance(event, Moved) or event.document not in gone]


def _due(events: Iterable[Event], day: date | None) -> defaultdict[str, Decimal]:
    """What is due of each document, of what bears a day up to this one."""
    due: defaultdict[str, Decimal] = defaultdict(Decimal)
    for event in events:
        if isinstance(event, Voided) or (day is not None and event.day > day):
            continue
        match event:
            case Issued():
                due[event.document] += event.total
            case Paid():
                due[event.document] -= event.amount
            case Allocated():
                due[event.document] -= event.amount
                due[event.credit] -= event.amount
    return due


def _outstanding(events: list[Event], day: date, *, receivable: bool) -> Decimal:
    due = _due(events, day)
    side = OF_CUSTOMERS if receivable else OF_SUPPLIERS
    return sum(
        (
            SIGNS[event.kind] * _in_books(due[event.document], event.rate)
            for event in events
            if isinstance(event, Issued) and event.kind in side and not event.draft
        ),
        ZERO,
    )


def _moved(events: list[Event], day: date) -> defaultdict[str, Decimal]:
    """What came into each account, less what went out of it, but for receivables and payables."""
    issued = {event.document: event for event in events if isinstance(event, Issued)}
    had: defaultdict[str, Decimal] = defaultdict(Decimal)
    for event in events:
        if isinstance(event, Voided) or event.day > day:
            continue
        match event:
            case Moved():
                had[event.into] += event.amount
                had[event.out_of] -= event.amount
            case Paid():
                comes_in = issued[event.document].kind in PAID_IN
                amount = _in_books(event.amount, event.rate)
                had[event.bank_id] += amount if comes_in else -amount
            case Issued() if not event.draft:
                amount = _in_books(event.net, event.rate)
                had[event.account_id] += amount if event.kind in BOOKED_IN else -amount
    return had


def _in_books(amount: Decimal, rate: Decimal) -> Decimal:
    return (amount / rate).quantize(PENNY, rounding=ROUND_HALF_UP)
