"""Products as a shop lists them, and their stock by location."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class StockLevel:
    """Units of one SKU at one location, as the vendor counts them now."""

    sku: str
    location: str
    on_hand: int
    reserved: int


@dataclass(frozen=True, slots=True)
class Product:
    """One sellable SKU of a channel. `unit_cost` is None where the shop does not tell it."""

    sku: str
    name: str
    category: str | None
    unit_price: Decimal | None
    unit_cost: Decimal | None
    currency: str
    channel: str
    channel_sku: str
    channel_product_id: str
    is_active: bool
    stock: tuple[StockLevel, ...] = ()
