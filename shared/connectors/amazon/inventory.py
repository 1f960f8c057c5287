"""FBA stock and listings to products; pure.

`on_hand` is what lies in Amazon's centres and can still be sold: fulfillable units and reserved ones
(sold and not yet sent, moved between centres, measured). Not counted: inbound units, which have not
arrived; unfulfillable ones, which will not be sold; researched ones, which are looked for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.connectors.amazon.amounts import parse_amount
from shared.connectors.amazon.fields import (
    LARGEST_INT,
    LONGEST_ID,
    part,
    read_count,
    read_name,
    read_sku,
    read_text,
)
from shared.connectors.amazon.marketplaces import Marketplace
from shared.connectors.amazon.tables import Row
from shared.domain.catalogue import Product, StockLevel
from shared.errors import SkipRecord

LISTINGS = "GET_MERCHANT_LISTINGS_ALL_DATA"


@dataclass(frozen=True, slots=True)
class Listing:
    """An offer of the seller: what it is called, what it costs, whether it can be bought."""

    sku: str
    name: str
    asin: str
    unit_price: Decimal | None
    is_active: bool


def read_listings(rows: Iterable[Row]) -> dict[str, Listing]:
    """The offers by SKU; what cannot be read only leaves a product without a price."""
    listings = {}
    for row in rows:
        try:
            listing = _read_listing(row)
        except SkipRecord:
            continue
        listings[listing.sku] = listing
    return listings


def read_summary(
    node: Mapping[str, Any], listings: Mapping[str, Listing], market: Marketplace
) -> Product:
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
    """A SKU that the seller sends himself: his own shops tell its stock."""
    return _product(listing, market, ())


def _read_listing(row: Row) -> Listing:
    price = row.get("price", "").strip()
    unit_price = parse_amount(price, "price") if price else None
    sku = read_sku(row.get("seller-sku"))
    return Listing(
        sku,
        read_name(row.get("item-name", "").strip(), "item-name") or sku,
        read_text(row.get("asin1") or row.get("product-id"), "asin1", LONGEST_ID),
        unit_price if unit_price is not None and unit_price >= 0 else None,
        row.get("status", "Active").strip().lower() == "active",
    )


def _product(listing: Listing, market: Marketplace, stock: tuple[StockLevel, ...]) -> Product:
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
