"""Forecasts: who makes them, and where they are kept."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

from shared.domain.accuracy import ScoreResult
from shared.domain.series import Forecast, Series


class Forecaster(Protocol):
    """Says what comes after a series, once for each of its models."""

    def forecast(self, series: Series, horizon_days: int, level: float) -> Sequence[Forecast]: ...


class Forecasts(Protocol):
    def upsert_demand(
        self, company_id: UUID, product_id: UUID, origin: date, forecasts: Sequence[Forecast]
    ) -> int:
        """Writes what is new or changed; returns how many of the forecasts that touched."""

    def score_demand(self, first: date, last: date) -> ScoreResult: ...
