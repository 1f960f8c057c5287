"""Forecasts: who makes them, and where they are kept."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

from shared.domain.accuracy import ScoreResult
from shared.domain.drift import WeekJudged
from shared.domain.learnt_models import LearntModels
from shared.domain.series import Forecast, ForecastInputs, Horizon, NodeForecasts, SumAhead
from shared.use_cases.ports.progress import Report


class Forecaster(Protocol):
    """Says what comes after the series of one tenant.

    `report` is called with each part of the work and may raise to stop it. Raises `InvalidInput`
    for a horizon or a level that no model takes.
    """

    @property
    def version(self) -> str:
        """Of the code: what another version learnt cannot be used."""

    def learn(self, inputs: ForecastInputs, horizon: Horizon, report: Report) -> bytes:
        """Learns from the series, at least one; returns what `forecast` needs of it."""

    def forecast(
        self, inputs: ForecastInputs, horizon: Horizon, state: bytes, report: Report
    ) -> Iterator[NodeForecasts]:
        """What is said of each SKU by category, of each category after its SKUs, of the company last.

        `state` was learnt from these series or others, up to this day or one before. Revenue
        needs a price: the SKU's, and for totals that of each SKU. Raises `UnreadableModels` for
        a state that this release did not store.
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

    def score_demand(self, first: date, last: date) -> tuple[ScoreResult, frozenset[date]]:
        """Writes what was really wanted, and how near forecasts came, for the days from `first` to `last`.

        Weeks and months that end by `last`, revenue and the company are scored too; daily demand is
        counted. Returns the Mondays of the weeks with a day whose score changed, too.
        """


class ForecastTotals(Protocol):
    """Keeps what was forecast of sums: of days ahead, and of categories."""

    def upsert_sums(
        self,
        company_id: UUID,
        product_id: UUID | None,
        origin: date,
        version: str,
        sums: Sequence[SumAhead],
    ) -> None:
        """Writes sums of one SKU, or of the company for None; the same again changes no row.

        Raises `SkipRecord`, with nothing written, where a figure is larger than the table holds.
        """

    def upsert_category(
        self, company_id: UUID, category: str, origin: date, forecasts: Sequence[Forecast]
    ) -> None:
        """Writes what a category's SKUs are expected to sell together; raises as `upsert_sums`."""

    def score(self, first: date, last: date) -> None:
        """Writes what became of sums that end from `first` to `last`; needs the scores of `Forecasts`."""


class ForecastAccuracies(Protocol):
    """Keeps how good forecasts were, by week, SKU, model and distance."""

    def fill(self, touched: frozenset[date], first: date, last: date) -> None:
        """Writes the weeks of `first` to `last` that were touched or never written; old ones go.

        `touched` are Mondays of weeks in which a score changed.
        """

    def newest_weeks(self, company_id: UUID, last: date) -> Sequence[WeekJudged]:
        """The complete week that ended by `last` as the last of them, and those of the eight before it.

        Empty where nothing is known of that week.
        """


class ForecastModels(Protocol):
    """Keeps what was learnt, one state a company and horizon."""

    def get(self, company_id: UUID, horizon_days: int) -> LearntModels | None:
        """What was learnt last, None where nothing was."""

    def put(self, company_id: UUID, horizon_days: int, learnt: LearntModels) -> None:
        """Keeps what was learnt, in place of what is there."""

    def ask_to_learn(self, company_id: UUID, reason: str, seen_until: date) -> int:
        """Notes why the next run is to learn again, where nobody did and `seen_until` was not learnt yet.

        Returns how many models are asked.
        """
