"""Pull a shop's products, stock, order lines and fees into one tenant's tables, up to now.

The years before the connection are another job's (`backfill_sales`): what is new comes at once, however
long the past takes. The streams are independent: one that fails does not stop the others.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from shared.domain.catalogue import Product
from shared.domain.rejections import Kept
from shared.domain.sync import Basis, Position, Track, next_forward
from shared.errors import CursorExpired, GiveUp, InvalidInput, ScopeMissing, WindowTooLarge
from shared.use_cases.keep_sales import keep_page, keep_posted
from shared.use_cases.ports import OpenUnitOfWork, Report, StoredCredential, UnitOfWork
from shared.use_cases.store_credential import note_failure
from shared.use_cases.streams import Streams, note_problems
from shared.use_cases.vendors import ManySites, Page, SalePage, Shop, ShopConnector
from shared.use_cases.windows import MOST_RESTARTS, Puller, Tally

PRODUCTS, ORDERS, BACKFILL = "products", "orders", "orders_backfill"
FEES = "fees"
# Stock moves all day, and a scan of it is the dearest part of a pull.
SCAN_AGAIN_AFTER = timedelta(hours=2)
# Of a line that is no record, or that belongs to none.
NAMELESS_FIELDS = frozenset({"line", "__parentId"})


@dataclass(frozen=True, slots=True)
class PullResult:
    """Records read, rows that changed, records set aside, and whether the past is there as well.

    `left_out` counts by rule what is no sale; `partial` names the parts that the vendor did not report.
    """

    products_read: int
    products_changed: int
    lines_read: int
    lines_changed: int
    rejected: int
    backfilled: bool
    left_out: dict[str, int] = field(default_factory=dict)
    partial: list[str] = field(default_factory=list)


class SalesPull:
    """One run over one account; every page is one transaction with its cursor.

    `together` are the credentials of the account's other sites, whose orders stand on the same pages.
    """

    def __init__(
        self,
        open_unit_of_work: OpenUnitOfWork,
        connector: ShopConnector,
        credential: StoredCredential,
        report: Report,
        together: tuple[StoredCredential, ...] = (),
    ) -> None:
        self._open = open_unit_of_work
        self._connector = connector
        self._credential = credential
        self._puller = Puller(open_unit_of_work, credential, report, together)
        self._credentials = self._puller.credentials
        self._channels = {each.service_name: each for each in self._credentials}
        self._report = report
        self._streams = Streams()

    def run(self, now: datetime, as_of: date | None = None) -> PullResult:
        """Pulls everything that changed up to `now` (aware).

        `as_of` is the day that the stock levels count for, and that the past is counted from: today in
        the shop's zone if None.
        """
        with self._puller.noting_failure(now):
            return self._run(now, as_of)

    def _run(self, now: datetime, as_of: date | None) -> PullResult:
        products, orders = Tally(), Tally()
        for credential in self._credentials:
            self._pull_site(credential, now, as_of, products)
        for stream in self._streams_of_orders():
            self._puller.align(stream)
        self._streams.run(ORDERS, lambda: self._pull_orders(now, orders))
        for lag in self._connector.traits.orders_again:
            self._streams.run(_lagging(ORDERS, lag), partial(self._pull_again, now, lag, orders))
        for lag in self._connector.traits.fee_lags:
            self._streams.run(_lagging(FEES, lag), partial(self._pull_fees, now, lag, orders))
        self._streams.note(ORDERS, orders.problems)
        self._finish(now)
        return self._tell(products, orders)

    def _finish(self, now: datetime) -> None:
        """Notes on the credentials which streams have stopped; raises what is to be done again."""
        orders_went_well = ORDERS in self._streams.went_well
        with self._open() as work:
            for credential in self._credentials:
                note_problems(work, credential.id, self._streams, now)
                if credential.service_name not in self._channels:
                    note_failure(work, credential.id, now, reconnect=False)
                elif orders_went_well:
                    work.credentials.mark_synced(credential.id, now)
                elif ORDERS in self._streams.problems:
                    note_failure(work, credential.id, now, reconnect=False)
            if orders_went_well:
                work.usage.count_once("integrations_synced")
        self._streams.finish()

    def _tell(self, products: Tally, orders: Tally) -> PullResult:
        return PullResult(
            products_read=products.read,
            products_changed=products.changed,
            lines_read=orders.read,
            lines_changed=orders.changed,
            rejected=products.rejected + orders.rejected,
            backfilled="done" in self._puller.position(BACKFILL),
            left_out=dict(products.left_out + orders.left_out),
            partial=self._streams.partial,
        )

    def _pull_site(
        self, credential: StoredCredential, now: datetime, as_of: date | None, tally: Tally
    ) -> None:
        """What is read site by site: who it is, and what it offers."""
        is_own = credential.id == self._credential.id
        connector = self._connector
        if not is_own and isinstance(connector, ManySites):
            connector = connector.site(credential.service_name)
        puller = Puller(self._open, credential, self._report)
        stream = PRODUCTS if is_own else f"{PRODUCTS} of {credential.service_name}"
        try:
            today = self._meet(puller, connector.describe_shop(), now, as_of)
        except GiveUp as error:
            if is_own:
                raise
            self._streams.note(stream, [error.message])
            # Its cursors stay: where it can be read, it begins with its own past.
            self._leave_out(credential)
            return
        scan = ProductScan(puller, connector, now, today.date(), tally)
        self._streams.run(stream, scan.run)
        self._begin(credential, now, today)
        self._streams.note(stream, tally.problems)
        tally.problems.clear()

    def _leave_out(self, credential: StoredCredential) -> None:
        """A site that cannot be read waits: the others' orders go on without it."""
        del self._channels[credential.service_name]
        left = tuple(each for each in self._puller.together if each.id != credential.id)
        self._puller = replace(self._puller, together=left)

    def _meet(self, puller: Puller, shop: Shop, now: datetime, as_of: date | None) -> datetime:
        """Notes whom the credential opens; returns the beginning of the day of the stock, in the shop's zone."""
        zone = read_zone(shop)
        puller.meet(shop.account, shop.timezone)
        today = now.astimezone(zone).date()
        day = as_of or today
        if day > today:
            raise InvalidInput(
                f"as_of: {day} is still to come in the shop's zone; give {today} at most"
            )
        return datetime.combine(day, datetime.min.time(), zone)

    def _begin(self, credential: StoredCredential, now: datetime, today: datetime) -> None:
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
            starts[_lagging(FEES, lag)] = {"since": first.isoformat()}
        with self._open() as work:
            for stream, position in starts.items():
                work.cursors.move(credential.id, stream, {}, position)

    def _streams_of_orders(self) -> Iterable[str]:
        traits = self._connector.traits
        yield from (ORDERS, BACKFILL)
        yield from (_lagging(ORDERS, lag) for lag in traits.orders_again)
        yield from (_lagging(FEES, lag) for lag in traits.fee_lags)

    def _pull_orders(self, now: datetime, tally: Tally) -> None:
        traits = self._connector.traits
        track = Track(Basis.UPDATED, traits.look_back, traits.longest_window)
        step = partial(next_forward, end=now - traits.lag, track=track)
        self._puller.run(ORDERS, step, self._connector.sale_pages, self._keep, tally)

    def _pull_again(self, now: datetime, lag: timedelta, tally: Tally) -> None:
        """Orders once more when they have aged, for what comes to them late and unannounced."""
        traits = self._connector.traits
        track = Track(Basis.CREATED, traits.look_back, traits.longest_window)
        stream, end = _lagging(ORDERS, lag), now - traits.lag - lag
        step = partial(next_forward, end=end, track=track)
        try:
            self._puller.run(stream, step, self._connector.sale_pages, self._keep, tally)
        except ScopeMissing:
            # After a long pause: what is hidden by now cannot be read again.
            self._puller.begin_again(stream, {"since": end.isoformat()})

    def _pull_fees(self, now: datetime, lag: timedelta, tally: Tally) -> None:
        """Fees and refunds as they are posted, and again when they have aged: until they are final they change."""
        traits = self._connector.traits
        track = Track(Basis.CREATED, traits.fees_look_back, traits.longest_window)
        step = partial(next_forward, end=now - traits.lag - lag, track=track)
        pages = self._connector.posted_pages
        self._puller.run(_lagging(FEES, lag), step, pages, self._keep_posted, tally)

    def _keep(self, work: UnitOfWork, page: SalePage) -> Kept:
        return keep_page(work, page, self._channels, self._connector.traits.fee_rule)

    def _keep_posted(self, work: UnitOfWork, page: SalePage) -> Kept:
        return keep_posted(work, page, self._channels, self._connector.traits.fee_rule)


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
            position = self.puller.position(PRODUCTS)
            if _is_recent(position, self.now, self.day):
                return
            try:
                self._scan(position)
            except (CursorExpired, WindowTooLarge):
                if restart == MOST_RESTARTS or "after" not in self.puller.position(PRODUCTS):
                    raise
                self.puller.begin_again(PRODUCTS, {"day": self.day.isoformat()})
            else:
                return

    def _scan(self, position: Position) -> None:
        # Yesterday's pages say nothing of today's stock.
        goes_on = position.get("day") == self.day.isoformat() and "began" in position
        after = position.get("after") if goes_on else None
        began = position["began"] if after is not None else self.now.isoformat()
        unclear = after is not None and "unclear" in position
        for page in self.connector.product_pages(after):
            moved = {"day": self.day.isoformat(), "began": began}
            if page.next_cursor is None:
                moved["done"] = self.now.isoformat()
            else:
                moved["after"] = page.next_cursor
            unclear = unclear or _is_unclear(page)
            if unclear:
                moved["unclear"] = "true"
            with self.puller.open_unit_of_work() as work:
                kept = self._keep(work, page, datetime.fromisoformat(began))
                self.puller.set_aside(work, PRODUCTS, page, kept, self.tally)
                if page.next_cursor is None and page.whole and not unclear:
                    service = self.puller.credential.service_name
                    work.products.retire_unseen(service, datetime.fromisoformat(began), self.day)
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


def read_zone(shop: Shop) -> ZoneInfo:
    """The shop's time zone; raises `InvalidInput` for one that does not exist."""
    try:
        return ZoneInfo(shop.timezone)
    except (LookupError, ValueError, OSError):
        raise InvalidInput(
            f"timezone: the shop says {shop.timezone[:50]!r}, which is no time zone; set it in the shop's settings"
        ) from None


def _is_recent(position: Position, now: datetime, day: date) -> bool:
    """Whether all products of the day were read a short while ago: a job that was put off need not scan again."""
    if "done" not in position or position.get("day") != day.isoformat():
        return False
    return now - datetime.fromisoformat(position["done"]) < SCAN_AGAIN_AFTER


def _lagging(stream: str, lag: timedelta) -> str:
    return f"{stream}_{lag.days}d" if lag else stream
