"""Score forecasts by what was sold on the days that they spoke of."""

from datetime import date, timedelta

from shared.domain.accuracy import NOTHING_SCORED, ScoreResult
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork

# How far back late data are looked for.
LOOK_BACK_DAYS = 60


def score_forecasts(
    open_unit_of_work: OpenUnitOfWork, as_of: date, first: date | None = None
) -> ScoreResult:
    """Scores daily demand from `first` (sixty days if None) to `as_of`, or to the last day that is complete.

    A forecast whose actual stands as it was is left alone. Without a shop no day is complete.
    """
    with open_unit_of_work() as work:
        complete = work.sales.complete_until()
        if complete is None:
            return NOTHING_SCORED
        last = min(as_of, complete)
        first = first or last - timedelta(days=LOOK_BACK_DAYS - 1)
        return work.forecasts.score_demand(first, last)
