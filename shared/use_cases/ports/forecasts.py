"""Forecasts: who makes them, and where they are kept."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

from shared.domain.accuracy import ScoreResult
from shared.domain.series import Forecast, Series


class Forecaster(Protocol):
    """Says what comes after a series."""

    def forecast(self, series: Series, horizon_days: int, level: float) -> Sequence[Forecast]:
        """One forecast a model, each with `horizon_days` days after the last one of the series.

        `level` is the share of days that the bounds are to hold, between 0 and 1. Raises `InvalidInput` for a series,
        a horizon or a level that no model takes.
        """


class Forecasts(Protocol):
    """Keeps forecasts by SKU, model, origin and day."""

    def upsert_demand(
        self, company_id: UUID, product_id: UUID, origin: date, forecasts: Sequence[Forecast]
    ) -> int:
        """Writes forecasts of one SKU; returns how many of them, one a model, are new or differ.

        Raises `SkipRecord`, with nothing written, where a figure is larger than the table holds.
        """

    def score_demand(self, first: date, last: date) -> ScoreResult:
        """Writes what was really wanted, and how near forecasts came, for the days from `first` to `last`."""
