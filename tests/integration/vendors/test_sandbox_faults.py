"""Faults on demand: each strikes as it was armed, at a real client, and is counted."""

import json
import threading
import time

import httpx
import pytest

from sandbox.shop_ledger import Ledger
from shared.connectors.shopify import documents
from tests.fixtures.graphql_answers import read_rows
from tests.fixtures.sandbox import SandboxClient
from tests.fixtures.served_shop import LAST, ledger_of

DOMAIN = "usa-7.myshopify.com"


@pytest.fixture
def ledger() -> Ledger:
    return ledger_of(7, "shopify_usa", 20, LAST)


def bulk_url(shop: SandboxClient) -> str:
    url: str = shop.run_bulk(documents.BULK_ORDERS % "")["url"]
    return url


def test_a_fault_strikes_after_so_many_requests_and_so_often(shop: SandboxClient) -> None:
    shop.arm("server_error", times=2, after=1, seconds=7)
    answers = [shop.send(documents.SHOP) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 503, 503, 200]
    assert answers[1].headers["Retry-After"] == "7.0"
    state = shop.state()
    assert (state["faults_fired"], state["faults_armed"]) == ({"server_error": 2}, [])
    assert state["shops"][DOMAIN]["requests"] == 4


def test_refusals_look_like_the_vendors(shop: SandboxClient) -> None:
    shop.arm("too_many", seconds=3)
    shop.arm("html_body")
    shop.arm("throttled")
    limited, html, throttled = (shop.send(documents.SHOP) for _ in range(3))
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "3.0")
    assert html.status_code == 200 and html.text.startswith("<!DOCTYPE html>")
    assert throttled.json()["errors"][0]["extensions"]["code"] == "THROTTLED"
    shop.http.delete(f"{shop.url}/control/faults")
    assert shop.send(documents.SHOP).status_code == 200


@pytest.mark.parametrize("fault", ["drop_connection", "truncated_json"])
def test_a_broken_connection_is_a_protocol_error(shop: SandboxClient, fault: str) -> None:
    shop.arm(fault)
    with pytest.raises(httpx.TransportError):
        shop.send(documents.SHOP)
    shop.arm(fault, route="token")
    with pytest.raises(httpx.TransportError):
        shop.refresh("x")
    url = bulk_url(shop)
    shop.arm(fault, route="bulk")
    with pytest.raises(httpx.TransportError):
        shop.download(url)
    assert shop.download(url).status_code == 200


def test_a_slow_body_comes_in_pieces(shop: SandboxClient) -> None:
    shop.arm("slow_drip", seconds=0.6)
    before = time.monotonic()
    assert shop.send(documents.SHOP).json()["data"]["shop"]["currencyCode"] == "USD"
    assert time.monotonic() - before >= 0.5


def test_a_lost_answer_has_rotated_the_tokens(shop: SandboxClient) -> None:
    shop.arm("lose_answer_after_rotation")
    with pytest.raises(httpx.TransportError):
        shop.refresh(f"refresh-{DOMAIN}")
    assert shop.state()["shops"][DOMAIN]["token_rotations"] == 1
    again = shop.refresh(f"refresh-{DOMAIN}")
    assert again.status_code == 200
    assert shop.state()["shops"][DOMAIN]["token_rotations"] == 1
    assert shop.refresh(again.json()["refresh_token"]).status_code == 200


def test_the_last_order_of_a_page_comes_again(shop: SandboxClient) -> None:
    shop.arm("duplicate_across_pages")
    ids = [order["id"] for order in shop.orders(documents.ORDERS, first=10)]
    assert (len(ids), len(set(ids))) == (21, 20)
    assert ids[9] == ids[10]


