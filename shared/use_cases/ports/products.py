"""Products and their stock."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from shared.domain.products import Product
from shared.domain.rejections import Kept


class Products(Protocol):
    def upsert(
        self,
        company_id: UUID,
        products: Sequence[Product],
        as_of: date,
        seen: datetime | None = None,
    ) -> Kept:
        """Writes products and their stock of the day; `seen` is when the scan began that lists them."""

    def tax_rates(self, channel: str, skus: Sequence[str]) -> dict[str, Decimal]:
        """The products' own rates of VAT, where a person has set one, by what the channel calls them."""

    def own_tax_rates(self) -> dict[str, Decimal]:
        """All rates of VAT that a person has set, by SKU."""

    def set_tax_rate(self, sku: str, rate: Decimal | None) -> bool: ...
    def forecastable(self, limit: int | None) -> Sequence[tuple[UUID, str]]: ...
    def count_active(self) -> int: ...
    def mark_seen(self, channel: str, keys: Sequence[str], seen: datetime) -> None:
        """Notes that a scan has listed these, by the vendor's id or the channel's SKU, but could not read them."""

    def retire_unseen(self, channel: str, since: datetime, day: date) -> int:
        """Follows renamed SKUs, and takes off the shelf what the scan that began then did not list."""
