"""Shopify's product variants to our products; pure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from shared.connectors.shopify.fields import (
    key_of,
    read_decimal,
    read_money,
    read_name,
    read_nodes,
    short_id,
)
from shared.domain.fields import (
    LARGEST_COST,
    LARGEST_INT,
    LONGEST_NAME,
    Node,
    part,
    read_integer,
    read_optional_sku,
    require_node,
    show,
)
from shared.domain.products import Product, StockLevel
from shared.domain.rejections import MISSHAPEN, reject
from shared.domain.sales import RejectedRecord
from shared.errors import SkipRecord

LONGEST_CATEGORY, LONGEST_PLACE = 100, 100


def read_product(node: Node, channel: str, currency: str, levels: Sequence[Any] | None) -> Product:
    """One product variant with its stock levels; raises `SkipRecord`.

    `levels` are None where the vendor has not said them. A cost that cannot be kept is left out.
    """
    sku = read_optional_sku(node.get("sku"))
    if sku is None:
        raise SkipRecord("sku: is missing; give the product a SKU in the shop")
    cost, _ = read_cost(node, currency)
    return Product(
        sku=sku,
        name=_name_of(node),
        category=read_name(_parent_of(node).get("productType"), "productType", LONGEST_CATEGORY)
        or None,
        unit_price=_price_of(node),
        unit_cost=cost,
        currency=currency,
        channel=channel,
        channel_sku=sku,
        channel_product_id=short_id(node.get("id")),
        is_active=_parent_of(node).get("status") == "ACTIVE",
        stock=None
        if levels is None
        else tuple(_read_stock(level, sku, channel) for level in levels),
    )


def read_cost(node: Node, currency: str) -> tuple[Decimal | None, RejectedRecord | None]:
    """What a unit costs in the shop's currency; what is no cost, such as a barcode there, is set aside alone."""
    given = part(node, "inventoryItem").get("unitCost")
    if given is None:
        return None, None
    try:
        return _cost_of(given, currency), None
    except SkipRecord as error:
        return None, reject(key_of(node), error)
    except MISSHAPEN as error:
        shape = SkipRecord(f"unitCost: has not the vendor's shape ({type(error).__name__})")
        return None, reject(key_of(node), shape)


def _cost_of(given: object, currency: str) -> Decimal:
    cost, own = read_money(given, "unitCost")
    if not 0 <= cost <= LARGEST_COST:
        raise SkipRecord(
            f"unitCost: {show(str(cost))} is no cost of a unit; correct it in the shop"
        )
    if own != currency:
        raise SkipRecord(f"unitCost: is in {own}, and the shop's prices are in {currency}")
    return cost


def _parent_of(node: Node) -> Node:
    return require_node(node.get("product"), "product")


def _name_of(node: Node) -> str:
    title, variant = _parent_of(node).get("title"), node.get("title")
    whole = read_name(title, "product title", LONGEST_NAME)
    if variant is None or variant == "Default Title":
        return whole
    return f"{whole} {read_name(variant, 'title', LONGEST_NAME)}"[:LONGEST_NAME].strip()


def _price_of(node: Node) -> Decimal:
    price = read_decimal(node.get("price"), "price")
    if price < 0:
        raise SkipRecord(f"price: {show(str(price))} is below zero")
    return price


def _read_stock(level: Any, sku: str, channel: str) -> StockLevel:
    quantities: dict[str, int] = {
        each["name"]: _units(each) for each in read_nodes(level, "quantities")
    }
    if "on_hand" not in quantities:
        raise SkipRecord("quantities: on_hand is missing; what is left out is not zero")
    on_hand = quantities["on_hand"]
    # All that is not for sale: sold and unshipped, set aside, damaged.
    reserved = on_hand - quantities.get("available", on_hand)
    if abs(reserved) > LARGEST_INT:
        raise SkipRecord(f"quantities: {reserved} is not a number of units")
    return StockLevel(sku, _place_name(level, channel), on_hand, reserved)


def _units(quantity: Node) -> int:
    units = quantity.get("quantity")
    if not isinstance(units, int):
        raise SkipRecord(f"quantities: {show(units)} is not a number of units")
    return read_integer(units, "quantities")


def _place_name(level: Node, channel: str) -> str:
    """A place is its shop's own: two shops may give two places one name."""
    # A place may have no name; two without one must not become the same.
    place = require_node(level.get("location"), "location")
    name = read_name(place.get("name"), "location name", LONGEST_PLACE)
    if not name:
        name = f"location {short_id(place.get('id') or level.get('id'), 'location')}"
    return f"{channel}: {name}"[:LONGEST_PLACE]
