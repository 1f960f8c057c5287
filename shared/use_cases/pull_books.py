"""Pull an accounting vendor's balances and open invoices into one tenant's tables.

Nothing of it is ever learned from: working capital adds it up, forecasts know only what the shops sold.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.domain.accounts import OpenInvoice
from shared.domain.sync import Position
from shared.errors import CursorExpired
from shared.use_cases.ports import OpenUnitOfWork, Report, StoredCredential
from shared.use_cases.vendors import BooksConnector, Page
from shared.use_cases.windows import Puller, Tally

BALANCES, INVOICES = "balances", "invoices"
# The first pull tells the ends of so many months; each day costs one of the vendor's calls.
MONTHS_BEFORE = 12
# Bookkeepers enter late: these days are asked for again.
AGAIN = (timedelta(days=1), timedelta(days=2), timedelta(days=7), timedelta(days=30))
# The vendor's clock and ours may differ.
LOOK_BACK = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class BooksResult:
    """Days whose balances were read, rows that changed, invoices read and changed, records set aside, and the
    bank accounts of which the vendor's own reports disagree about yesterday."""

    days_read: int
    balances_changed: int
    invoices_read: int
    invoices_changed: int
    rejected: int
    banks_differing: int


class BooksPull:
    """One run over one organisation's books; every day and every page is one transaction with its cursor."""

    def __init__(
        self,
        open_unit_of_work: OpenUnitOfWork,
        connector: BooksConnector,
        credential: StoredCredential,
        report: Report,
    ) -> None:
        self._open = open_unit_of_work
        self._connector = connector
        self._credential = credential
        self._puller = Puller(open_unit_of_work, credential, report)
        self._report = report

    def run(self, now: datetime) -> BooksResult:
        """Pulls the balances up to yesterday, in the organisation's own zone, and all that changed."""
        with self._puller.noting_failure(now):
            books = self._connector.describe_books()
            self._puller.meet(books.account, books.timezone)
            zone = ZoneInfo(books.timezone)
            yesterday = now.astimezone(zone).date() - timedelta(days=1)
            balances = self._pull_balances(yesterday)
            invoices = self._pull_invoices(now)
            banks = self._connector.check_bank(yesterday)
        with self._open() as work:
            work.credentials.mark_synced(self._credential.id, now)
            work.usage.count_once("integrations_synced")
            if banks:
                told = {each.account_code: str(each.bank_summary) for each in banks}
                work.audit.write(
                    "books.banks_differ", "credential", self._credential.id, dict(told)
                )
        return BooksResult(
            balances.read,
            balances.changed,
            invoices.read,
            invoices.changed,
            invoices.rejected,
            len(banks),
        )

    def _pull_balances(self, yesterday: date) -> Tally:
        tally = Tally()
        while True:
            position = self._puller.position(BALANCES)
            # Days that a run before has left are asked for first.
            left = position.get("left", "").split()
            if not left:
                left = [day.isoformat() for day in days_to_ask(position.get("day"), yesterday)]
            until = left[-1]
            while left:
                position = self._pull_day(left, position, tally)
                left = left[1:]
            if until >= yesterday.isoformat():
                return tally

    def _pull_day(self, left: list[str], position: Position, tally: Tally) -> Position:
        day = date.fromisoformat(left[0])
        told = self._connector.balances_on(day)
        moved = {"day": max(left[0], position.get("day", ""))}
        if left[1:]:
            moved["left"] = " ".join(left[1:])
        with self._open() as work:
            tally.changed += work.books.upsert_balances(
                self._credential.company_id, self._credential.service_name, day, told
            )
            self._puller.move(work, BALANCES, position, moved)
        tally.read += 1
        self._report(tally.read, None, f"balances: up to {day}")
        return moved

    def _pull_invoices(self, now: datetime) -> Tally:
        tally = Tally()
        position = self._puller.position(INVOICES)
        began = position.get("began", now.isoformat())
        for page in self._invoice_pages(position):
            opened = {**position, "began": began}
            moved = (
                {"since": began}
                if page.next_cursor is None
                else {**opened, "after": page.next_cursor}
            )
            with self._open() as work:
                tally.changed += work.books.upsert_invoices(
                    self._credential.company_id, self._credential.service_name, page.records
                )
                self._puller.set_aside(work, INVOICES, page, tally)
                self._puller.move(work, INVOICES, position, moved)
            position = moved
            self._report(tally.read, None, f"invoices: {tally.read:,} read")
        return tally

    def _invoice_pages(self, position: dict[str, str]) -> Iterator[Page[OpenInvoice]]:
        since = position.get("since")
        changed_since = datetime.fromisoformat(since) - LOOK_BACK if since else None
        try:
            yield from self._connector.invoice_pages(changed_since, position.get("after"))
        except CursorExpired:
            with self._open() as work:
                begun = {name: value for name, value in position.items() if name == "since"}
                found = work.cursors.get(self._credential.id, INVOICES)
                self._puller.move(work, INVOICES, found, begun)
            raise


def days_to_ask(reached: str | None, yesterday: date) -> list[date]:
    """The days whose balances are asked for, oldest first.

    At first the ends of the months before and yesterday. Later each day since, or the ends of months
    where the gap is long, and some days again that bookkeepers may have gone back to.
    """
    if reached is None:
        return [*month_ends(yesterday, MONTHS_BEFORE), yesterday]
    last = date.fromisoformat(reached)
    gap = (yesterday - last).days
    if gap <= 0:
        return [yesterday]
    if gap > 31:
        days = {day for day in month_ends(yesterday, MONTHS_BEFORE) if day > last}
    else:
        days = {last + timedelta(days=n) for n in range(1, gap)}
    return sorted(days | {yesterday - back for back in AGAIN} | {yesterday})


def month_ends(before: date, months: int) -> list[date]:
    """The last days of so many months before a day, oldest first."""
    ends, first = [], before.replace(day=1)
    for _ in range(months):
        end = first - timedelta(days=1)
        ends.append(end)
        first = end.replace(day=1)
    return ends[::-1]
