"""What every connector must keep, whatever its vendor: a new one is one line in `VENDORS`."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from starlette.applications import Starlette

from sandbox.amazon.account_ledger import Writer
from sandbox.amazon.clock import SandboxClock
from sandbox.app import build_app, ledger_shop
from sandbox.maker import make_ledger
from sandbox.xero.api import ACCESS_TOKEN, XeroSandbox
from sandbox.xero.maker import make_xero_ledger
from shared.connectors.amazon.connector import AmazonConnector
from shared.connectors.shopify.client import ShopifyClient
from shared.connectors.shopify.connector import ShopifyConnector
from shared.connectors.xero.connector import XeroConnector
from shared.domain.limit import Limit, NoLimit, Quota
from shared.domain.window_steps import Basis, SyncWindow
from shared.errors import CapLiquifyError, CredentialRejected, InvalidInput, RetryLater, Snooze
from shared.errors import VendorUnavailable as Away
from shared.http.client import VendorHttp
from shared.use_cases.vendors import Page, VendorApi
from tests.fixtures.amazon import open_account
from tests.fixtures.amazon import serve as serve_stage
from tests.fixtures.sandbox import serve
from workers.vendors.services import SERVICES

pytestmark = pytest.mark.usefixtures("quick_retries")

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
WINDOW = SyncWindow(Basis.CREATED, NOW - timedelta(days=29), NOW)
SECRET = "a-very-secret-token"

Pages = Callable[[str | None], Iterator[Page[Any]]]


def no_limit(_account: str, _quota: Quota) -> Limit:
    return NoLimit()


@dataclass(frozen=True)
class Vendor:
    """How a test opens a vendor's connector, and which of its streams it reads.

    `serve` gives the pages of a sandbox; `build` a connector over any API; `secret` is a whole credential.
    """

    service: str
    serve: Callable[[], AbstractContextManager[Pages]]
    build: Callable[[VendorApi], Any]
    read: Callable[[Any], Pages]
    secret: dict[str, str]


@contextmanager
def serve_shopify() -> Iterator[Pages]:
    domain = "uk-41.myshopify.com"
    ledger = make_ledger(
        41, "shopify_uk", orders=60, first_day=date(2026, 10, 24), last_day=NOW.date()
    )
    ledger.move_clock(NOW)
    with serve(build_app([ledger_shop(domain, ledger)])) as url:
        headers = {"X-Shopify-Access-Token": f"token-{domain}"}
        with VendorHttp("shopify", f"{url}/shops/{domain}", headers) as http:
            yield sales_of(shopify(http))


@contextmanager
def serve_amazon() -> Iterator[Pages]:
    ledger = Writer(41, 800, NOW - timedelta(days=28), 27).write()
    with serve_stage() as stage, open_account(stage, ledger, NOW) as account:
        connector = account.connector

        def pages(cursor: str | None) -> Iterator[Page[Any]]:
            yield from account.drain(lambda at: connector.sale_pages(WINDOW, at), cursor)

        yield pages


@contextmanager
def serve_xero() -> Iterator[Pages]:
    sandbox = XeroSandbox(make_xero_ledger(41, 150))
    with serve(Starlette(routes=sandbox.routes)) as url, ExitStack() as stack:
        headers = {"Authorization": f"Bearer {ACCESS_TOKEN}"}
        http = stack.enter_context(VendorHttp("xero", url, headers))
        identity = sandbox.ledger.facts.organisation_id
        yield books_of(XeroConnector(http, identity, no_limit, lambda: NOW))


def shopify(api: VendorApi) -> ShopifyConnector:
    return ShopifyConnector(ShopifyClient(api), api, "shopify_uk", now=lambda: NOW)


def amazon(api: VendorApi) -> AmazonConnector:
    return AmazonConnector(api, "amazon_uk", no_limit, SandboxClock(NOW).now)


def xero(api: VendorApi) -> XeroConnector:
    return XeroConnector(api, "11111111-2222-3333-4444-555555555555", no_limit, lambda: NOW)


def sales_of(connector: Any) -> Pages:
    return lambda cursor: connector.sale_pages(WINDOW, cursor)


def books_of(connector: Any) -> Pages:
    return lambda cursor: connector.invoice_pages(None, cursor)


APP = {"client_id": "an-id", "client_secret": SECRET, "refresh_token": SECRET}

VENDORS = (
    Vendor("shopify_uk", serve_shopify, shopify, sales_of, {"shop_domain": "a.myshopify.com", **APP}),
    Vendor("amazon_uk", serve_amazon, amazon, sales_of, APP),
    Vendor("xero", serve_xero, xero, books_of, APP),
)  # fmt: skip


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.service)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    found: Vendor = request.param
    return found


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that there are some."""
    monkeypatch.setattr("shared.connectors.shopify.client.LARGEST_COST", 400.0)


