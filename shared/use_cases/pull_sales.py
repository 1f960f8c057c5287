"""Pull a shop's products, stock, order lines and fees into one tenant's tables, up to now.

The years before the connection are another job's (`backfill_sales`): what is new comes at once, however
long the past takes. The streams are independent: one that fails does not stop the others.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from shared.domain.credential import StoredCredential
from shared.domain.events import SalesPulled
from shared.domain.quota import Meter
from shared.domain.rejections import Kept
from shared.domain.stream_positions import Backward, Forward
from shared.domain.window_steps import Basis, Track, next_forward
from shared.errors import GiveUp, InvalidInput, ScopeMissing
from shared.use_cases.keep_sales import keep_page, keep_posted
from shared.use_cases.ports.progress import Report
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from shared.use_cases.scan_products import PRODUCTS, ProductScan
from shared.use_cases.store_credential import note_failure
from shared.use_cases.streams import Streams, note_problems
from shared.use_cases.sync_windows import Puller, Tally
from shared.use_cases.vendors import ManySites, SalePage, Shop, ShopConnector

ORDERS, BACKFILL = "orders", "orders_backfill"
FEES = "fees"


@dataclass(frozen=True, slots=True)
class PullResult:
    """Records read, rows that changed, records set aside, and whether the past is there as well.

    `left_out` counts by rule what is no sale; `partial` names the parts that the vendor did not report.
    `currencies_that_differ` names the shops' currencies that are not the company's: working capital
    converts their sales by the day's rate, and does not know the day's revenue without one.
    """

    products_read: int
    products_changed: int
    lines_read: int
    lines_changed: int
    rejected: int
    backfilled: bool
    left_out: dict[str, int] = field(default_factory=dict)
    partial: list[str] = field(default_factory=list)
    currencies_that_differ: dict[str, str] = field(default_factory=dict)


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
            result = self._run(now, as_of)
        if ORDERS in self._streams.went_well:
            # Also where another stream has to be read again: what follows from orders need not wait for it.
            self._publish(result, as_of)
        with self._puller.noting_failure(now):
            self._streams.finish()
        return result

    def _run(self, now: datetime, as_of: date | None) -> PullResult:
        products, orders = Tally(), Tally()
        for credential in self._credentials:
            self._pull_site(credential, now, as_of, products)
        self._puller.align(ORDERS, Forward)
        self._puller.align(BACKFILL, Backward)
        for stream in self._lagging_streams():
            self._puller.align(stream, Forward)
        self._streams.run(ORDERS, lambda: self._pull_orders(now, orders))
        for lag in self._connector.traits.orders_again:
            self._streams.run(_lagging(ORDERS, lag), partial(self._pull_again, now, lag, orders))
        for lag in self._connector.traits.fee_lags:
            self._streams.run(_lagging(FEES, lag), partial(self._pull_fees, now, lag, orders))
        self._streams.note(ORDERS, orders.problems)
        self._finish(now)
        return self._sum_up(products, orders)

    def _finish(self, now: datetime) -> None:
        """Notes on the credentials which streams have stopped."""
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
                work.usage.count_once(Meter.INTEGRATIONS)

    def _sum_up(self, products: Tally, orders: Tally) -> PullResult:
        past = self._puller.position(BACKFILL, Backward)
        return PullResult(
            products_read=products.read,
            products_changed=products.changed,
            lines_read=orders.read,
            lines_changed=orders.changed,
            rejected=products.rejected + orders.rejected,
            backfilled=past is not None and past.done is not None,
            left_out=dict(products.left_out + orders.left_out),
            partial=self._streams.partial,
            currencies_that_differ=self._puller.differing_currencies(),
        )

    def _publish(self, result: PullResult, as_of: date | None) -> None:
        with self._open() as work:
            work.events.publish(
                SalesPulled(
                    self._credential.service_name,
                    as_of,
                    result.lines_changed,
                    result.products_changed,
                    result.backfilled,
                )
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
        puller.meet(shop.account, shop.timezone, shop.currency)
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
        starts: dict[str, Forward | Backward] = {
            ORDERS: Forward(cut),
            BACKFILL: Backward(horizon, cut),
        }
        for lag in traits.orders_again:
            starts[_lagging(ORDERS, lag)] = Forward(cut - lag)
        for lag in traits.fee_lags:
            first = (cut - lag) if lag else horizon
            starts[_lagging(FEES, lag)] = Forward(first)
        with self._open() as work:
            for stream, position in starts.items():
                work.cursors.move(credential.id, stream, None, position)

    def _lagging_streams(self) -> Iterable[str]:
        traits = self._connector.traits
        yield from (_lagging(ORDERS, lag) for lag in traits.orders_again)
        yield from (_lagging(FEES, lag) for lag in traits.fee_lags)

    def _pull_orders(self, now: datetime, tally: Tally) -> None:
        traits = self._connector.traits
        track = Track(Basis.UPDATED, traits.look_back, traits.longest_window)
        end = now - traits.lag
        step = partial(next_forward, end=end, track=track)
        self._puller.come_back(ORDERS, end, Forward)
        self._puller.run(ORDERS, Forward, step, self._connector.sale_pages, self._keep, tally)

    def _pull_again(self, now: datetime, lag: timedelta, tally: Tally) -> None:
        """Orders once more when they have aged, for what comes to them late and unannounced."""
        traits = self._connector.traits
        track = Track(Basis.CREATED, traits.look_back, traits.longest_window)
        stream, end = _lagging(ORDERS, lag), now - traits.lag - lag
        step = partial(next_forward, end=end, track=track)
        pages = self._connector.sale_pages
        try:
            self._puller.come_back(stream, end, Forward)
            self._puller.run(stream, Forward, step, pages, self._keep, tally)
        except ScopeMissing:
            # After a long pause: what is hidden by now cannot be read again.
            self._puller.begin_again(stream, Forward(end))

    def _pull_fees(self, now: datetime, lag: timedelta, tally: Tally) -> None:
        """Fees and refunds as they are posted, and again when they have aged: until they are final they change."""
        traits = self._connector.traits
        track = Track(Basis.CREATED, traits.fees_look_back, traits.longest_window)
        end = now - traits.lag - lag
        step = partial(next_forward, end=end, track=track)
        stream, pages = _lagging(FEES, lag), self._connector.posted_pages
        self._puller.come_back(stream, end, Forward)
        self._puller.run(stream, Forward, step, pages, self._keep_posted, tally)

    def _keep(self, work: UnitOfWork, page: SalePage) -> Kept:
        return keep_page(work, page, self._channels, self._connector.traits.fee_rule)

    def _keep_posted(self, work: UnitOfWork, page: SalePage) -> Kept:
        return keep_posted(work, page, self._channels, self._connector.traits.fee_rule)


def read_zone(shop: Shop) -> ZoneInfo:
    """The shop's time zone; raises `InvalidInput` for one that does not exist."""
    try:
        return ZoneInfo(shop.timezone)
    except (LookupError, ValueError, OSError):
        raise InvalidInput(
            f"timezone: the shop says {shop.timezone[:50]!r}, which is no time zone; set it in the shop's settings"
        ) from None


def _lagging(stream: str, lag: timedelta) -> str:
    return f"{stream}_{lag.days}d" if lag else stream
