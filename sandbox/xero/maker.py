"""Makes the books of a German organisation by a seed: the common and all that is awkward, in turns."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

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
from sandbox.xero.book_ledger import XeroLedger
from shared.domain.working_capital import AccountClass

FIRST_DAY, LAST_DAY = date(2026, 1, 5), date(2026, 11, 15)
RATES = {"EUR": Decimal(1), "USD": Decimal("1.0873"), "GBP": Decimal("0.8412")}
ADVANCES = ("RECEIVE-OVERPAYMENT", "SPEND-PREPAYMENT", "SPEND-OVERPAYMENT", "RECEIVE-PREPAYMENT")
ENDS = ("open", "used in part", "used up", "voided", "paid back")
KINDS = ("ACCREC", "ACCREC", "ACCPAY", "ACCREC", "ACCRECCREDIT", "ACCPAY", "ACCREC", "ACCPAYCREDIT")
STORIES = ("open", "paid", "parts", "voided", "parts", "open", "draft", "allocated", "paid", "late")
TERMS_D = 30

# Code, name, Xero's type and class, what it counts as, system account, kind of bank account.
CHART: tuple[tuple[str, str, str, str, str, str, str], ...] = (
    ("090", "Girokonto", "BANK", "ASSET", "CASH", "", "BANK"),
    ("091", "Tagesgeld", "BANK", "ASSET", "CASH", "", "BANK"),
    ("092", "Firmenkreditkarte", "BANK", "LIABILITY", "SHORT_TERM_DEBT", "", "CREDITCARD"),
    ("200", "Umsatzerlöse", "REVENUE", "REVENUE", "", "", ""),
    ("310", "Wareneinsatz", "DIRECTCOSTS", "EXPENSE", "", "", ""),
    ("400", "Werbekosten", "OVERHEADS", "EXPENSE", "", "", ""),
    ("497", "Kursgewinne", "EXPENSE", "EXPENSE", "", "REALISEDCURRENCYGAIN", ""),
    ("610", "Forderungen", "CURRENT", "ASSET", "ACCOUNTS_RECEIVABLE", "DEBTORS", ""),
    ("620", "Anzahlungen", "PREPAYMENT", "ASSET", "", "", ""),
    ("630", "Warenbestand", "INVENTORY", "ASSET", "INVENTORY", "", ""),
    ("710", "Büroausstattung", "FIXED", "ASSET", "", "", ""),
    ("800", "Verbindlichkeiten", "CURRLIAB", "LIABILITY", "ACCOUNTS_PAYABLE", "CREDITORS", ""),
    ("820", "Umsatzsteuer", "CURRLIAB", "LIABILITY", "", "GST", ""),
    ("850", "Betriebsmittelkredit", "CURRLIAB", "LIABILITY", "SHORT_TERM_DEBT", "", ""),
    ("900", "Darlehen", "TERMLIAB", "LIABILITY", "", "", ""),
    ("970", "Stammkapital", "EQUITY", "EQUITY", "", "", ""),
)


def make_xero_ledger(seed: int, documents: int, clock: datetime | None = None) -> XeroLedger:
    """Books with so many documents; the clock stands behind all of them where none is given."""
    rng = random.Random(seed)  # noqa: S311 - a made-up company is no secret
    facts = OrganisationFacts(
        _new_id(rng), "Muster Geschenke GmbH", "EUR", "Europe/Berlin", "WEUROPESTANDARDTIME"
    )
    accounts = [_account(rng, *row) for row in CHART]
    ledger = XeroLedger(facts, accounts, (), clock or datetime(2026, 11, 20, 12, tzinfo=UTC))
    maker = _Maker(rng, ledger)
    for event in (*maker.entries(), *maker.documents(documents), *maker.advances(documents // 5)):
        ledger.record(event)
    return ledger


class _Maker:
    """Writes the events of one organisation."""

    def __init__(self, rng: random.Random, ledger: XeroLedger) -> None:
        self._rng = rng
        self._zone = ZoneInfo(ledger.facts.timezone)
        self._ids = {account.code: account.account_id for account in ledger.accounts.values()}
        self._last: dict[tuple[str, str], Issued] = {}

    def entries(self) -> Iterator[Event]:
        """Capital, loans, a card, goods used up and counted again, and a current account that is overdrawn."""
        yield self._move(FIRST_DAY, "30000.00", "090", "970")
        yield self._move(FIRST_DAY, "12000.00", "630", "090")
        yield self._move(date(2026, 2, 2), "15000.00", "090", "850")
        yield self._move(date(2026, 2, 16), "40000.00", "091", "900")
        yield self._move(date(2026, 3, 2), "2500.00", "710", "090")
        yield self._move(date(2026, 6, 8), "60000.00", "970", "090")
        yield self._move(date(2026, 8, 3), "70000.00", "090", "900")
        yield self._move(date(2026, 9, 1), "5000.00", "850", "091")
        day = FIRST_DAY
        while day < LAST_DAY:
            day += timedelta(days=14)
            yield self._move(day, f"{self._rng.randint(2000, 90000) / 100:.2f}", "310", "630")
            yield self._move(day, f"{self._rng.randint(500, 30000) / 100:.2f}", "400", "092")
        yield self._move(date(2026, 7, 1), "1900.00", "092", "090")
        yield self._move(date(2026, 10, 1), "333.33", "630", "310")

    def documents(self, count: int) -> Iterator[Event]:
        """Invoices, bills and credit notes, each with what became of it."""
        days = (LAST_DAY - FIRST_DAY).days
        for number in range(count):
            kind, story = KINDS[number % len(KINDS)], STORIES[number % len(STORIES)]
            day = FIRST_DAY + timedelta(days=number * days // max(1, count))
            issued = self._issue(number, kind, day, draft=story == "draft")
            yield issued
            yield from self._go_on(issued, story)

    def advances(self, count: int) -> Iterator[Event]:
        """Money that was paid too early or twice, each with what became of it."""
        days = (LAST_DAY - FIRST_DAY).days
        for number in range(count):
            day = FIRST_DAY + timedelta(days=number * days // max(1, count))
            advance = self._advance(ADVANCES[number % len(ADVANCES)], number, day)
            yield advance
            yield from self._use(advance, ENDS[number % len(ENDS)], number)

    def _advance(self, kind: str, number: int, day: date) -> Issued:
        currency = ("EUR", "USD", "EUR")[number % 3]
        amount = Decimal(self._rng.randint(500, 40_000)) / 100
        shown_number = f"{kind}-{number:05d}"
        document, at, rate = _new_id(self._rng), self._at(day), self._rate(currency)
        bank = self._ids["090"]
        return Issued(
            document, kind, shown_number, at, day, day, currency, rate, amount, Decimal(0), bank
        )

    def _use(self, advance: Issued, end: str, number: int) -> Iterator[Event]:
        later = advance.day + timedelta(days=14)
        match end:
            case "voided":
                yield Voided(advance.document, self._at(later))
            case "paid back":
                yield self._pay(advance, advance.total, 20)
            case "used in part" | "used up":
                kind = "ACCREC" if advance.kind.startswith("RECEIVE") else "ACCPAY"
                issued = replace(
                    self._issue(number, kind, advance.day + timedelta(days=3), draft=False),
                    number=f"{kind}-A{number:05d}",
                    currency=advance.currency,
                    rate=self._rate(advance.currency),
                    net=advance.total * 2,
                    tax=Decimal(0),
                )
                yield issued
                half = (advance.total / 2).quantize(Decimal("0.01"))
                parts = [half] if end == "used in part" else [half, advance.total - half]
                for place, amount in enumerate(parts):
                    day = later + timedelta(days=30 * place)
                    yield Allocated(issued.document, advance.document, self._at(day), day, amount)

    def _issue(self, number: int, kind: str, day: date, *, draft: bool) -> Issued:
        currency = ("EUR", "EUR", "USD", "EUR", "GBP")[number % 5]
        net = Decimal(self._rng.randint(500, 400_000)) / 100
        account = "200" if kind.startswith("ACCREC") else ("630", "400")[number % 2]
        return Issued(
            _new_id(self._rng),
            kind,
            f"{kind}-{number:05d}",
            self._at(day),
            day,
            day + timedelta(days=TERMS_D),
            currency,
            self._rate(currency),
            net,
            (net * Decimal("0.19")).quantize(Decimal("0.01")),
            self._ids[account],
            draft,
        )

    def _go_on(self, issued: Issued, story: str) -> Iterator[Event]:
        match story:
            case "paid" | "late":
                yield self._pay(issued, issued.total, 45 if story == "late" else 12)
            case "parts":
                third = (issued.total / 3).quantize(Decimal("0.01"))
                yield self._pay(issued, third, 10)
                if self._rng.random() < 0.5:
                    yield self._pay(issued, issued.total - third, 40)
            case "voided":
                yield Voided(issued.document, self._at(issued.day + timedelta(days=9)))
            case "allocated" if "CREDIT" not in issued.kind:
                yield from self._credit(issued)

    def _credit(self, issued: Issued) -> Iterator[Event]:
        """A credit note of half the invoice, set against it in part."""
        day = issued.day + timedelta(days=6)
        net, tax = (
            (part / 2).quantize(Decimal("0.01")) or part for part in (issued.net, issued.tax)
        )
        credit = Issued(
            _new_id(self._rng),
            f"{issued.kind}CREDIT",
            f"{issued.number}-C",
            self._at(day),
            day,
            day,
            issued.currency,
            issued.rate,
            net,
            tax,
            issued.account_id,
        )
        yield credit
        later = day + timedelta(days=2)
        amount = (credit.total * Decimal("0.75")).quantize(Decimal("0.01"))
        yield Allocated(issued.document, credit.document, self._at(later), later, amount)

    def _pay(self, issued: Issued, amount: Decimal, after_d: int) -> Paid:
        day = issued.day + timedelta(days=after_d)
        rate = self._rate(issued.currency)
        bank = self._ids["090"]
        return Paid(issued.document, _new_id(self._rng), self._at(day), day, amount, rate, bank)

    def _move(self, day: date, amount: str, into: str, out_of: str) -> Moved:
        return Moved(self._at(day), day, Decimal(amount), self._ids[into], self._ids[out_of])

    def _rate(self, currency: str) -> Decimal:
        if currency == "EUR":
            return RATES[currency]
        return RATES[currency] + Decimal(self._rng.randint(-200, 200)) / 10_000

    def _at(self, day: date) -> datetime:
        noted = time(9 + self._rng.randrange(9), self._rng.randrange(60))
        return datetime.combine(day, noted, self._zone).astimezone(UTC)


def _account(rng: random.Random, *row: str) -> BookAccount:
    code, name, kind, vendor_class, counts_as, system, bank_kind = row
    counted = AccountClass(counts_as) if counts_as else None
    return BookAccount(_new_id(rng), code, name, kind, vendor_class, counted, system, bank_kind)


def _new_id(rng: random.Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))