@pytest.mark.parametrize("sort", ["CREATED_AT", "UPDATED_AT"])
def test_orders_change_while_they_are_read(shop: SandboxClient, ledger: Ledger, sort: str) -> None:
    before = {order["id"]: order for order in shop.orders(documents.ORDERS)}
    shop.set(clock="2026-12-02T00:00:00+00:00")
    shop.arm("change_mid_sync", times=2)
    read = [order["id"] for order in shop.orders(documents.ORDERS, first=5, sortKey=sort)]
    since = "updated_at:>='2026-12-02T00:00:00Z'"
    changed = list(shop.orders(documents.ORDERS, since))
    assert len(changed) == 2 and set(read) == before.keys()
    for order in changed:
        assert len(order["refunds"]) == len(before[order["id"]]["refunds"]) + 1
        assert order["updatedAt"] == "2026-12-02T00:00:00Z"
    refunds = [event for event in ledger.events if event.at == ledger.clock]
    assert len(refunds) == 2
    assert sum(figures.units_refunded for figures in ledger.truth().figures.values()) > 2


def test_a_price_may_be_a_number(shop: SandboxClient) -> None:
    shop.arm("price_as_number")
    (variant,) = shop.ask(documents.PRODUCTS, first=1)["productVariants"]["nodes"]
    assert isinstance(variant["price"], float)
    assert isinstance(variant["inventoryItem"]["unitCost"]["amount"], str)


def test_a_bulk_file_may_be_spoilt(shop: SandboxClient) -> None:
    whole = shop.download(bulk_url(shop)).content.split(b"\n")
    shop.arm("bulk_truncated")
    cut = shop.download(bulk_url(shop)).content.split(b"\n")
    assert whole[len(cut) - 1].startswith(cut[-1]) and cut[-1] not in whole
    shop.arm("bulk_short")
    short = shop.download(bulk_url(shop)).content.split(b"\n")
    assert short == whole[: len(short)] and len(short) < len(whole)
    shop.arm("bulk_malformed_line")
    malformed = shop.download(bulk_url(shop)).content.split(b"\n")
    assert len(malformed) == len(whole)
    (bad,) = (line for line in malformed if line not in whole)
    with pytest.raises(json.JSONDecodeError):
        json.loads(bad)


@pytest.mark.parametrize(
    ("fault", "code"),
    [("bulk_failed_timeout", "TIMEOUT"), ("bulk_failed_internal", "INTERNAL_SERVER_ERROR")],
)
def test_a_bulk_operation_may_fail_and_leave_a_part(
    shop: SandboxClient, fault: str, code: str
) -> None:
    shop.arm(fault)
    done = shop.run_bulk(documents.BULK_ORDERS % "")
    assert (done["status"], done["errorCode"], done["url"]) == ("FAILED", code, None)
    part = shop.download(done["partialDataUrl"]).content
    assert read_rows(b"\n".join(part.split(b"\n")[:-1])) != []


def test_requests_at_the_same_time_are_counted(shop: SandboxClient) -> None:
    shop.set(latency_s=0.2)
    threads = [threading.Thread(target=shop.send, args=(documents.SHOP,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shop.state()["shops"][DOMAIN]["concurrent_maximum"] == 4


@pytest.mark.parametrize(
    "wanted",
    [
        {"fault": "earthquake"},
        {"fault": "throttled", "shop": "nobody"},
        {"fault": "throttled", "route": "sea"},
        {},
    ],
)
def test_a_fault_that_there_is_not_is_refused(
    shop: SandboxClient, wanted: dict[str, object]
) -> None:
    assert shop.http.post(f"{shop.url}/control/faults", json=wanted).status_code == 400


def test_the_truth_is_served_over_the_wire(shop: SandboxClient, ledger: Ledger) -> None:
    truth = shop.http.get(f"{shop.url}/control/shops/{DOMAIN}/truth").json()
    assert len(truth["figures"]) == len(ledger.truth().figures)
    assert {each["channel"] for each in truth["figures"]} == {"shopify_usa"}
    assert len(truth["commissions"]) == len(ledger.truth().commissions)
