"""The inputs that users of other connectors reported, for shops and books; they lie outside the project."""

import json
import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from shared.connectors.shopify.bulk import BulkRunner
from shared.connectors.shopify.orders import OrderRecords, WholeOrder, read_orders
from shared.connectors.shopify.products import read_product
from shared.connectors.xero.invoices import collect
from shared.connectors.xero.shapes import INVOICES
from shared.domain.accounts import ClosedInvoice, InvoiceKind, OpenInvoice
from shared.errors import CursorExpired
from shared.use_cases.vendors import Books
from tests.fixtures.shop_pulls import DAY, NOW, Opener, pull, rows
from tests.fixtures.shops import FakeShop
from workers.wiring import Wiring

CASES = (
    Path(os.environ.get("CAPLIQUIFY_SHARED", Path(__file__).parents[4] / "shared"))
    / "cases/vendors"
)
LONDON = ZoneInfo("Europe/London")


def case(name: str) -> Any:
    path = CASES / name
    if not path.exists():
        pytest.skip(
            "the reported inputs lie outside the project; CAPLIQUIFY_SHARED names their folder"
        )
    return json.loads(path.read_text(encoding="utf-8"))


def read(reported: dict[str, Any]) -> OrderRecords:
    return read_orders(
        [WholeOrder(reported["order"], reported["lines"], [], [])], "shopify_uk", LONDON
    )


def keep(wiring: Wiring, tenant: UUID, opener: Any, *orders: OrderRecords) -> list[Any]:
    shop = FakeShop([], [[line for each in orders for line in each.lines]])
    pull(opener, shop)
    return rows(
        wiring,
        tenant,
        "SELECT sum(total_amount) AS revenue, sum(quantity)::int AS units, min(sale_date) AS day FROM sales",
    )


def test_an_imported_order_is_sold_on_the_day_that_the_shop_says(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    [reported] = case("shopify-imported-order-date.json")
    found = keep(wiring, acme, unit_of_work_of(acme), read(reported))
    assert found == [(Decimal("50.00"), 1, date(2025, 11, 28))]


def test_a_gift_card_is_no_sale_and_what_it_buys_is(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    sold, redeemed = case("shopify-gift-card.json")
    found = keep(wiring, acme, unit_of_work_of(acme), read(sold), read(redeemed))
    assert [row[:2] for row in found] == [(Decimal("50.00"), 1)]
    assert rows(wiring, acme, "SELECT sku FROM products") == [("MUG",)]
    assert read(sold).left_out == {"gift_card": 1}


def test_a_marketplaces_copy_is_no_sale_of_the_shop() -> None:
    [reported] = case("shopify-amazon-orders-double.json")
    found = read(reported)
    assert (found.lines, found.fees, found.rejected) == ((), (), ())
    assert (found.left_out, found.gone) == ({"marketplace_copy": 1}, ("7",))


def test_two_shops_with_one_place_name_have_two_places(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    for channel, places in case("shopify-two-shops-one-location.json").items():
        levels = [
            {
                "id": f"gid://shopify/InventoryLevel/{units}",
                "location": {"id": "gid://shopify/Location/1", "name": name},
                "quantities": [
                    {"name": "on_hand", "quantity": units},
                    {"name": "available", "quantity": units},
                ],
            }
            for name, units in places.items()
        ]
        node = {
            "id": "gid://shopify/ProductVariant/1",
            "sku": "MUG",
            "title": "Default Title",
            "price": "10.00",
            "product": {"id": "p", "title": "Mug", "productType": "", "status": "ACTIVE"},
            "inventoryItem": {"id": "i", "unitCost": None},
        }
        product = read_product(node, channel, "GBP", levels)
        with opener() as work:
            work.products.upsert(work.companies.get().id, [product], DAY, NOW)
    found = "SELECT count(DISTINCT location), sum(quantity_on_hand)::int FROM inventory"
    assert rows(wiring, acme, found) == [(2, 17)]


def test_a_bulk_operation_that_announces_objects_and_has_no_file_is_not_empty() -> None:
    reported = case("shopify-bulk-null-url.json")

    class Client:
        def query(self, _document: str, _variables: object = None) -> dict[str, Any]:
            return {"bulkOperation": reported}

    runner = BulkRunner(Client(), None, lambda _s: None)  # type: ignore[arg-type]
    with pytest.raises(CursorExpired):
        runner.wait(reported["id"])


def test_closed_papers_close_whatever_they_lack(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    nodes = case("xero-closed-invoice-without-rate.json")
    books = Books("Acme", "GBP", "Europe/London")
    opener = unit_of_work_of(acme)
    due = "SELECT source_invoice_id, amount_due, closed_on IS NOT NULL AS closed FROM open_invoices ORDER BY 1"
    with opener() as work:
        company = work.companies.get().id
        work.books.upsert_invoices(company, "xero", [_open(node["InvoiceID"]) for node in nodes])
    assert rows(wiring, acme, due) == [(f"i-{n}", Decimal("100.00"), False) for n in (1, 2, 3)]
    items, rejected = collect(nodes, INVOICES, books)
    assert rejected == []
    with opener() as work:
        whole = [item for item in items if isinstance(item, OpenInvoice)]
        closed = [item for item in items if isinstance(item, ClosedInvoice)]
        work.books.upsert_invoices(company, "xero", whole)
        work.books.close_invoices("xero", closed)
    assert rows(wiring, acme, due) == [(f"i-{n}", 0, True) for n in (1, 2, 3)]


def _open(identity: str) -> OpenInvoice:

    issued = datetime(2026, 1, 1, tzinfo=UTC).date()
    hundred = Decimal("100.00")
    return OpenInvoice(
        identity, InvoiceKind.RECEIVABLE, "AUTHORISED", issued, None, "GBP", None, hundred, hundred, None
    )  # fmt: skip
