"""Pages of orders: by searchOrders for what is new, by a report for what is much.

searchOrders gives 100 orders every three minutes once its burst is used up, a report a month's orders
in minutes. So a window of six hours and more is read from a report.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

from shared.connectors.amazon.client import (
    AmazonClient,
    next_token,
    refuse_repetition,
    require_list,
    write_instant,
)
from shared.connectors.amazon.cursor import Place, check_age, read_place, write_place
from shared.connectors.amazon.marketplaces import Marketplace
from shared.connectors.amazon.order_lines import Order, order_lines
from shared.connectors.amazon.order_report import (
    BY_LAST_UPDATE,
    BY_ORDER_DATE,
    REQUIRED,
    group_rows,
    read_order_rows,
)
from shared.connectors.amazon.orders import read_order
from shared.connectors.amazon.report_files import (
    Outcome,
    Report,
    document_rows,
    look_at_report,
    request_report,
)
from shared.connectors.amazon.sites import Sites, is_outside
from shared.domain.fields import require_node
from shared.domain.rejections import collect
from shared.domain.sales import SaleLine
from shared.domain.window_steps import Basis, SyncWindow
from shared.errors import SkipRecord, VendorUnavailable, WindowTooLarge
from shared.use_cases.vendors import SalePage

ORDERS = "/orders/2026-01-01/orders"
REPORT_FROM = timedelta(hours=6)
# Amazon makes no order report of more days.
LONGEST_REPORT = timedelta(days=30)
ORDERS_A_PAGE = 500
# Only what is used: neither the buyer nor the address, for which other rights are needed.
INCLUDED = "PROCEEDS,PROMOTION,CANCELLATION,FULFILLMENT"
# Orders that bring no line here, by the rule that says so.
OTHER_SITE, NO_LINE = "other_site", "unpriced_or_foreign"
Found = tuple[Order, Marketplace] | str


class OrderPages:
    """The orders of all connected sites of an account: one report or search holds them together."""

    def __init__(self, client: AmazonClient, sites: Sites) -> None:
        self._client, self._sites = client, sites

    def pages(self, window: SyncWindow, cursor: str | None) -> Iterator[SalePage]:
        """Whole orders of the window, from the cursor on; the last page has no next cursor."""
        place = read_place(cursor)
        if window.until - window.since > LONGEST_REPORT:
            raise WindowTooLarge("amazon: orders are reported for 30 days at most")
        if "token" in place or (not place and window.until - window.since < REPORT_FROM):
            return self._search(window, place)
        return self._report(window, place)

    def _search(self, window: SyncWindow, place: Place) -> Iterator[SalePage]:
        params = _parameters(window, self._sites)
        token = str(place["token"]) if place else None
        if token is not None:
            check_age(place, self._client.now())
        while True:
            body = self._client.get_page("searchOrders", ORDERS, params, {"paginationToken": token})
            orders = require_list(body, "orders")
            before, token = token, next_token(body, "pagination", "nextToken")
            refuse_repetition(token, before)
            at = self._client.now().isoformat()
            following = None if token is None else write_place(token=token, at=at)
            yield self._page(orders, self._read_node, _order_key, following)
            if token is None:
                return

    def _report(self, window: SyncWindow, place: Place) -> Iterator[SalePage]:
        fatal = int(place.get("fatal", 0))
        if "report" not in place:
            number = self._request(window)
            place = {"report": number, "fatal": fatal}
            yield SalePage((), (), write_place(report=number, fatal=fatal))
        report = look_at_report(self._client, str(place["report"]))
        if report.outcome is Outcome.DONE:
            yield from self._document(window, report, place)
        elif report.outcome is Outcome.FATAL:
            # The next try asks for a new report; this page makes it know that one has failed.
            yield SalePage((), (), write_place(fatal=fatal + 1))
            raise _fatal(fatal)
        else:
            # No data, or stopped by somebody: the search for the orders themselves shows which.
            yield from self._search(window, {})

    def _request(self, window: SyncWindow) -> str:
        kind = BY_ORDER_DATE if window.basis is Basis.CREATED else BY_LAST_UPDATE
        return request_report(self._client, self._sites.ids, kind, window.since, window.until)

    def _document(self, window: SyncWindow, report: Report, place: Place) -> Iterator[SalePage]:
        done = int(place.get("done", 0))
        groups = group_rows(document_rows(self._client, str(report.document_id), REQUIRED))
        rest = islice(groups, done, None)
        held = list(islice(rest, ORDERS_A_PAGE))
        if not held and not done:
            # A file without rows is believed no more than a report without data.
            yield from self._search(window, {})
            return
        while True:
            following = list(islice(rest, ORDERS_A_PAGE))
            done += len(held)
            cursor = write_place(report=place["report"], fatal=place.get("fatal"), done=done)
            yield self._page(held, self._read_rows, _row_key, cursor if following else None)
            if not following:
                return
            held = following

    def _page(
        self,
        nodes: Iterable[Any],
        read: Callable[[Any], Found],
        key: Callable[[Any], object],
        following: str | None,
    ) -> SalePage:
        orders, rejected = collect(nodes, key, read)
        lines: list[SaleLine] = []
        left_out: Counter[str] = Counter()
        for found in orders:
            if isinstance(found, str):
                left_out[found] += 1
                continue
            order, market = found
            reported, aside = order_lines(order, market)
            lines += reported
            rejected += aside
        return SalePage(tuple(lines), tuple(rejected), following, left_out=left_out)

    def _read_node(self, node: object) -> Found:
        order = require_node(node, "orders")
        market = self._sites.of_order(order)
        if market is None:
            return OTHER_SITE
        read = read_order(order, market)
        return NO_LINE if read is None else (read, market)

    def _read_rows(self, rows: Sequence[dict[str, str]]) -> Found:
        if "?" in rows[0]:
            raise SkipRecord("columns: the row has another number of columns than the header")
        if is_outside(rows[0]["sales-channel"]):
            return NO_LINE
        market = self._sites.of_row(rows[0])
        if market is None:
            return OTHER_SITE
        read = read_order_rows(rows, market)
        return NO_LINE if read is None else (read, market)


def _parameters(window: SyncWindow, sites: Sites) -> dict[str, str]:
    """The same for every page of a window, as the page token demands."""
    stem = "created" if window.basis is Basis.CREATED else "lastUpdated"
    return {
        f"{stem}After": write_instant(window.since),
        f"{stem}Before": write_instant(window.until),
        "marketplaceIds": ",".join(sites.ids),
        "maxResultsPerPage": "100",
        "includedData": INCLUDED,
    }


def _fatal(failed_before: int) -> Exception:
    if failed_before:
        return WindowTooLarge("amazon: the order report fails again; a smaller window is asked for")
    return VendorUnavailable("amazon: the order report has failed; it is asked for again")


def _order_key(node: object) -> object:
    return node.get("orderId", "?") if isinstance(node, Mapping) else "?"


def _row_key(rows: Sequence[dict[str, str]]) -> object:
    return rows[0].get("amazon-order-id") or rows[0].get("?", "?")
