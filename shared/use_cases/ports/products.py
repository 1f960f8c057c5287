"""Products and their stock."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from shared.domain.products import ForecastProduct, Product
from shared.domain.rejections import Kept


class Products(Protocol):
    """What the tenant's channels offer. `channel` is the service."""

    def upsert(
        self,
        company_id: UUID,
        products: Sequence[Product],
        as_of: date,
        seen: datetime | None = None,
    ) -> Kept:
        """Writes products, their costs and their stock of the day. What the tables refuse is in `Kept.rejected`.

        `seen` is when the scan began that lists them; None outside of a scan.
        """

    def tax_rates(self, channel: str, skus: Sequence[str]) -> dict[str, Decimal]:
        """The rates of VAT that a person has set for these SKUs, by the channel's name of each. 0.2 is 20 %."""

    def own_tax_rates(self) -> dict[str, Decimal]:
        """All rates of VAT that a person has set, by SKU."""

    def set_tax_rate(self, sku: str, rate: Decimal | None) -> bool:
        """Sets a product's own rate of VAT; None takes it away. False where there is no such product."""

    def forecastable(self, limit: int | None) -> Sequence[ForecastProduct]:
        """The active products, oldest first, `limit` of them at most; None: all."""

    def count_active(self) -> int:
        """How many products are active."""

    def mark_seen(self, channel: str, keys: Sequence[str], seen: datetime) -> None:
        """Notes that a scan has listed these but could not read them: they are not gone.

        A key is the vendor's id or the channel's SKU.
        """

    def retire_unseen(self, channel: str, since: datetime, day: date) -> int:
        """Makes inactive what the scan that began at `since` did not list; returns how many products.

        Where a SKU was renamed, the product follows. The channel's stock of what is gone is 0 from `day` on.
        """
