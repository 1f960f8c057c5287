"""Products as a shop lists them, and their stock by location."""

from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class StockLevel:
    """Units of one SKU at one location, as the vendor counts them now."""

    sku: str
    location: str
    on_hand: int
    reserved: int

    def plus(self, other: "StockLevel") -> "StockLevel":
        """The same place with the units of another variant."""
        return replace(
            self, on_hand=self.on_hand + other.on_hand, reserved=self.reserved + other.reserved
        )

    def fits(self, largest: int) -> bool:
        """Whether all three numbers of it, what is available included, are within the largest."""
        numbers = (self.on_hand, self.reserved, self.on_hand - self.reserved)
        return all(abs(number) <= largest for number in numbers)


@dataclass(frozen=True, slots=True)
class Product:
    """One sellable SKU of a channel. `unit_cost` is None where the shop does not report it.

    `channel_product_id` is the vendor's own id, which stays when the SKU changes. `stock` is None where the
    vendor has not reported it: what a page leaves out is not zero.
    """

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
    stock: tuple[StockLevel, ...] | None = ()

    def renamed(self, sku: str) -> "Product":
        """The same product under our name of it; the channel keeps its own."""
        if sku == self.sku:
            return self
        stock = self.stock and tuple(replace(level, sku=sku) for level in self.stock)
        return replace(self, sku=sku, stock=stock)


@dataclass(frozen=True, slots=True)
class ForecastProduct:
    """What a forecast has to know of a product of ours, beside its sales."""

    id: UUID
    sku: str
    category: str | None
    lead_time_days: int | None
