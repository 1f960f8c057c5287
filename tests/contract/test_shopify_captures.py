"""The mapping, the bulk reader and the client against answers of real shops."""

import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.connectors.shopify.bulk import BulkRunner
from shared.connectors.shopify.client import ShopifyClient
from shared.connectors.shopify.orders import WholeOrder, WholeRefund, read_orders
from shared.connectors.shopify.products import read_product
from shared.errors import CursorExpired, GiveUp, VendorBusy
from shared.use_cases.vendors import Answer, Call

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("CAPLIQUIFY_SHARED", ROOT.parent / "shared"))
SHOPIFY = SHARED / "vendors" / "shopify"
pytestmark = pytest.mark.skipif(
    not SHOPIFY.exists(),
    reason="the vendor's answers may not be distributed; CAPLIQUIFY_SHARED names their folder",
)


def load(folder: str, name: str) -> Any:
    return json.loads((SHOPIFY / folder / name).read_text(encoding="utf-8"))


def capture(name: str) -> Any:
    return load("captures", name)


def whole_money(node: Any) -> Any:
    """A capture asked for the shop's money only; the orders were in one currency."""
    if isinstance(node, dict):
        if "shopMoney" in node and "presentmentMoney" not in node:
            return {**node, "presentmentMoney": node["shopMoney"]}
        return {key: whole_money(value) for key, value in node.items()}
    return [whole_money(each) for each in node] if isinstance(node, list) else node


def order_node(node: dict[str, Any]) -> dict[str, Any]:
    """What the capture did not ask for."""
    dates = {"createdAt": "2026-07-08T14:31:23Z", "updatedAt": "2026-07-08T14:31:23Z"}
    return {**dates, "taxesIncluded": False, **node}


def line_node(node: dict[str, Any], number: int = 1) -> dict[str, Any]:
    """The same; the total of a line is its price times its units."""
    line = whole_money(node)
    price = line["originalUnitPriceSet"]["shopMoney"]
    total = {**price, "amount": str(Decimal(price["amount"]) * line["quantity"])}
    named = {"id": f"gid://shopify/LineItem/{number}", "name": line.get("title")}
    return {**named, "originalTotalSet": whole_money({"shopMoney": total}), **line}


def test_an_edited_order_comes_to_what_the_vendor_says_it_comes_to_now() -> None:
    case = capture("2026-04__orders__order-edit-money-math.json")["cases"]["taxed"]
    order = case["downstreamRead"]["response"]["payload"]["data"]["order"]
    lines = [line_node(node) for node in order["lineItems"]["nodes"]]
    whole = WholeOrder(order_node(order), lines, [], [])
    (line,) = read_orders([whole], "shopify_usa", ZoneInfo("America/Toronto")).lines
    now, tax = order["currentSubtotalPriceSet"], order["currentTotalTaxSet"]
    assert line.quantity == 1
    assert line.total_amount == Decimal(now["shopMoney"]["amount"]) == 100
    assert line.tax_amount == Decimal(tax["shopMoney"]["amount"]) == 13


def test_a_line_of_a_new_order_is_read_with_its_own_sku() -> None:
    found = capture("2025-01__orders__order-create-line-item-fields.json")
    order = found["mutation"]["response"]["data"]["orderCreate"]["order"]
    lines = [line_node(node) for node in order["lineItems"]["nodes"]]
    whole = WholeOrder(order_node(order), lines, [], [])
    (line,) = read_orders([whole], "shopify_usa", ZoneInfo("UTC")).lines
    assert (line.sku, line.quantity, line.total_amount, line.currency) == (
        "LINE-FIELDS-1778207356340",
        2,
        Decimal("24.00"),
        "USD",
    )
    assert line.channel_line_id == "19312607822130"


