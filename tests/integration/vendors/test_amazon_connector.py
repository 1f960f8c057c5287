"""The Amazon connector against the sandbox over a real socket, in simulated time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import httpx
import pytest

from sandbox.amazon.account_ledger import Ledger, Site, Writer
from shared.connectors.amazon import order_pages, product_pages
from shared.connectors.amazon.connector import AmazonConnector
from shared.domain.limit import NoLimit
from shared.domain.settlements import reconcile
from shared.domain.window_steps import Basis, SyncWindow
from shared.errors import (
    CredentialRejected,
    CursorExpired,
    InvalidInput,
    VendorUnavailable,
    WindowTooLarge,
)
from tests.fixtures.amazon import (
    Account,
    Stage,
    add_up,
    days,
    fees_by_order,
    newest,
    open_account,
    serve,
)

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
# The last refund and release of the ledger have happened long before.
END = FIRST + days(60)
ORDER_DAYS = SyncWindow(Basis.CREATED, FIRST, FIRST + days(20))
ALL_MONEY = SyncWindow(Basis.CREATED, FIRST, END)


@cache
def ledger() -> Ledger:
    return Writer(orders=200, summed_every=7).write()


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with serve() as served:
        yield served


@pytest.fixture
def account(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setattr(order_pages, "ORDERS_A_PAGE", 30)
    with open_account(stage, ledger(), END + days(1)) as opened:
        yield opened


def sales(account: Account, window: SyncWindow = ORDER_DAYS, **how: Any) -> list[Any]:
    return account.drain(lambda cursor: account.connector.sale_pages(window, cursor), **how)


def records(pages: list[Any]) -> list[Any]:
    return [record for page in pages for record in page.records]


def refunds(account: Account, window: SyncWindow = ALL_MONEY) -> list[Any]:
    return records(account.drain(lambda c: account.connector.posted_pages(window, c)))


def fees(account: Account, window: SyncWindow = ALL_MONEY) -> list[Any]:
    return fees_of(account.drain(lambda c: account.connector.posted_pages(window, c)))


def fees_of(pages: list[Any]) -> list[Any]:
    return [fee for page in pages for fee in page.fees]


def slices(window: SyncWindow, hours: float) -> Iterator[SyncWindow]:
    since = window.since
    while since < window.until:
        until = min(window.until, since + timedelta(hours=hours))
        yield SyncWindow(window.basis, since, until)
        since = until


def test_the_sums_of_a_backfill_are_the_truth(account: Account) -> None:
    pages = sales(account)
    assert [page.rejected for page in pages if page.rejected] == []
    assert len(pages) > 5
    assert add_up(records(pages) + refunds(account)) == ledger().truth(END)
    assert "searchOrders" not in account.sandbox.buckets.taken
    assert account.sandbox.buckets.taken["createReport"] == 1
    assert account.sandbox.buckets.refused == 0


def test_both_sources_report_the_same_lines(account: Account) -> None:
    searched = [
        record for window in slices(ORDER_DAYS, 5) for record in records(sales(account, window))
    ]
    assert newest(searched) == newest(records(sales(account)))
    # A hundred searches at the vendor's rate: time passed, and not one was refused.
    assert account.sandbox.buckets.taken["searchOrders"] > 90
    assert account.sandbox.buckets.refused == 0


def test_what_changes_later_is_found_by_when_it_changed(account: Account) -> None:
    clock, middle = account.sandbox.clock, FIRST + days(9)
    clock.instant = middle + days(0.1)
    lines = records(sales(account, SyncWindow(Basis.CREATED, FIRST, middle)))
    assert add_up(lines) != {
        key: total for key, total in ledger().truth(END).items() if key[1] <= middle.date()
    }
    since = middle - timedelta(minutes=30)
    while since < FIRST + days(30):
        until = since + days(1.5)
        clock.instant = max(clock.instant, until + account.connector.traits.lag)
        lines += records(sales(account, SyncWindow(Basis.UPDATED, since, until)))
        since = until - timedelta(minutes=30)
    clock.instant = max(clock.instant, END + days(1))
    assert add_up(lines + refunds(account)) == ledger().truth(END)


def test_fees_are_the_truth_and_a_release_is_no_second_fee(account: Account) -> None:
    reported = fees(account)
    assert fees_by_order(reported) == ledger().fees_truth(END)
    # What several SKUs share stays marked as an estimate.
    assert all(fee.is_final == (fee.sku is not None) for fee in reported)
    assert any(fee.sku is None for fee in reported)
    assert len({fee.fee_key for fee in reported}) < len(reported)


def test_a_deferred_fee_becomes_final_under_its_key(account: Account) -> None:
    clock = account.sandbox.clock
    clock.instant = FIRST + days(12)
    early = fees(account, SyncWindow(Basis.CREATED, FIRST, FIRST + days(11)))
    deferred = {fee.fee_key: fee for fee in early if not fee.is_final}
    assert deferred
    clock.instant = END + days(1)
    late = {fee.fee_key: fee for fee in fees(account)}
    for key, fee in deferred.items():
        assert late[key].is_final == (fee.sku is not None)
        assert late[key].amount == fee.amount


def test_a_job_cut_off_at_any_page_goes_on_from_its_cursor(account: Account) -> None:
    whole = newest(records(sales(account)))
    number = len(sales(account))
    for cut in range(1, number):
        first = sales(account, stop_after=cut)
        rest = sales(account, cursor=first[-1].next_cursor)
        assert newest(records(first) + records(rest)) == whole
    # One report for each run that began, none for those that went on.
    assert account.sandbox.buckets.taken["createReport"] == number + 1


def test_fees_and_searches_cut_off_go_on_from_their_cursor(account: Account) -> None:
    window, connector = SyncWindow(Basis.CREATED, FIRST, FIRST + days(9)), account.connector
    whole = fees(account, window)
    for cut in range(1, len(whole) // 20):
        first = account.drain(lambda c: connector.posted_pages(window, c), stop_after=cut)
        at = first[-1].next_cursor
        rest = account.drain(lambda c: connector.posted_pages(window, c), cursor=at)
        assert fees_of(first) + fees_of(rest) == whole


@pytest.mark.parametrize(
    "fault",
    ["server_error", "html_body", "truncated_json", "too_many", "drop_connection",
     "document_truncated", "report_fatal", "report_cancelled", "change_mid_sync"],
)  # fmt: skip
def test_a_fault_costs_time_and_no_order(account: Account, fault: str) -> None:
    for after in (0, 2):
        order = {"fault": fault, "times": 1, "after": 0 if "report" in fault else after}
        httpx.post(f"{account.url}/control/amazon/faults", json=order).raise_for_status()
        assert add_up(records(sales(account)) + refunds(account)) == ledger().truth(END)
    if fault not in {"change_mid_sync", "report_cancelled"}:
        assert account.errors


@pytest.mark.parametrize("fault", ["duplicate_across_pages", "empty_page_with_token"])
def test_pages_that_repeat_or_are_empty_change_nothing(account: Account, fault: str) -> None:
    account.sandbox.faults.order(fault, times=3, after=1)
    assert fees_by_order(fees(account)) == ledger().fees_truth(END)
    assert account.sandbox.faults.struck == 3
    account.sandbox.faults.order(fault, times=2)
    # The report fails to have data, so the orders themselves are asked for.
    account.sandbox.faults.order("report_cancelled")
    assert add_up(records(sales(account)) + refunds(account)) == ledger().truth(END)


def test_a_report_that_fails_twice_asks_for_a_smaller_window(account: Account) -> None:
    account.sandbox.faults.order("report_fatal", times=2)
    with pytest.raises(WindowTooLarge, match="smaller window"):
        sales(account)
    assert [type(error) for error in account.errors].count(VendorUnavailable) == 1


def test_a_window_without_orders_is_empty(account: Account) -> None:
    window = SyncWindow(Basis.CREATED, FIRST - days(20), FIRST - days(10))
    assert records(sales(account, window)) == []


def test_a_report_without_rows_is_not_believed(account: Account) -> None:
    first = sales(account, stop_after=1)
    [report] = account.sandbox.desk.reports.values()
    for text in ("", report.text.partition("\r\n")[0] + "\r\n"):
        report.text = text
        reported = records(sales(account, cursor=first[-1].next_cursor))
        assert add_up(reported + refunds(account)) == ledger().truth(END)
    assert account.sandbox.buckets.taken["searchOrders"] == 4
    report.text = "<html>an error of a proxy</html>"
    with pytest.raises(VendorUnavailable, match="no column"):
        next(account.connector.sale_pages(ORDER_DAYS, first[-1].next_cursor))


def test_windows_that_amazon_answers_with_nothing_are_refused(account: Account) -> None:
    with pytest.raises(WindowTooLarge, match="180"):
        fees(account, SyncWindow(Basis.CREATED, END - days(181), END))
    with pytest.raises(WindowTooLarge, match="30"):
        sales(account, SyncWindow(Basis.CREATED, END - days(31), END))


def test_a_page_token_that_is_too_old_begins_the_window_again(account: Account) -> None:
    window = SyncWindow(Basis.CREATED, FIRST, FIRST + days(9))
    first = account.drain(lambda c: account.connector.posted_pages(window, c), stop_after=1)
    account.sandbox.clock.advance(86_400)
    with pytest.raises(CursorExpired):
        next(account.connector.posted_pages(window, first[-1].next_cursor))


def test_a_cursor_of_another_window_begins_again(account: Account) -> None:
    account.sandbox.faults.order("report_cancelled")
    first = sales(account, stop_after=2)
    other = SyncWindow(Basis.CREATED, FIRST + days(1), FIRST + days(2))
    with pytest.raises(CursorExpired, match="refused"):
        next(account.connector.sale_pages(other, first[-1].next_cursor))


def test_products_have_stock_prices_and_names(account: Account) -> None:
    pages = account.drain(account.connector.product_pages)
    products = {product.sku: product for product in records(pages)}
    assert set(products) == {article.sku for article in ledger().articles}
    for article in ledger().articles:
        reported = products[article.sku]
        assert (reported.name, reported.unit_price) == (article.name, article.price)
        assert reported.channel_product_id == article.asin
        stock = [(level.location, level.on_hand, level.reserved) for level in reported.stock or ()]
        stored = article.fulfillable + article.reserved
        assert stock == ([] if article.is_digital else [("fba_uk", stored, article.reserved)])
    assert pages[-1].next_cursor is None


def test_stock_without_a_listings_report_has_no_prices(account: Account) -> None:
    account.sandbox.faults.order("report_fatal")
    products = records(account.drain(account.connector.product_pages))
    assert {product.unit_price for product in products} == {None}
    assert sum(level.on_hand for product in products for level in product.stock) > 0


def test_a_slow_reader_of_stock_takes_the_snapshot_again(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.sandbox.operations.page_size = 4
    pages = product_pages.ProductPages.pages

    def slow(self: Any, cursor: str | None) -> Iterator[Any]:
        for number, page in enumerate(pages(self, cursor)):
            yield page
            if number == 1 and not slowed:
                slowed.append(True)
                account.sandbox.clock.advance(31)

    slowed: list[bool] = []
    monkeypatch.setattr(product_pages.ProductPages, "pages", slow)
    products = records(account.drain(account.connector.product_pages))
    assert slowed
    assert {product.sku for product in products} == {each.sku for each in ledger().articles}


def test_the_shop_is_described_once_and_another_marketplace_is_refused(account: Account) -> None:
    shop = account.connector.describe_shop()
    assert (shop.name, shop.currency, shop.timezone) == ("Candles of Leith", "GBP", "Europe/London")
    other = AmazonConnector(
        account.connector._client._api, "amazon_de", lambda _o, _q: NoLimit(), datetime.now
    )
    with pytest.raises(InvalidInput, match="does not sell as amazon_de"):
        other.describe_shop()


def test_an_access_token_is_renewed_and_a_revoked_one_asks_to_connect(account: Account) -> None:
    account.connector.describe_shop()
    account.sandbox._tokens.clear()
    assert records(account.drain(account.connector.product_pages))
    assert account.tokens.refreshed == 2
    account.sandbox.refresh_token = "revoked"
    account.sandbox._tokens.clear()
    with pytest.raises(CredentialRejected, match="connect the account again"):
        account.drain(account.connector.product_pages)
    account.sandbox.client_secret = "rotated"
    account.tokens.tokens = None
    with pytest.raises(CredentialRejected, match="180 days"):
        account.drain(account.connector.product_pages)


def test_settlements_agree_with_the_fees(account: Account) -> None:
    for start in range(0, 30, 10):
        account.sandbox.desk.settle(FIRST + days(start), FIRST + days(start + 10))
    reported = list(account.connector.settlements(END - days(90)))
    assert len(reported) == 3
    settled = [order for each in reported for order in each.orders]
    assert [row for each in reported for row in each.rejected] == []
    shipped = [fee for fee in fees(account) if fee.fee_key.startswith("S-")]
    final = {fee.fee_key: fee for fee in shipped}
    assert len(settled) > 100
    assert reconcile(settled, final.values()) == ()
    wrong = [fee for fee in final.values() if fee.channel_order_id != settled[0].channel_order_id]
    assert [each.collected for each in reconcile(settled, wrong)] == [None]


def test_a_us_seller_has_tax_beside_the_price(stage: Stage) -> None:
    site = Site(
        "amazon_usa", "ATVPDKIKX0DER", "Amazon.com", "US", "USD", "America/Los_Angeles",
        Decimal("0.0825"), tax_inside=False,
    )  # fmt: skip
    reported = Writer(seed=3, orders=80, site=site).write()
    with open_account(stage, reported, END + days(1), "amazon_usa") as account:
        assert add_up(records(sales(account)) + refunds(account)) == reported.truth(END)
        assert fees_by_order(fees(account)) == reported.fees_truth(END)
