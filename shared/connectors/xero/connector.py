"""One Xero organisation's books: balances by day, open invoices by page."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from functools import cached_property
from uuid import UUID

from shared.connectors.xero.balances import compare_banks, sum_balances
from shared.connectors.xero.budget import DAY_CALLS, CallBudget
from shared.connectors.xero.chart import Chart
from shared.connectors.xero.client import XeroClient, list_in
from shared.connectors.xero.invoices import collect
from shared.connectors.xero.organisation import read_books
from shared.connectors.xero.pages import Place, is_last_page
from shared.connectors.xero.reports import SheetRow, read_balance_sheet, read_bank_summary
from shared.domain.accounts import AccountBalance, BankDifference, OpenInvoice
from shared.domain.limit import Limit, Quota
from shared.errors import VendorUnavailable
from shared.use_cases.vendors import Books, Page, VendorApi

# What Xero gives the row of the year's earnings as its account's id.
EARNINGS = (str(UUID(int=0)), "abababab-abab-abab-abab-abababababab")


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

    def balances_on(self, day: date) -> Sequence[AccountBalance]:
        """The balance of each account that counts, at the end of a day in the organisation's own zone."""
        rows, chart = self._sheet(day)
        return sum_balances(rows, chart, self._books.currency)

    def check_bank(self, day: date) -> Sequence[BankDifference]:
        """Bank accounts of which the bank summary tells another balance at the end of the day."""
        rows, chart = self._sheet(day)
        params = {"fromDate": day.isoformat(), "toDate": day.isoformat()}
        summary = self._client.read("/Reports/BankSummary", params)
        return compare_banks(rows, chart, read_bank_summary(summary))

    def invoice_pages(
        self, changed_since: datetime | None, cursor: str | None
    ) -> Iterator[Page[OpenInvoice]]:
        """Invoices, then credit notes, changed since; all that are open where None.

        A record that changes while the pages are read may come in its older or newer state, or twice; it is
        never left out, and comes again with those changed since the first page was asked for.
        """
        place: Place | None = Place.parse(cursor)
        while place is not None:
            page, place = self._invoice_page(place, changed_since)
            yield page

    @cached_property
    def _books(self) -> Books:
        organisations = list_in(self._client.read("/Organisation"), "Organisations")
        if len(organisations) != 1:
            raise VendorUnavailable("xero: an answer has not exactly one organisation")
        return read_books(organisations[0])

    def _invoice_page(
        self, place: Place, changed_since: datetime | None
    ) -> tuple[Page[OpenInvoice], Place | None]:
        shape = place.shape
        nodes, body = self._client.read_list(shape.endpoint, place.params, changed_since)
        first_id = str(nodes[0].get(shape.id_field)) if nodes else ""
        if nodes and first_id == place.before:
            raise VendorUnavailable(f"xero: page {place.page} of {shape.endpoint} came twice")
        records, rejected = collect(nodes, shape, self._books)
        if changed_since is None:
            records = [each for each in records if each.closed_on is None]
        is_last = is_last_page(place.page, len(nodes), body.get("pagination"))
        after = place.next(None if is_last else first_id)
        cursor = None if after is None else after.write()
        return Page(tuple(records), tuple(rejected), cursor), after

    def _sheet(self, day: date) -> tuple[list[SheetRow], Chart]:
        # The standard layout: an organisation's own may put accounts together. Accrual, not paid only.
        params = {"date": day.isoformat(), "standardLayout": "true", "paymentsOnly": "false"}
        body = self._client.read("/Reports/BalanceSheet", params)
        chart = self._read_chart(again=False)
        rows = read_balance_sheet(body, chart)
        if any(self._is_new(row.account_id, chart) for row in rows):
            chart = self._read_chart(again=True)
            rows = read_balance_sheet(body, chart)
            # What no chart knows is computed, such as the year's earnings.
            self._nameless |= {row.account_id for row in rows if chart.get(row.account_id) is None}
        return rows, chart

    def _is_new(self, account_id: str, chart: Chart) -> bool:
        return account_id not in self._nameless and chart.get(account_id) is None

    def _read_chart(self, *, again: bool) -> Chart:
        if self._chart is None or again:
            nodes, _body = self._client.read_list("Accounts")
            self._chart = Chart(nodes)
        return self._chart
