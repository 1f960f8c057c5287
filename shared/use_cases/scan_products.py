"""Scan what a shop or site offers, with the stock of a day; what it does not list any more leaves the shelf."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.domain.products import Product
from shared.domain.rejections import Kept
from shared.domain.stream_positions import Scan
from shared.errors import CursorExpired, WindowTooLarge
from shared.use_cases.ports.unit_of_work import UnitOfWork
from shared.use_cases.sync_windows import MOST_RESTARTS, Puller, Tally
from shared.use_cases.vendors import Page, ShopConnector

PRODUCTS = "products"
# Stock moves all day, and a scan of it is the dearest part of a pull.
SCAN_AGAIN_AFTER = timedelta(hours=2)
# Of a line that is no record, or that belongs to none.
NAMELESS_FIELDS = frozenset({"line", "__parentId"})


@dataclass(frozen=True, slots=True)
class ProductScan:
    """A full scan of what one shop or site offers, with the stock of a day."""

    puller: Puller
    connector: ShopConnector
    now: datetime
    day: date
    tally: Tally

    def run(self) -> None:
        """Scans, unless the day's products were read a short while ago; again where the vendor forgot the place."""
        for restart in range(MOST_RESTARTS + 1):
            position = self.puller.position(PRODUCTS, Scan)
            if _is_recent(position, self.now, self.day):
                return
            try:
                self._scan(position)
            except (CursorExpired, WindowTooLarge):
                standing = self.puller.position(PRODUCTS, Scan)
                if restart == MOST_RESTARTS or standing is None or standing.after is None:
                    raise
                self.puller.begin_again(PRODUCTS, Scan(self.day))
            else:
                return

    def _scan(self, position: Scan | None) -> None:
        # Yesterday's pages say nothing of today's stock.
        goes_on = position if position is not None and position.day == self.day else None
        after = goes_on.after if goes_on else None
        began, unclear = self.now, False
        if goes_on and goes_on.began and after is not None:
            began, unclear = goes_on.began, goes_on.unclear
        for page in self.connector.product_pages(after):
            is_last = page.next_cursor is None
            unclear = unclear or _is_unclear(page)
            done = self.now if is_last else None
            moved = Scan(self.day, began, page.next_cursor, done, unclear)
            with self.puller.open_unit_of_work() as work:
                kept = self._keep(work, page, began)
                self.puller.set_aside(work, PRODUCTS, page, kept, self.tally)
                if is_last and page.whole and not unclear:
                    service = self.puller.credential.service_name
                    work.products.retire_unseen(service, began, self.day)
                self.puller.move(work, PRODUCTS, position, moved)
            position = moved
            self.puller.report(self.tally.read, None, f"products: {self.tally.read:,} read")

    def _keep(self, work: UnitOfWork, page: Page[Product], began: datetime) -> Kept:
        credential = self.puller.credential
        kept = work.products.upsert(credential.company_id, page.records, self.day, began)
        # What cannot be read is there all the same: it must not be taken for gone.
        keys = [each.record_key for each in (*page.rejected, *kept.rejected)]
        work.products.mark_seen(credential.service_name, keys, began)
        return kept


def _is_unclear(page: Page[Product]) -> bool:
    """Whether a record was set aside that does not say which product it is: any may be meant."""
    return any(
        each.field in NAMELESS_FIELDS
        or each.record_key == "?"
        or each.record_key.startswith("row ")
        for each in page.rejected
    )


def _is_recent(position: Scan | None, now: datetime, day: date) -> bool:
    """Whether all products of the day were read a short while ago: a job that was put off need not scan again."""
    if position is None or position.done is None or position.day != day:
        return False
    return now - position.done < SCAN_AGAIN_AFTER
