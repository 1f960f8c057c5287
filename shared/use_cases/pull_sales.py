"""Pull a shop's products, stock, order lines and fees into one tenant's tables, up to now.

The years before the connection are another job's (`backfill_sales`): what is new comes at once, however
long the past takes.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from shared.domain.catalogue import Product
from shared.domain.sales import SaleFee, SaleLine
from shared.domain.sync import Basis, Position, Track, next_forward
from shared.errors import CursorExpired, InvalidInput, ScopeMissing, WindowTooLarge
from shared.use_cases.keep_sales import keep_fees, keep_orders
from shared.use_cases.ports import OpenUnitOfWork, Report, StoredCredential, UnitOfWork
from shared.use_cases.vendors import Page, SalePage, ShopConnector
from shared.use_cases.windows import MOST_RESTARTS, Puller, Tally

PRODUCTS, ORDERS, BACKFILL = "products", "orders", "orders_backfill"
FEES, REFUNDS = "fees", "refunds"
# Stock moves all day, and a scan of it is the dearest part of a pull.
SCAN_AGAIN_AFTER = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class PullResult:
    """Records read, rows that changed, records set aside, and whether the past is there as well."""

    products_read: int
    products_changed: int
    lines_read: int
    lines_changed: int
    rejected: int
    backfilled: bool


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
        self._puller = Puller(open_unit_of_work, credential, report)
        self._report = report

    def run(self, now: datetime, as_of: date | None = None) -> PullResult:
        """Pulls everything that changed up to `now` (aware).

        `as_of` is the day that the stock levels count for, and that the past is counted from: today in
        the shop's zone if None.
        """
        with self._puller.noting_failure(now):
            return self._run(now, as_of)

    def _run(self, now: datetime, as_of: date | None) -> PullResult:
        shop = self._connector.describe_shop()
        self._puller.meet(shop.account, shop.timezone)
        zone = ZoneInfo(shop.timezone)
        today = now.astimezone(zone).date()
        day = as_of or today
        if day > today:
            raise InvalidInput(
                f"as_of: {day} is still to come in the shop's zone; give {today} at most"
            )
        products = self._pull_products(now, day)
        self._begin(now, datetime.combine(day, datetime.min.time(), zone))
        streams = [self._pull_orders(now), *self._pull_again(now), *self._pull_fees(now)]
        return PullResult(
            products_read=products.read,
            products_changed=products.changed,
            lines_read=sum(tally.read for tally in streams),
            lines_changed=sum(tally.changed for tally in streams),
            rejected=products.rejected + sum(tally.rejected for tally in streams),
            backfilled="done" in self._puller.position(BACKFILL),
        )

    def _begin(self, now: datetime, today: datetime) -> None:
        """Cuts time in two at the first run: what comes is this job's, what was is the backfill's."""
        traits = self._connector.traits
        horizon = today - traits.history
        cut = now - traits.lag
        starts: dict[str, Position] = {
            ORDERS: {"since": cut.isoformat()},
            BACKFILL: {"from": horizon.isoformat(), "until": cut.isoformat()},
        }
        for lag in traits.orders_again:
            starts[_lagging(ORDERS, lag)] = {"since": (cut - lag).isoformat()}
        for lag in traits.fee_lags:
            first = (cut - lag) if lag else horizon
            for stream in (FEES, REFUNDS):
                starts[_lagging(stream, lag)] = {"since": first.isoformat()}
        with self._open() as work:
            for stream, position in starts.items():
                work.cursors.move(self._credential.id, stream, {}, position)

    def _pull_products(self, now: datetime, day: date) -> Tally:
        tally = Tally()
        for restart in range(MOST_RESTARTS + 1):
            position = self._puller.position(PRODUCTS)
            if _is_recent(position, now, day):
                return tally
            try:
                self._scan_products(position, now, day, tally)
            except (CursorExpired, WindowTooLarge):
                if restart == MOST_RESTARTS or "after" not in self._puller.position(PRODUCTS):
                    raise
                self._puller.begin_again(PRODUCTS, {"day": day.isoformat()})
            else:
                return tally
        raise AssertionError("unreachable: the last scan returns or raises")

    def _scan_products(self, position: Position, now: datetime, day: date, tally: Tally) -> None:
        # Yesterday's pages say nothing of today's stock.
        after = position.get("after") if position.get("day") == day.isoformat() else None
        for page in self._connector.product_pages(after):
            moved = {"day": day.isoformat()}
            if page.next_cursor is None:
                moved["done"] = now.isoformat()
            else:
                moved["after"] = page.next_cursor
            with self._open() as work:
                tally.changed += self._keep_products(work, page, day)
                self._puller.set_aside(work, PRODUCTS, page, tally)
                self._puller.move(work, PRODUCTS, position, moved)
            position = moved
            self._report(tally.read, None, f"products: {tally.read:,} read")

    def _keep_products(self, work: UnitOfWork, page: Page[Product], day: date) -> int:
        changed = work.products.upsert(self._credential.company_id, page.records, day)
        if page.next_cursor is None and page.whole:
            work.products.retire_unseen(self._credential.service_name, day)
        return changed

    def _pull_orders(self, now: datetime) -> Tally:
        traits = self._connector.traits
        track = Track(Basis.UPDATED, traits.look_back, traits.longest_window)
        tally = self._puller.run(
            ORDERS,
            partial(next_forward, end=now - traits.lag, track=track),
            self._connector.sale_pages,
            self._keep_orders,
        )
        with self._open() as work:
            work.credentials.mark_synced(self._credential.id, now)
            work.usage.count_once("integrations_synced")
        return tally

    def _pull_again(self, now: datetime) -> list[Tally]:
        """Orders once more when they have aged, for what comes to them late and unannounced."""
        traits = self._connector.traits
        track = Track(Basis.CREATED, traits.look_back, traits.longest_window)
        tallies = []
        for lag in traits.orders_again:
            stream, end = _lagging(ORDERS, lag), now - traits.lag - lag
            step = partial(next_forward, end=end, track=track)
            try:
                tallies.append(
                    self._puller.run(stream, step, self._connector.sale_pages, self._keep_orders)
                )
            except ScopeMissing:
                # After a long pause: what is hidden by now cannot be read again.
                self._puller.begin_again(stream, {"since": end.isoformat()})
        return tallies

    def _pull_fees(self, now: datetime) -> list[Tally]:
        """Fees and refunds as they are posted, and again when they have aged: until they are final they change."""
        traits = self._connector.traits
        track = Track(Basis.CREATED, traits.fees_look_back, traits.longest_window)
        tallies = []
        for lag in traits.fee_lags:
            step = partial(next_forward, end=now - traits.lag - lag, track=track)
            pages, refunds = self._connector.fee_pages, self._connector.refund_pages
            tallies += [
                self._puller.run(_lagging(REFUNDS, lag), step, refunds, self._keep_refunds),
                self._puller.run(_lagging(FEES, lag), step, pages, self._keep_fees),
            ]
        return tallies

    def _keep_orders(self, work: UnitOfWork, page: SalePage) -> int:
        return keep_orders(
            work, self._credential, page.records, self._connector.traits.fee_rule, page.fees
        )

    def _keep_refunds(self, work: UnitOfWork, page: Page[SaleLine]) -> int:
        return keep_orders(work, self._credential, page.records, self._connector.traits.fee_rule)

    def _keep_fees(self, work: UnitOfWork, page: Page[SaleFee]) -> int:
        return keep_fees(work, self._credential, page.records, self._connector.traits.fee_rule)


def _is_recent(position: Position, now: datetime, day: date) -> bool:
    """Whether all products of the day were read a short while ago: a job that was put off need not scan again."""
    if "done" not in position or position.get("day") != day.isoformat():
        return False
    return now - datetime.fromisoformat(position["done"]) < SCAN_AGAIN_AFTER


def _lagging(stream: str, lag: timedelta) -> str:
    return f"{stream}_{lag.days}d" if lag else stream
