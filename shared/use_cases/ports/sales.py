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
    def upsert(self, company_id: UUID, lines: Sequence[SaleLine]) -> Kept: ...
    def void_orders(self, channel: str, orders: Sequence[str]) -> int:
        """Makes all rows of these orders count nothing; returns how many did count."""

    def counted_orders(self, channel: str, since: date | None) -> set[str]:
        """The channel's orders that count, from a day of sale on."""

    def complete_until(self) -> date | None:
        """The last day, in each shop's own zone, whose orders are all here. None where no shop counts.

        It is the earliest such day of the connected shops whose past is here. A shop whose past is still on its way
        does not count beside one whose past is here. Where none has its past, or where a shop was never pulled, it is
        `date.min`: no day is complete. A shop whose login was refused before its first orders does not count.
        """

    def demand_series(self, product_id: UUID, sku: str, until: date) -> Series | None: ...
    def daily_flows(self, company: Company, first: date, last: date) -> dict[date, Flows]: ...


class Fees(Protocol):
    def upsert(self, fees: Sequence[SaleFee]) -> Kept: ...
    def lock(self, channel: str) -> None:
        """Lets one transaction at a time write orders or fees of a channel: each must see the other's."""

    def of_orders(self, channel: str, orders: Sequence[str]) -> Sequence[SaleFee]: ...
    def lines_of(self, channel: str, orders: Sequence[str]) -> Sequence[SaleLine]:
        """All lines of some orders, with the channel's names of what was sold."""

    def set_commissions(self, lines: Sequence[SaleLine]) -> Kept:
        """Corrects what lines cost, and nothing else of them."""
