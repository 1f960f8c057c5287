"""Whole orders and variants out of a bucket of a bulk file; pure."""

from collections.abc import Iterable
from typing import Any

from shared.connectors.shopify.bulk import Bucket
from shared.connectors.shopify.fields import is_gid, read_nodes
from shared.connectors.shopify.orders import WholeOrder, WholeRefund
from shared.connectors.shopify.pages import Refunds, Variant
from shared.domain.fields import Node, part, parts, require_node, show
from shared.errors import SkipRecord


def named_refunds(orders: Iterable[Node]) -> list[str]:
    """The ids of all refunds that the orders name, and that the vendor can be asked for."""
    named = [
        refund.get("id")
        for order in orders
        if order.get("refunds")
        for refund in parts(order, "refunds")
    ]
    return list(dict.fromkeys(each for each in named if is_gid(each, "Refund")))


def orders_of(bucket: Bucket, refunds: Refunds) -> list[WholeOrder]:
    """The bucket's orders with the refunds that were asked for."""
    return [_order_of(root, bucket.take(root.get("id")), refunds) for root in bucket.roots]


def variants_of(bucket: Bucket) -> list[Variant]:
    """The bucket's variants with their stock levels."""
    return [_variant_of(root, bucket) for root in bucket.roots]


def _order_of(root: Node, children: list[Any], refunds: Refunds) -> WholeOrder:
    lines: list[Any] = []
    shipping: list[Any] = []
    for child in children:
        (shipping if "discountedPriceSet" in child else lines).append(child)
    named = root.get("refunds")
    if named == []:
        return WholeOrder(root, lines, shipping, [])
    try:
        given_back = [_refund_of(each, refunds) for each in _named(root)]
    except SkipRecord as error:
        return WholeOrder(root, [], [], [], problem=error)
    return WholeOrder(root, lines, shipping, given_back)


def _named(root: Node) -> list[Any]:
    if root.get("refunds") is None:
        raise SkipRecord("refunds: is missing")
    return read_nodes(root, "refunds")


def _refund_of(named: object, refunds: Refunds) -> WholeRefund:
    identity = require_node(named, "refunds").get("id")
    found = refunds.get(identity) if isinstance(identity, str) else None
    if found is None:
        raise SkipRecord(f"refunds: the shop does not say what {show(identity)} gave back")
    if isinstance(found, SkipRecord):
        raise found
    return found


def _variant_of(root: Node, bucket: Bucket) -> Variant:
    # The parent named is the variant or its inventory item.
    item = root.get("inventoryItem")
    levels = bucket.take(root.get("id"), part(root, "inventoryItem").get("id"))
    if item is not None and not isinstance(item, dict):
        problem = SkipRecord(f"inventoryItem: {show(item)} is not an object")
        return Variant(root, None, problem)
    return Variant(root, None if item is None and not levels else levels)
