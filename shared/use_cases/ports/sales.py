"""Order lines, and the fees that a channel takes of them."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

from shared.domain.company import Company
from shared.domain.rejections import Kept
from shared.domain.sales import SaleFee, SaleLine
from shared.domain.series import Series
from shared.domain.working_capital import Flows


class Sales(Protocol):
    """Order lines. `channel` is the service that they come from."""

    def upsert(self, company_id: UUID, lines: Sequence[SaleLine]) -> Kept:
        """Writes lines by their identity. What the table refuses is in `Kept.rejected`."""

    def void_orders(self, channel: str, orders: Sequence[str]) -> int:
        """Makes all rows of these orders count nothing: they stay, with quantity and amounts of 0.

        Returns how many rows counted before.
        """

    def counted_orders(self, channel: str, since: date | None) -> set[str]:
        """The ids of the channel's orders that count, of those sold from `since` on; None: of all."""

    def complete_until(self) -> date | None:
        """The last day, in each shop's own zone, whose orders are all here. None where no shop counts.

        It is the earliest such day of the connected shops whose past is here. A shop whose past is still on its way
        does not count beside one whose past is here. Where none has its past, or where a shop was never pulled, it is
        `date.min`: no day is complete. A shop whose login was refused before its first orders does not count.
        """

    def demand_series(self, product_id: UUID, sku: str, until: date) -> Series | None:
        """Units wanted a day, from the first sale to `until`, with 0 where there was none; None without a sale.

        A day out of stock on which nothing was sold is NaN.
        """

    def unit_prices(self, company: Company, until: date) -> dict[UUID, float]:
        """What a unit of each product brought lately, net, in the company's currency, where that is known."""

    def daily_flows(self, company: Company, first: date, last: date) -> dict[date, Flows]:
        """Revenue and cost of goods sold of each day that has sales, in the company's currency.

        A figure that cannot be known is None, with its reason.
        """


class Fees(Protocol):
    """What channels took for orders."""

    def upsert(self, fees: Sequence[SaleFee]) -> Kept:
        """Writes fees by their keys. What the table refuses is in `Kept.rejected`."""

    def lock(self, channel: str) -> None:
        """Waits until no other transaction writes orders or fees of the channel. Held until the commit.

        Orders and fees come apart, and each must see the other.
        """

    def of_orders(self, channel: str, orders: Sequence[str]) -> Sequence[SaleFee]:
        """All fees of some orders, by their keys."""

    def lines_of(self, channel: str, orders: Sequence[str]) -> Sequence[SaleLine]:
        """All lines of some orders, with the channel's names of what was sold."""

    def set_commissions(self, lines: Sequence[SaleLine]) -> Kept:
        """Corrects the commissions of lines, and nothing else of them."""
