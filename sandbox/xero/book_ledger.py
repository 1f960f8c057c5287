"""An organisation's events behind a clock: what was written down later than the clock cannot be seen yet."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from sandbox.xero.book_events import (
    Allocated,
    BookAccount,
    Event,
    Issued,
    Moved,
    OrganisationFacts,
    Paid,
    Voided,
)
from sandbox.xero.truth import BookTruth, OpenTruth, count_balances, count_open


@dataclass(slots=True)
class DocumentState:
    """A document as it is to be seen now; `given` are parts of a credit note, `taken` those set against an invoice."""

    issued: Issued
    updated_at: datetime
    payments: list[Paid] = field(default_factory=list)
    taken: list[Allocated] = field(default_factory=list)
    given: list[Allocated] = field(default_factory=list)
    voided: bool = False

    @property
    def is_advance(self) -> bool:
        """Whether it is an over- or a prepayment."""
        return self.issued.kind.endswith("PAYMENT")

    @property
    def parts(self) -> list[Paid | Allocated]:
        """All that was paid and set off so far."""
        return [*self.payments, *self.taken, *self.given]

    @property
    def due(self) -> Decimal:
        """What is still due; nothing of a void one."""
        settled = sum((part.amount for part in self.parts), Decimal(0))
        return Decimal(0) if self.voided else self.issued.total - settled

    @property
    def status(self) -> str:
        """As Xero calls it."""
        if self.voided:
            return "DELETED" if self.issued.draft else "VOIDED"
        if self.issued.draft:
            return "DRAFT"
        return "PAID" if self.due == 0 else "AUTHORISED"

    @property
    def settled_on(self) -> date | None:
        """The day of the last part, where nothing is due any more; Xero names none for over- and prepayments."""
        days = [] if self.is_advance else [part.day for part in self.parts]
        return max(days) if self.status == "PAID" and days else None


class XeroLedger:
    """One organisation's books."""

    def __init__(
        self,
        facts: OrganisationFacts,
        accounts: Iterable[BookAccount],
        events: Iterable[Event],
        clock: datetime,
    ) -> None:
        self.facts = facts
        self.accounts = {account.account_id: account for account in accounts}
        self._clock = clock.replace(microsecond=0)
        self._lock = threading.RLock()
        self._events: list[Event] = []
        for event in events:
            self.record(event)

    @property
    def clock(self) -> datetime:
        """The organisation's now."""
        return self._clock

    def move_clock(self, to: datetime) -> None:
        """Sets the organisation's now, in whole seconds."""
        with self._lock:
            self._clock = to.replace(microsecond=0)

    def record(self, event: Event) -> None:
        """Adds an event."""
        with self._lock:
            self._events.append(event)
            self._events.sort(key=lambda each: (each.at, not isinstance(each, Issued)))

    def account(self, code: str) -> BookAccount:
        """The account of a code."""
        return next(each for each in self.accounts.values() if each.code == code)

    def seen(self) -> list[Event]:
        """What was written down up to the clock, in order of time."""
        with self._lock:
            return [event for event in self._events if event.at <= self._clock]

    def documents(self) -> dict[str, DocumentState]:
        """Invoices, bills, credit notes, over- and prepayments as of the clock, by id."""
        states: dict[str, DocumentState] = {}
        for event in self.seen():
            match event:
                case Issued():
                    states[event.document] = DocumentState(event, event.at)
                case Moved():
                    continue
                case _:
                    _apply(states, event)
        return states

    def truth(self, day: date) -> BookTruth:
        """What stood on each account that counts at the end of a day, as known at the clock."""
        return count_balances(self.accounts.values(), self.seen(), day)

    def open_documents(self) -> dict[str, OpenTruth]:
        """What is open at the clock, by the document's id."""
        return count_open(self.seen())


def _apply(states: dict[str, DocumentState], event: Paid | Allocated | Voided) -> None:
    state = states[event.document]
    state.updated_at = max(state.updated_at, event.at)
    match event:
        case Paid():
            state.payments.append(event)
        case Allocated():
            state.taken.append(event)
            credit = states[event.credit]
            credit.given.append(event)
            credit.updated_at = max(credit.updated_at, event.at)
        case Voided():
            state.voided = True
