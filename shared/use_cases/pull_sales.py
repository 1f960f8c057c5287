"""Pull a shop's products, stock and order lines into one tenant's tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from shared.domain.catalogue import Product
from shared.domain.sales import SaleLine
from shared.errors import CredentialRejected, GiveUp
from shared.use_cases.ports import (
    OpenUnitOfWork,
    Page,
    Report,
    ShopConnector,
    StoredCredential,
    UnitOfWork,
)

# The vendor's search lags behind its writes: each run looks again at the last minutes before.
LOOK_BACK = timedelta(minutes=10)

PRODUCTS = "products"
ORDERS = "orders"

RecordT = TypeVar("RecordT")


@dataclass(frozen=True, slots=True)
class PullResult:
    """Records read, rows that changed, records set aside."""

    products_read: int
    products_changed: int
    lines_read: int
    lines_changed: int
    rejected: int


@dataclass(slots=True)
class Tally:
    """What a stream has come to so far."""

    read: int = 0
    changed: int = 0
    rejected: int = 0


class SalesPull:
    """One run over one credential; every page is one transaction with its cursor."""

    def __init__(
        self,
        open_unit_of_work: OpenUnitOfWork,
        connector: ShopConnector,
        credential: StoredCredential,
        report: Report,
    ) -> None:
        self._open = open_unit_of_work
        self._connector = connector
        self._credential = credential
        self._report = report

    def run(self, now: datetime, as_of: date | None = None) -> PullResult:
        """Pulls everything that changed up to `now` (aware).

        `as_of` is the day that the stock levels count for: today in the shop's zone if None.
        """
        try:
            return self._run(now, as_of)
        except GiveUp as error:
            with self._open() as work:
                refused = isinstance(error, CredentialRejected)
                work.credentials.mark_failed(self._credential.id, now, reconnect=refused)
            raise

    def _run(self, now: datetime, as_of: date | None) -> PullResult:
        zone = ZoneInfo(self._connector.describe_shop().timezone)
        day = as_of or now.astimezone(zone).date()
        products = self._pull_products(day)
        lines = self._pull_orders(now)
        return PullResult(
            products_read=products.read,
            products_changed=products.changed,
            lines_read=lines.read,
            lines_changed=lines.changed,
            rejected=products.rejected + lines.rejected,
        )

    def _pull_products(self, day: date) -> Tally:
        tally = Tally()
        for page in self._connector.product_pages(self._resume_products(day)):
            with self._open() as work:
                tally.changed += work.products.upsert(
                    self._credential.company_id, page.records, day
                )
                self._finish_page(work, PRODUCTS, page, tally)
                self._move_product_cursor(work, page, day)
            self._report(tally.read, None, f"products: {tally.read:,} read")
        return tally

    def _resume_products(self, day: date) -> str | None:
        """Where a scan of the same day was cut off: yesterday's pages say nothing of today's stock."""
        with self._open() as work:
            position = work.cursors.get(self._credential.id, PRODUCTS)
        return position.get("after") if position.get("day") == day.isoformat() else None

    def _move_product_cursor(self, work: UnitOfWork, page: Page[Product], day: date) -> None:
        if page.next_cursor is not None:
            position = {"day": day.isoformat(), "after": page.next_cursor}
            work.cursors.move(self._credential.id, PRODUCTS, position)
            return
        work.cursors.move(self._credential.id, PRODUCTS, {})
        work.products.retire_unseen(self._credential.service_name, day)

    def _pull_orders(self, now: datetime) -> Tally:
        tally = Tally()
        # A window that was cut short is finished first, with the same ends, else its pages would shift.
        while self._pull_window(now, tally) < now:
            pass
        return tally

    def _pull_window(self, now: datetime, tally: Tally) -> datetime:
        with self._open() as work:
            position = work.cursors.get(self._credential.id, ORDERS)
        until = datetime.fromisoformat(position["until"]) if "until" in position else now
        since = _look_back(position.get("since"))
        for page in self._order_pages(since, until, position.get("after")):
            with self._open() as work:
                tally.changed += work.sales.upsert(self._credential.company_id, page.records)
                self._finish_page(work, ORDERS, page, tally)
                self._move_order_cursor(work, position, until, page)
            self._report(tally.read, None, f"orders: {tally.read:,} lines read")
        return until

    def _order_pages(
        self, since: datetime | None, until: datetime, after: str | None
    ) -> Iterator[Page[SaleLine]]:
        return self._connector.sale_pages(updated_since=since, updated_until=until, cursor=after)

    def _finish_page(
        self, work: UnitOfWork, stream: str, page: Page[RecordT], tally: Tally
    ) -> None:
        tally.read += len(page.records)
        tally.rejected += len(page.rejected)
        work.rejections.add(self._credential.id, stream, page.rejected)

    def _move_order_cursor(
        self, work: UnitOfWork, position: dict[str, str], until: datetime, page: Page[SaleLine]
    ) -> None:
        if page.next_cursor is not None:
            moved = {"until": until.isoformat(), "after": page.next_cursor}
            if "since" in position:
                moved["since"] = position["since"]
            work.cursors.move(self._credential.id, ORDERS, moved)
            return
        work.cursors.move(self._credential.id, ORDERS, {"since": until.isoformat()})
        work.credentials.mark_synced(self._credential.id, until)
        work.usage.count_once("integrations_synced")


def _look_back(since: str | None) -> datetime | None:
    return datetime.fromisoformat(since) - LOOK_BACK if since else None
