"""Shopify's product variants to our products; pure."""

from typing import Any

from shared.connectors.shopify.fields import Node, clean_text, require_sku, short_id
from shared.domain.catalogue import Product, StockLevel
from shared.domain.money import parse_money
from shared.errors import SkipRecord


def read_product(node: Node, channel: str, currency: str, levels: list[Node]) -> Product:
    """One product variant with its cost and its stock levels; raises `SkipRecord`."""
    sku = require_sku(node)
    cost = (node.get("inventoryItem") or {}).get("unitCost")
    parent = node["product"]
    variant = node.get("title")
    name = parent["title"] if variant in {None, "Default Title"} else f"{parent['title']} {variant}"
    return Product(
        sku=sku,
        name=clean_text(name),
        category=clean_text(parent.get("productType") or "") or None,
        unit_price=parse_money(node.get("price"), "price"),
        unit_cost=parse_money(cost["amount"], "unitCost") if cost else None,
        currency=cost["currencyCode"] if cost else currency,
        channel=channel,
        channel_sku=sku,
        channel_product_id=short_id(node["id"]),
        is_active=parent.get("status") == "ACTIVE",
        stock=tuple(_read_stock(level, sku) for level in levels),
    )


def _read_stock(level: Node, sku: str) -> StockLevel:
    quantities: dict[str, int] = {each["name"]: _units(each) for each in level["quantities"]}
    on_hand = quantities.get("on_hand", 0)
    return StockLevel(
        sku=sku,
        location=_location_name(level),
        on_hand=on_hand,
        # All that is not for sale: sold and unshipped, set aside, damaged.
        reserved=on_hand - quantities.get("available", on_hand),
    )


def _units(quantity: Any) -> int:
    units = quantity["quantity"]
    if not isinstance(units, int) or abs(units) >= 2**31:
        raise SkipRecord(f"quantities: {units!r} is not a number of units")
    return units


def _location_name(level: Node) -> str:
    # A location may have no name; two without one must not become the same.
    location = level["location"]
    name = clean_text(str(location.get("name") or "")).strip()
    return (name or f"location {short_id(str(location.get('id') or level.get('id')))}")[:100]
