"""Forecasts: who makes them, and where they are kept."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

from shared.domain.accuracy import ScoreResult
from shared.domain.series import Forecast, Horizon, NodeForecasts, Series
from shared.use_cases.ports.progress import Report


class Forecaster(Protocol):
    """Says what comes after the series of one tenant."""

    def forecast(
        self,
        series: Sequence[Series],
        prices: Mapping[str, float],
        horizon: Horizon,
        report: Report,
    ) -> Iterator[NodeForecasts]:
        """What is said of each series in order, and of the company last; all series end on one day.

        `prices` are money a unit by SKU, for the revenue of those that have one; the company's
        revenue needs the price of each. `report` is called with each part of the work and may
        raise to stop it. Raises `InvalidInput` for a horizon or a level that no model takes.
        """


class Forecasts(Protocol):
    """Keeps forecasts by SKU or company, type, period, model, origin and day."""

    def upsert(
        self, company_id: UUID, product_id: UUID | None, origin: date, forecasts: Sequence[Forecast]
    ) -> int:
        """Writes forecasts of one SKU, or of the company for None; returns how many are new or differ.

        Raises `SkipRecord`, with nothing written, where a figure is larger than the table holds.
        """

    def thin(self, origin: date) -> int:
        """Removes forecasts of old origins; returns how many rows: D-128 says which."""

    def score_demand(self, first: date, last: date) -> ScoreResult:
        """Writes what was really wanted, and how near forecasts came, for the days from `first` to `last`.

        Weeks and months that end by `last`, revenue and the company are scored too; daily demand is counted.
        """
