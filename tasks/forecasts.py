"""Forecasts: what each SKU will sell."""

from datetime import date

from pydantic import Field

from shared.use_cases.generate_forecasts import (
    HORIZON_DAYS,
    ForecastResult,
    generate_forecasts,
    last_whole_day,
)
from workers.queues import Queue
from workers.task import Arguments, JobContext, task


class GenerateForecasts(Arguments):
    """`origin` is the last day of sales to learn from: yesterday if left out."""

    origin: date | None = None
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
        context.report,
        last_whole_day(arguments.origin, context.yesterday()),
        arguments.horizon_days,
    )
