"""Balances and invoices of accounting books."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

from shared.domain.accounts import ClosedInvoice, DayBalances, OpenInvoice
from shared.domain.rejections import Kept


class AccountBooks(Protocol):
    def upsert_balances(
        self, company_id: UUID, source: str, day: date, reported: DayBalances
    ) -> Kept:
        """Writes the balances of a day; an account that is gone comes to nothing, one that was not read does not."""

    def upsert_invoices(
        self, company_id: UUID, source: str, invoices: Sequence[OpenInvoice]
    ) -> Kept: ...
    def close_invoices(self, source: str, closed: Sequence[ClosedInvoice]) -> int:
        """Closes those that are there, with nothing due; returns how many that changed."""
