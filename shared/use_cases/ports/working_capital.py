"""Working capital by day, week and month."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from shared.domain.company import Company
from shared.domain.working_capital import AccountClass, Balances, WorkingCapital


class WorkingCapitals(Protocol):
    """Balances by day, and what is rolled up from them. Money is in the company's currency."""

    def upsert(self, company_id: UUID, rows: Sequence[WorkingCapital]) -> int:
        """Writes rows by period; returns how many are new or differ."""

    def balances_on(self, company: Company, days: Sequence[date]) -> dict[date, Balances]:
        """The balances known at the end of each day; None for one that is unknown."""

    def enter(
        self,
        company: Company,
        day: date,
        amounts: dict[AccountClass, Decimal],
    ) -> int:
        """Writes balances that a person gives for a day; returns how many are new or differ."""
