"""Balances and invoices of accounting books."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

from shared.domain.accounts import ClosedInvoice, DayBalances, OpenInvoice
from shared.domain.rejections import Kept


class AccountBooks(Protocol):
    """Writes what the books say. `source` is the service. What the table refuses stands in `Kept.rejected`."""

    def upsert_balances(
        self, company_id: UUID, source: str, day: date, reported: DayBalances
    ) -> Kept:
        """Writes the balances of a day.

        An account that the books do not have any more gets a balance of nothing. One that was not read keeps its own.
        """

    def upsert_invoices(
        self, company_id: UUID, source: str, invoices: Sequence[OpenInvoice]
    ) -> Kept:
        """Writes invoices by the vendor's id of them."""

    def close_invoices(self, source: str, closed: Sequence[ClosedInvoice]) -> int:
        """Closes those of the invoices that are here: nothing is due of them. Returns how many rows changed."""
