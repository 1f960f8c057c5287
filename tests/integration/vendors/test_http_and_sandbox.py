"""The HTTP room against a server that misbehaves, and the connector against the sandbox."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from sandbox.app import SHOPIFY_TOKEN, build_app
from shared.connectors.shopify.client import ShopifyClient
from shared.connectors.shopify.connector import ShopifyConnector
from shared.domain.limit import Quota
from shared.domain.window_steps import Basis, SyncWindow
from shared.errors import (
    AccessForbidden,
    AccountGone,
    CapLiquifyError,
    CredentialRejected,
    GiveUp,
    RateLimited,
    VendorAway,
    VendorUnavailable,
)
from shared.http.client import VendorHttp
from shared.use_cases.vendors import Answer, Call
from tests.fixtures.sandbox import serve

PATH = "/admin/api/2026-07/graphql.json"


@pytest.fixture(scope="module")
def sandbox_url() -> Iterator[str]:
    """The sandbox, served over a real socket."""
    with serve(build_app()) as url:
        yield url


def connector(url: str, token: str = SHOPIFY_TOKEN) -> ShopifyConnector:
    http = VendorHttp("shopify", url, {"X-Shopify-Access-Token": token}, attempts=1)
    return ShopifyConnector(ShopifyClient(http), http, "shopify_uk")


def since(moment: datetime) -> SyncWindow:
    return SyncWindow(Basis.UPDATED, moment, datetime.now(UTC))


def test_the_sandbox_sells_what_the_file_says(sandbox_url: str) -> None:
    pages = list(connector(sandbox_url).sale_pages(since(datetime(2010, 1, 1, tzinfo=UTC)), None))
    lines = [line for page in pages for line in page.records]
    # Counted in the CSV by awk: 3971 invoices, 60271 units, 88 refunds, 95713.93 in all.
    assert len({line.channel_order_id for line in lines if line.quantity > 0}) == 3971
    assert sum(line.quantity for line in lines) == 60271
    assert sum(line.kind == "REFUND" for line in lines) == 88
    assert sum(line.total_amount for line in lines) == Decimal("95713.93")
    assert len({(line.channel_order_id, line.channel_line_id) for line in lines}) == len(lines)
    assert [page.next_cursor for page in pages][-1] is None


def test_an_article_has_a_cost_and_stock_that_are_the_same_each_time(sandbox_url: str) -> None:
    first, second = (
        [product for page in connector(sandbox_url).product_pages(None) for product in page.records]
        for _ in range(2)
    )
    assert first == second
    assert len(first) == 24
    for product in first:
        assert product.unit_price is not None and product.unit_cost is not None
        # Cost is 40-60 % of the price, rounded to the penny.
        assert Decimal("0.39") <= product.unit_cost / product.unit_price <= Decimal("0.62")


def test_only_orders_of_the_window_are_given(sandbox_url: str) -> None:
    pages = connector(sandbox_url).sale_pages(since(datetime(2011, 12, 9, tzinfo=UTC)), None)
    assert {
        line.sale_date.isoformat() for page in pages for line in page.records if line.quantity > 0
    } == {"2011-12-09"}


def test_a_wrong_token_asks_to_connect_again(sandbox_url: str) -> None:
    with pytest.raises(CredentialRejected, match="connect the account again") as caught:
        connector(sandbox_url, "wrong-secret-token").describe_shop()
    assert "wrong-secret-token" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, "{}", CredentialRejected),
        (403, "{}", AccessForbidden),
        (404, "{}", AccountGone),
        (410, "{}", GiveUp),
        (429, "{}", RateLimited),
        (502, "<html>", VendorAway),
        (200, "<html>", VendorUnavailable),
        (200, '{"data": {"shop"', VendorUnavailable),
        (200, "[]", VendorUnavailable),
        (200, '{"data": null}', VendorUnavailable),
        (200, '{"errors": [{"message": "Parse error"}]}', GiveUp),
        (
            200,
            '{"errors": [{"message": "x", "extensions": {"code": "ACCESS_DENIED"}}]}',
            AccessForbidden,
        ),
    ],
)
def test_an_answer_that_is_none_becomes_the_error_of_its_recovery(
    httpserver: HTTPServer, status: int, body: str, error: type[CapLiquifyError]
) -> None:
    httpserver.expect_request(PATH).respond_with_data(body, status=status)
    with pytest.raises(error) as caught:
        connector(httpserver.url_for("")).describe_shop()
    assert type(caught.value) is error
    assert "\n" not in str(caught.value)


def test_a_vendor_that_is_back_is_asked_again(httpserver: HTTPServer) -> None:
    httpserver.expect_ordered_request(PATH).respond_with_data("", status=503)
    httpserver.expect_ordered_request(PATH).respond_with_json({"data": {"ok": True}})
    with VendorHttp("shopify", httpserver.url_for(""), {}, attempts=3) as http:
        assert http.send(Call("POST", PATH, json={})).body == {"data": {"ok": True}}


def test_a_throttled_query_waits_for_its_bucket(httpserver: HTTPServer) -> None:
    throttled = {
        "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": {
            "cost": {
                "requestedQueryCost": 100,
                "throttleStatus": {"currentlyAvailable": 80, "restoreRate": 100},
            }
        },
    }
    httpserver.expect_ordered_request(PATH).respond_with_json(throttled)
    httpserver.expect_ordered_request(PATH).respond_with_json(
        {
            "data": {
                "shop": {
                    "id": "gid://shopify/Shop/1",
                    "name": "S",
                    "currencyCode": "GBP",
                    "ianaTimezone": "UTC",
                },
                "currentAppInstallation": None,
            }
        }
    )
    before = time.monotonic()
    assert connector(httpserver.url_for("")).describe_shop().name == "S"
    assert time.monotonic() - before >= 0.2


def test_a_vendor_that_is_not_there_is_one_line() -> None:
    with pytest.raises(VendorUnavailable, match="shopify: cannot be reached") as caught:
        connector("http://127.0.0.1:1").describe_shop()
    assert "\n" not in str(caught.value)


def test_a_token_that_is_no_header_is_not_shown(httpserver: HTTPServer) -> None:
    with pytest.raises(CredentialRejected, match="store it again") as caught:
        connector(httpserver.url_for(""), "shpat_secret\n").describe_shop()
    assert "shpat_secret" not in str(caught.value)


def test_a_long_wait_is_left_to_the_job(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH).respond_with_data(
        "", status=429, headers={"Retry-After": "3600"}
    )
    before = time.monotonic()
    with pytest.raises(RateLimited) as caught:
        connector(httpserver.url_for("")).describe_shop()
    assert caught.value.retry_after_s == 3600.0
    assert time.monotonic() - before < 5
    assert len(httpserver.log) == 1


class NoFiles:
    """A vendor without files."""

    def download(self, url: str) -> AbstractContextManager[Iterator[bytes]]:
        raise AssertionError(url)


class Purse:
    """A limit that remembers what was reserved and settled."""

    def __init__(self) -> None:
        self.reserved: list[float] = []
        self.settled: list[tuple[float, float, float, Quota]] = []

    def reserve(self, cost: float) -> None:
        self.reserved.append(cost)

    def give_back(self, cost: float) -> None:
        """Nothing was taken."""

    def settle(self, reserved: float, actual: float, available: float, quota: Quota) -> None:
        self.settled.append((reserved, actual, available, quota))


def answer_costing(requested: int, actual: int | None, available: int) -> dict[str, object]:
    throttle = {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": 100.0}
    cost = {
        "requestedQueryCost": requested,
        "actualQueryCost": actual,
        "throttleStatus": throttle,
    }
    return {"data": {"shop": {}}, "extensions": {"cost": cost}}


def test_each_document_reserves_what_the_vendor_says_it_costs() -> None:
    class Vendor(NoFiles):
        def send(self, _call: Call) -> Answer:
            return Answer(200, {}, answer_costing(412, 96, 1904))

    purse = Purse()
    client = ShopifyClient(Vendor(), purse)
    for _ in range(3):
        client.query("query A { shop { name } }")
    client.query("query B { shop { name } }")
    assert purse.reserved == [50.0, 412.0, 412.0, 50.0]
    assert purse.settled[1] == (412.0, 96.0, 1904.0, Quota(2000.0, 100.0))


def test_a_throttled_query_has_cost_nothing_and_is_asked_again() -> None:
    class Vendor(NoFiles):
        asked = 0

        def send(self, _call: Call) -> Answer:
            self.asked += 1
            if self.asked > 1:
                return Answer(200, {}, answer_costing(100, 80, 1900))
            refusal = answer_costing(100, None, 95)
            error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
            return Answer(200, {}, {"errors": [error], "extensions": refusal["extensions"]})

    purse = Purse()
    assert ShopifyClient(Vendor(), purse).query("query A { shop { name } }") == {"shop": {}}
    assert [(each[0], each[1]) for each in purse.settled] == [(50.0, 0.0), (100.0, 80.0)]


def test_each_request_is_heard_of_with_how_it_was_answered(httpserver: HTTPServer) -> None:
    statuses = [503, 200]
    httpserver.expect_request("/x").respond_with_handler(
        lambda _request: Response("{}", status=statuses.pop(0))
    )
    heard: list[str] = []
    with VendorHttp("v", httpserver.url_for(""), {}, attempts=2, on_answer=heard.append) as http:
        http.send(Call("POST", "/x", json={}))
    assert heard == ["503", "200"]
    with (
        pytest.raises(VendorUnavailable),
        VendorHttp("v", "http://127.0.0.1:1", {}, attempts=1, on_answer=heard.append) as http,
    ):
        http.send(Call("POST", "/x", json={}))
    assert heard[2:] == ["unreachable"]
