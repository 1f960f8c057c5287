"""Working capital by day, week and month."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from shared.domain.company import Company
from shared.domain.working_capital import AccountClass, Balances, WorkingCapital


class WorkingCapitals(Protocol):
    def upsert(self, company_id: UUID, rows: Sequence[WorkingCapital]) -> int: ...
    def balances_on(self, company: Company, days: Sequence[date]) -> dict[date, Balances]: ...
    def enter(
        self,
        company: Company,
        day: date,
        amounts: dict[AccountClass, Decimal],
    ) -> int: ...
