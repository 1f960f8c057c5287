"""One Xero organisation's books: balances by day, open items by page."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from functools import cached_property

from shared.connectors.xero.balances import compare_banks, read_bank_summary, sum_balances
from shared.connectors.xero.budget import DAY_CALLS, CallBudget
from shared.connectors.xero.chart import Chart
from shared.connectors.xero.client import XeroClient, list_in
from shared.connectors.xero.invoices import Item, collect, left_out
from shared.connectors.xero.organisation import read_books
from shared.connectors.xero.pages import Place, first_id, is_last_page
from shared.connectors.xero.shapes import BY_STREAM, SHAPES, Shape
from shared.connectors.xero.sheet import EARNINGS, Sheet, read_balance_sheet
from shared.domain.accounts import BankCheck, ClosedInvoice, DayBalances, OpenInvoice
from shared.domain.limit import Limit, Quota
from shared.errors import VendorUnavailable
from shared.use_cases.vendors import Books, ItemPage, VendorApi


class XeroConnector:
    """Reads one organisation for one job. `limits` makes the limit of an account, `now` is the clock.

    `on_demand` may use the half of the day's calls that is kept free; `day_calls` is how many the plan has.
    """

    def __init__(
        self,
        api: VendorApi,
        organisation_id: str,
        limits: Callable[[str, Quota], Limit],
        now: Callable[[], datetime],
        *,
        on_demand: bool = False,
        day_calls: int = DAY_CALLS,
    ) -> None:
        budget = CallBudget(limits, organisation_id, day_calls=day_calls, on_demand=on_demand)
        self._client = XeroClient(api, organisation_id, budget, now)
        self._chart: Chart | None = None
        self._nameless = set(EARNINGS)

    def describe_books(self) -> Books:
        """Name, currency and time zone; asked for once."""
        return self._books

    @property
    def item_streams(self) -> Sequence[str]:
        """The names of the endpoints of open items."""
        return tuple(shape.stream for shape in SHAPES)

    def balances_on(self, day: date) -> DayBalances:
        """The balance of each account that counts, at the end of a day in the organisation's own zone."""
        sheet, chart = self._sheet(day)
        return sum_balances(sheet, chart, self._books.currency)

    def check_bank(self, day: date) -> BankCheck:
        """Bank accounts whose balance at the end of the day the bank summary reports differently."""
        sheet, chart = self._sheet(day)
        params = {"fromDate": day.isoformat(), "toDate": day.isoformat()}
        summary = self._client.read("/Reports/BankSummary", params)
        return compare_banks(sheet, chart, read_bank_summary(summary))

    def invoice_pages(
        self, changed_since: datetime | None, cursor: str | None, stream: str | None = None
    ) -> Iterator[ItemPage]:
        """The open items of a stream, or of all one after the other, changed since; all where None.

        A record that changes while the pages are read may come in its older or newer state, or twice; it is
        never left out, and comes again with those changed since the first page was asked for.
        """
        place: Place | None = _begin(cursor, stream)
        while place is not None:
            if stream is not None and place.shape.stream != stream:
                # Kept by the release that read two endpoints as one stream: this one was read to its end.
                yield ItemPage((), (), None)
                return
            page, place = self._item_page(place, changed_since, goes_on=stream is None)
            yield page

    @cached_property
    def _books(self) -> Books:
        organisations = list_in(self._client.read("/Organisation"), "Organisations")
        if len(organisations) != 1 or not isinstance(organisations[0], dict):
            raise VendorUnavailable("xero: an answer has not exactly one organisation")
        return read_books(organisations[0])

    def _item_page(
        self, place: Place, changed_since: datetime | None, *, goes_on: bool
    ) -> tuple[ItemPage, Place | None]:
        shape = place.shape
        nodes, body = self._client.read_list(shape.endpoint, place.params, changed_since)
        first = first_id(nodes, shape)
        if first and first == place.before:
            raise VendorUnavailable(f"xero: page {place.page} of {shape.endpoint} came twice")
        after: Place | None = None
        if not is_last_page(place.page, len(nodes), body.get("pagination")):
            after = place.next(first)
        elif goes_on:
            after = place.next(None)
        return self._sort(nodes, shape, changed_since, after), after

    def _sort(
        self, nodes: list[object], shape: Shape, changed_since: datetime | None, after: Place | None
    ) -> ItemPage:
        """The page of its records. At first only what is open is kept; the rest closes what an older run kept."""
        items, rejected = collect(nodes, shape, self._books)
        rules = Counter(rule for rule in (left_out(node, shape) for node in nodes) if rule)
        kept, closed = _part(items, keep_closed=changed_since is not None)
        cursor = None if after is None else after.write()
        return ItemPage(kept, tuple(rejected), cursor, left_out=rules, closed=closed)

    def _sheet(self, day: date) -> tuple[Sheet, Chart]:
        # The standard layout: an organisation's own may put accounts together. Accrual, not paid only.
        params = {"date": day.isoformat(), "standardLayout": "true", "paymentsOnly": "false"}
        body = self._client.read("/Reports/BalanceSheet", params)
        chart = self._read_chart(again=False)
        sheet = read_balance_sheet(body, chart)
        if sheet.unknown - self._nameless:
            chart = self._read_chart(again=True)
            sheet = read_balance_sheet(body, chart)
            self._nameless |= sheet.unknown
        return sheet, chart

    def _read_chart(self, *, again: bool) -> Chart:
        if self._chart is None or again:
            nodes, _body = self._client.read_list("Accounts")
            self._chart = Chart(nodes)
        return self._chart


def _begin(cursor: str | None, stream: str | None) -> Place:
    if cursor is not None:
        return Place.parse(cursor)
    return Place() if stream is None else Place(BY_STREAM[stream].endpoint)


def _part(
    items: Sequence[Item], *, keep_closed: bool
) -> tuple[tuple[OpenInvoice, ...], tuple[ClosedInvoice, ...]]:
    """What is written as it is, and what only closes what is there."""
    kept, closed = [], []
    for item in items:
        if isinstance(item, ClosedInvoice):
            closed.append(item)
        elif item.closed_on is None or keep_closed:
            kept.append(item)
        else:
            closed.append(item.closing())
    return tuple(kept), tuple(closed)
