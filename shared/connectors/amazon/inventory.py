"""FBA stock and listings to products; pure.

`on_hand` is what lies in Amazon's centres and can still be sold: fulfillable units and reserved ones
(sold and not yet sent, moved between centres, measured). Not counted: inbound units, which have not
arrived; unfulfillable ones, which will not be sold; researched ones, which are looked for.
"""

from collections.abc import Mapping

from shared.connectors.amazon.listings import Listing, read_listings
from shared.connectors.amazon.marketplaces import Marketplace
from shared.domain.fields import (
    LARGEST_INT,
    LONGEST_ID,
    Node,
    part,
    read_count,
    read_name,
    read_sku,
    read_text,
)
from shared.domain.products import Product, StockLevel
from shared.errors import SkipRecord

__all__ = ["listed_product", "read_listings", "read_summary"]


def read_summary(node: Node, listings: Mapping[str, Listing], market: Marketplace) -> Product:
    """A SKU in Amazon's centres with its stock; raises `SkipRecord`."""
    sku = read_sku(node.get("sellerSku"))
    details = part(node, "inventoryDetails")
    fulfillable = read_count(details.get("fulfillableQuantity"), "fulfillableQuantity")
    reserved = read_count(
        part(details, "reservedQuantity").get("totalReservedQuantity", 0), "totalReservedQuantity"
    )
    if fulfillable + reserved > LARGEST_INT:
        raise SkipRecord("totalReservedQuantity: does not fit a number of units")
    listing = listings.get(sku)
    name = read_name(node.get("productName"), "productName") or (listing.name if listing else "")
    return _product(
        Listing(
            sku,
            name or sku,
            read_text(node.get("asin"), "asin", LONGEST_ID),
            listing.unit_price if listing else None,
            listing.is_active if listing else True,
        ),
        market,
        (StockLevel(sku, market.stock_location, fulfillable + reserved, reserved),),
    )


def listed_product(listing: Listing, market: Marketplace) -> Product:
    """A SKU of which the stock pages say nothing: its last count stands, and one sent by the seller has none."""
    return _product(listing, market, None)


def _product(
    listing: Listing, market: Marketplace, stock: tuple[StockLevel, ...] | None
) -> Product:
    return Product(
        sku=listing.sku,
        name=listing.name,
        category=None,
        unit_price=listing.unit_price,
        unit_cost=None,
        currency=market.currency,
        channel=market.channel,
        channel_sku=listing.sku,
        channel_product_id=listing.asin,
        is_active=listing.is_active,
        stock=stock,
    )