def test_the_pages_end_with_one_that_has_no_cursor_and_can_be_taken_up_at_any_other(
    vendor: Vendor,
) -> None:
    with vendor.serve() as pages:
        whole = list(pages(None))
        assert [page.next_cursor is None for page in whole] == [False] * (len(whole) - 1) + [True]
        assert sum(len(page.records) for page in whole) > 50
        for number, page in enumerate(whole[:-1]):
            json.loads(str(page.next_cursor))
            rest = [record for after in whole[number + 1 :] for record in after.records]
            again = [record for after in pages(page.next_cursor) for record in after.records]
            assert set(again) == set(rest)


def test_no_two_records_of_a_reading_have_one_identity_unless_they_are_the_same(
    vendor: Vendor,
) -> None:
    with vendor.serve() as pages:
        records = [record for page in pages(None) for record in page.records]
    identities = {
        getattr(record, "source_invoice_id", None)
        or (record.channel_order_id, record.channel_line_id)
        for record in records
    }
    assert len(identities) == len(set(records))


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, "{}", CredentialRejected),
        (403, "{}", CredentialRejected),
        (500, "", Away),
        (503, "<html>", Away),
        (200, "<html>maintenance</html>", Away),
        (200, '{"data": {"orders": ', Away),
        (200, "{}", CapLiquifyError),
        (200, "[]", CapLiquifyError),
        (200, "null", CapLiquifyError),
    ],
)
def test_an_answer_that_is_none_is_an_error_and_never_an_empty_stream(
    vendor: Vendor, httpserver: HTTPServer, status: int, body: str, error: type[CapLiquifyError]
) -> None:
    respond(httpserver, status, body)
    with (
        VendorHttp("vendor", httpserver.url_for(""), {"X-Secret": SECRET}, attempts=2) as http,
        pytest.raises(error) as caught,
    ):
        list(vendor.read(vendor.build(http))(None))
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_long_wait_is_handed_to_the_job(vendor: Vendor, httpserver: HTTPServer) -> None:
    respond(httpserver, 429, "{}", {"Retry-After": "3600", "X-Rate-Limit-Problem": "day"})
    with (
        VendorHttp("vendor", httpserver.url_for(""), {}, attempts=2) as http,
        pytest.raises(Snooze) as caught,
    ):
        list(vendor.read(vendor.build(http))(None))
    assert caught.value.retry_after_s == 3600


def test_a_vendor_that_is_not_there_is_tried_again_later(vendor: Vendor) -> None:
    with (
        VendorHttp("vendor", "http://127.0.0.1:1", {}, attempts=1) as http,
        pytest.raises(RetryLater) as caught,
    ):
        list(vendor.read(vendor.build(http))(None))
    assert "\n" not in str(caught.value)


def test_a_credential_is_checked_before_it_is_stored(vendor: Vendor) -> None:
    check = SERVICES[vendor.service].check
    check(vendor.service, vendor.secret)
    for name in vendor.secret:
        rest = {key: value for key, value in vendor.secret.items() if key != name}
        with pytest.raises(InvalidInput) as caught:
            check(vendor.service, rest)
        assert SECRET not in str(caught.value)
    with pytest.raises(InvalidInput, match="colour"):
        check(vendor.service, {**vendor.secret, "colour": SECRET})


def respond(
    httpserver: HTTPServer, status: int, body: str, headers: dict[str, str] | None = None
) -> None:
    """Answers whatever is asked."""
    httpserver.expect_request(re.compile(".*")).respond_with_data(
        body, status=status, headers=headers
    )
