"""Forecasts: what each SKU will sell, and how near that came."""

from pydantic import Field

from shared.domain.accuracy import ScoreResult
from shared.use_cases.generate_forecasts import (
    HORIZON_DAYS,
    ForecastResult,
    generate_forecasts,
    last_whole_day,
)
from shared.use_cases.score_forecasts import score_forecasts
from workers.definition import Arguments, Day, JobContext
from workers.queues import Queue
from workers.task import task


class GenerateForecasts(Arguments):
    """`origin` is the last day of sales to learn from: yesterday if left out."""

    origin: Day | None = None
    horizon_days: int = Field(HORIZON_DAYS, ge=1, le=365)


@task(
    name="forecasts.generate",
    queue=Queue.FORECAST,
    arguments=GenerateForecasts,
    result=ForecastResult,
)
def generate(context: JobContext, arguments: GenerateForecasts) -> ForecastResult:
    """Forecasts the daily demand of every SKU."""
    return generate_forecasts(
        context.open_unit_of_work,
        context.wiring.forecaster,
        context.progress,
        last_whole_day(arguments.origin, context.yesterday()),
        arguments.horizon_days,
    )


class ScoreForecasts(Arguments):
    """The days to score, both included: sixty up to yesterday if left out, never past what is complete."""

    first: Day | None = None
    as_of: Day | None = None


@task(name="forecasts.score", queue=Queue.FORECAST, arguments=ScoreForecasts, result=ScoreResult)
def score(context: JobContext, arguments: ScoreForecasts) -> ScoreResult:
    """Scores the forecasts of days that are over by what was sold."""
    as_of = arguments.as_of or context.yesterday()
    return score_forecasts(context.open_unit_of_work, as_of, arguments.first)
