"""Pull an accounting vendor's balances and open invoices into one tenant's tables.

Nothing of it is ever learned from: working capital adds it up, forecasts know only what the shops sold.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from shared.domain.accounts import BankCheck
from shared.domain.credential import StoredCredential
from shared.domain.events import BooksPulled
from shared.domain.quota import Meter
from shared.domain.rejections import Kept
from shared.domain.stream_positions import Days, Items, Reading
from shared.errors import CursorExpired
from shared.use_cases.ports.progress import Report
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from shared.use_cases.set_aside import set_aside
from shared.use_cases.streams import Streams, note_problems
from shared.use_cases.sync_windows import Puller, Tally
from shared.use_cases.vendors import BooksConnector, ItemPage

BALANCES, BANK_CHECK = "balances", "bank_check"
# The first pull reads the ends of so many months; each day costs one of the vendor's calls.
MONTHS_BEFORE = 12
# Bookkeepers enter late: these days are asked for again.
AGAIN = (timedelta(days=1), timedelta(days=2), timedelta(days=7), timedelta(days=30))
# The vendor's clock and ours may differ.
LOOK_BACK = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class BooksResult:
    """Days whose balances were read, rows that changed, open items read and changed, records set aside, and the
    bank accounts of which the vendor's own reports disagree about yesterday.

    `left_out` counts by rule what is no open item; `partial` names the parts that the vendor did not report.
    `currencies_that_differ` is the books' currency where it is not the company's: working capital
    converts their balances by the day's rate, and does not know them without one.
    """

    days_read: int
    balances_changed: int
    invoices_read: int
    invoices_changed: int
    rejected: int
    banks_differing: int
    left_out: dict[str, int] = field(default_factory=dict)
    partial: list[str] = field(default_factory=list)
    currencies_that_differ: dict[str, str] = field(default_factory=dict)


class BooksPull:
    """One run over one organisation's books; every day and every page is one transaction with its cursor.

    The streams are independent: balances, each list of open items, and the check of the banks.
    """

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
        self._streams = Streams()
        self._balances, self._items, self._banks = Tally(), Tally(), BankCheck(())

    def run(self, now: datetime) -> BooksResult:
        """Pulls the balances up to yesterday, in the organisation's own zone, and all that changed."""
        with self._puller.noting_failure(now):
            books = self._connector.describe_books()
            self._puller.meet(books.account, books.timezone, books.currency)
            yesterday = now.astimezone(ZoneInfo(books.timezone)).date() - timedelta(days=1)
            self._streams.run(BALANCES, lambda: self._pull_balances(yesterday))
            for stream in self._connector.item_streams:
                self._streams.run(stream, partial(self._pull_items, stream, now))
            self._streams.run(BANK_CHECK, lambda: self._check_bank(yesterday))
            self._finish(now)
            differing = self._puller.differing_currencies()
        return BooksResult(
            self._balances.read,
            self._balances.changed,
            self._items.read,
            self._items.changed,
            self._balances.rejected + self._items.rejected + len(self._banks.rejected),
            len(self._banks.differences),
            dict(self._items.left_out),
            self._streams.partial,
            differing,
        )

    def _finish(self, now: datetime) -> None:
        """Notes which streams have stopped; raises what is to be done again, before the pull counts as done."""
        with self._open() as work:
            note_problems(work, self._credential.id, self._streams, now)
        self._streams.finish()
        with self._open() as work:
            work.credentials.mark_synced(self._credential.id, now)
            work.usage.count_once(Meter.INTEGRATIONS)
            set_aside(work, self._credential, BANK_CHECK, self._banks.rejected)
            work.events.publish(BooksPulled(self._credential.service_name))
            reported = {
                each.account_code: str(each.bank_summary) for each in self._banks.differences
            }
            if reported:
                work.audit.write(
                    "books.banks_differ", "credential", self._credential.id, dict(reported)
                )

    def _check_bank(self, yesterday: date) -> None:
        self._banks = self._connector.check_bank(yesterday)

    def _pull_balances(self, yesterday: date) -> None:
        self._puller.come_back(BALANCES, datetime.combine(yesterday, time.max, UTC), Days)
        while True:
            position = self._puller.position(BALANCES, Days)
            # Days that a run before has left are asked for first.
            left = position.left if position else ()
            if not left:
                left = tuple(days_to_ask(position.day if position else None, yesterday))
            until = left[-1]
            while left:
                position = self._pull_day(left, position, self._balances)
                left = left[1:]
            if until >= yesterday:
                return

    def _pull_day(self, left: tuple[date, ...], position: Days | None, tally: Tally) -> Days:
        day = left[0]
        reported = self._connector.balances_on(day)
        moved = Days(max(day, position.day) if position else day, left[1:])
        with self._open() as work:
            kept = work.books.upsert_balances(
                self._credential.company_id, self._credential.service_name, day, reported
            )
            rejected = (*reported.rejected, *kept.rejected)
            set_aside(work, self._credential, BALANCES, rejected)
            self._puller.move(work, BALANCES, position, moved)
        tally.read += 1
        tally.changed += kept.changed
        tally.rejected += len(rejected)
        self._report(tally.read, None, f"balances: up to {day}")
        return moved

    def _pull_items(self, stream: str, now: datetime) -> None:
        """All that changed in one list since its own last pull; all of it the first time.

        At first what is closed closes what an earlier run, or an earlier release, has kept as open.
        """
        self._puller.come_back(stream, now, Items)
        tally, position = self._items, self._puller.position(stream, Items) or Items()
        began = position.reading.began if position.reading else now
        for page in self._item_pages(stream, position):
            moved = (
                Items(began)
                if page.next_cursor is None
                else replace(position, reading=Reading(began, page.next_cursor))
            )
            with self._open() as work:
                self._puller.set_aside(work, stream, page, self._keep_items(work, page), tally)
                self._puller.move(work, stream, position, moved)
            tally.read += len(page.closed)
            position = moved
            self._report(tally.read, None, f"{stream}: {tally.read:,} read")

    def _keep_items(self, work: UnitOfWork, page: ItemPage) -> Kept:
        company, source = self._credential.company_id, self._credential.service_name
        kept = work.books.upsert_invoices(company, source, page.records)
        return kept + Kept(work.books.close_invoices(source, page.closed))

    def _item_pages(self, stream: str, position: Items) -> Iterator[ItemPage]:
        changed_since = position.since - LOOK_BACK if position.since else None
        after = position.reading.after if position.reading else None
        try:
            yield from self._connector.invoice_pages(changed_since, after, stream)
        except CursorExpired:
            self._puller.begin_again(stream, Items(position.since))
            raise


def days_to_ask(reached: date | None, yesterday: date) -> list[date]:
    """The days whose balances are asked for, oldest first.

    At first the ends of the months before and yesterday. Later each day since, or the ends of months
    where the gap is long, and some days again that bookkeepers may have gone back to.
    """
    if reached is None:
        return [*month_ends(yesterday, MONTHS_BEFORE), yesterday]
    gap = (yesterday - reached).days
    if gap <= 0:
        return [yesterday]
    if gap > 31:
        days = {day for day in month_ends(yesterday, MONTHS_BEFORE) if day > reached}
    else:
        days = {reached + timedelta(days=n) for n in range(1, gap)}
    return sorted(days | {yesterday - back for back in AGAIN} | {yesterday})


def month_ends(before: date, months: int) -> list[date]:
    """The last days of so many months before a day, oldest first."""
    ends, first = [], before.replace(day=1)
    for _ in range(months):
        end = first - timedelta(days=1)
        ends.append(end)
        first = end.replace(day=1)
    return ends[::-1]
