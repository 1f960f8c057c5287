"""Double entry: what each event does to the accounts, debits positive. The answers are made of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from sandbox.xero.book_events import Allocated, BookAccount, Event, Issued, Moved, Paid, Voided

# Codes of the accounts that entries are made on by themselves.
DEBTORS, CREDITORS, TAX, CURRENCY_GAIN, PREPAID = "610", "800", "820", "497", "620"
DEBITED = frozenset({"ACCREC", "ACCPAYCREDIT", "SPEND-OVERPAYMENT", "SPEND-PREPAYMENT"})
Entry = tuple[str, Decimal]


class Journal:
    """The debits and credits of an organisation, by account id."""

    def __init__(self, accounts: Iterable[BookAccount], events: Iterable[Event]) -> None:
        self._ids = {account.code: account.account_id for account in accounts}
        happened = list(events)
        gone = {event.document for event in happened if isinstance(event, Voided)}
        kept = [
            event
            for event in happened
            if isinstance(event, Moved)
            or (not isinstance(event, Voided) and event.document not in gone)
        ]
        kept.sort(key=lambda event: (event.day, not isinstance(event, Issued), event.at))
        self._issued = {each.document: each for each in kept if isinstance(each, Issued)}
        self._due = {document: each.total for document, each in self._issued.items()}
        self.entries = [(event.day, entry) for event in kept for entry in self._book(event)]

    def balances(self, day: date) -> dict[str, Decimal]:
        """What stands on each account at the end of a day, debits positive."""
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for booked_on, (account_id, amount) in self.entries:
            if booked_on <= day:
                sums[account_id] += amount
        return sums

    def turnover(self, account_id: str, first: date, last: date) -> tuple[Decimal, Decimal]:
        """What came in and what went out in these days."""
        amounts = [
            amount
            for day, (each, amount) in self.entries
            if each == account_id and first <= day <= last
        ]
        came = sum((amount for amount in amounts if amount > 0), Decimal(0))
        return came, came - sum(amounts, Decimal(0))

    def _book(self, event: Event) -> Iterator[Entry]:
        match event:
            case Moved():
                yield event.into, event.amount
                yield event.out_of, -event.amount
            case Issued() if not event.draft:
                yield from self._book_issued(event)
            case Paid():
                yield from self._book_paid(event)
            case Allocated():
                yield from self._book_allocated(event)

    def _book_issued(self, event: Issued) -> Iterator[Entry]:
        sign = _sign(event)
        total, net = _in_books(event.total, event.rate), _in_books(event.net, event.rate)
        yield self._control_account(event), sign * total
        yield event.account_id, -sign * net
        yield self._ids[TAX], -sign * (total - net)

    def _book_paid(self, event: Paid) -> Iterator[Entry]:
        document = self._issued[event.document]
        sign = _sign(document)
        settled = self._settle(event.document, event.amount)
        banked = _in_books(event.amount, event.rate)
        yield event.bank_id, sign * banked
        yield self._control_account(document), -sign * settled
        yield self._ids[CURRENCY_GAIN], sign * (settled - banked)

    def _book_allocated(self, event: Allocated) -> Iterator[Entry]:
        """Each side falls by its own rate, on its own account: what is left is a gain of currency or a rounding."""
        document, credit = self._issued[event.document], self._issued[event.credit]
        sign = _sign(document)
        settled = self._settle(event.document, event.amount)
        used = self._settle(event.credit, event.amount)
        yield self._control_account(document), -sign * settled
        yield self._control_account(credit), sign * used
        yield self._ids[CURRENCY_GAIN], sign * (settled - used)

    def _settle(self, document: str, amount: Decimal) -> Decimal:
        """By how much the books' amount of a document falls."""
        rate, before = self._issued[document].rate, self._due[document]
        self._due[document] = before - amount
        return _in_books(before, rate) - _in_books(before - amount, rate)

    def _control_account(self, event: Issued) -> str:
        if event.kind.endswith("PREPAYMENT"):
            return self._ids[PREPAID]
        return self._ids[DEBTORS if event.kind.startswith(("ACCREC", "RECEIVE")) else CREDITORS]


def _sign(event: Issued) -> int:
    """Debits for what is owed to us, and for what lessens what we owe."""
    return 1 if event.kind in DEBITED else -1


def _in_books(amount: Decimal, rate: Decimal) -> Decimal:
    return (amount / rate).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