def test_a_refunded_line_is_read_on_its_own_day() -> None:
    found = capture("2025-01__orders__refund-create-full-parity.json")
    created = found["mutation"]["response"]["data"]["refundCreate"]
    node = created["refund"]
    nothing = {"shopMoney": {"amount": "0.0", "currencyCode": "CAD"}}
    lines = [
        {**whole_money(each), "totalTaxSet": whole_money(nothing)}
        for each in node["refundLineItems"]["nodes"]
    ]
    whole = WholeOrder(order_node(created["order"]), [], [], [WholeRefund(node, lines, [], [])])
    (line,) = read_orders([whole], "shopify_usa", ZoneInfo("America/Toronto")).lines
    # 23:01 in UTC is the evening of the same day in Toronto.
    assert (line.quantity, line.sale_date.isoformat()) == (-1, "2026-06-22")


def test_stock_is_read_for_each_location_also_for_one_without_a_name() -> None:
    found = capture("2025-01__products__inventory-quantity-roots-parity.json")
    levels = found["upstreamCalls"][3]["response"]["body"]["data"]["inventoryItem"]
    variant = {
        "id": "gid://shopify/ProductVariant/1",
        "sku": "A",
        "price": "1.00",
        "product": {"title": "A", "status": "ACTIVE"},
    }
    product = read_product(variant, "shopify_usa", "CAD", levels["inventoryLevels"]["nodes"])
    assert product.stock is not None
    assert [(each.location, each.on_hand, each.reserved) for each in product.stock] == [
        ("shopify_usa: location 106318430514", 7, 0),
        ("shopify_usa: location 106318463282", 2, 0),
    ]


class Vendor:
    """Answers with one captured body, and with one captured file."""

    def __init__(self, body: Any, file: bytes = b"") -> None:
        self._body, self._file = body, file

    def send(self, _call: Call) -> Answer:
        return Answer(200, {}, self._body)

    def download(self, _url: str) -> AbstractContextManager[Iterator[bytes]]:
        return nullcontext(iter((self._file[:100], self._file[100:])))


def runner(body: Any, file: bytes = b"") -> BulkRunner:
    vendor = Vendor(body, file)
    return BulkRunner(ShopifyClient(vendor), vendor, lambda _s: None)


def test_a_sixth_bulk_operation_waits_for_its_turn() -> None:
    found = capture("2026-04__bulk-operations__bulk-operation-run-query-concurrency-limit.json")
    with pytest.raises(VendorBusy):
        runner(found["sixthRun"]["response"]).start("{ products { edges { node { id } } } }")


def test_a_bulk_query_that_is_refused_says_why() -> None:
    found = capture("2026-04__bulk-operations__bulk-operation-run-query-validators.json")
    refused = found["validations"]["nodesInsteadOfEdges"]["response"]
    with pytest.raises(GiveUp, match="Selecting via 'nodes' is not supported"):
        runner(refused).start("{ products { nodes { id } } }")


def test_a_bulk_file_is_read_whole_with_its_children() -> None:
    operation = load("bulk", "2026-04_run_operation.json")
    file = (SHOPIFY / "bulk" / "2026-04_run_nested.jsonl").read_bytes()
    bulk = runner(operation["polls"][-1], file)
    finished = bulk.wait("gid://shopify/BulkOperation/8066670100786")
    assert (finished.objects, finished.roots, finished.bytes) == (4, 1, 679)
    (bucket,) = bulk.read(finished, 0)
    (product,) = bucket.roots
    kinds = [child["id"].split("/")[-2] for child in bucket.children[product["id"]]]
    assert kinds == ["ProductVariant", "MediaImage", "Metafield"]


@pytest.mark.parametrize("cut", [1, 30, 300])
def test_a_bulk_file_that_is_cut_off_never_passes_for_a_whole_one(cut: int) -> None:
    operation = load("bulk", "2026-04_run_operation.json")
    file = (SHOPIFY / "bulk" / "2026-04_run_nested.jsonl").read_bytes()
    bulk = runner(operation["polls"][-1], file[:-cut])
    finished = bulk.wait("gid://shopify/BulkOperation/8066670100786")
    with pytest.raises(CursorExpired, match="cut off"):
        list(bulk.read(finished, 0))
