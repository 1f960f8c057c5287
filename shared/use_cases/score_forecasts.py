"""Score forecasts by what was sold on the days that they spoke of."""

from dataclasses import replace
from datetime import date, timedelta

from shared.domain.accuracy import NOTHING_SCORED, ScoreResult
from shared.domain.drift import find_drift
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork, UnitOfWork

# How far back late data are looked for.
LOOK_BACK_DAYS = 60


def score_forecasts(
    open_unit_of_work: OpenUnitOfWork, as_of: date, first: date | None = None
) -> ScoreResult:
    """Scores daily demand from `first` (sixty days if None) to `as_of`, or to the last day that is complete.

    A forecast whose actual stands as it was is left alone. Without a shop no day is complete. The
    accuracy of the weeks follows, and the models are to learn again where the newest of them drifted.
    """
    with open_unit_of_work() as work:
        complete = work.sales.complete_until()
        # The least of all dates stands for a shop of which no day is known yet.
        if complete is None or complete == date.min:
            return NOTHING_SCORED
        last = min(as_of, complete)
        first = first or last - timedelta(days=LOOK_BACK_DAYS - 1)
        result, touched = work.forecasts.score_demand(first, last)
        work.forecast_totals.score(first, last)
        work.forecast_accuracy.fill(touched, first, last)
        return replace(result, drift=_follow_drift(work, last))


def _follow_drift(work: UnitOfWork, last: date) -> str | None:
    """In which way the week that ended by `last` drifted; models that have not seen it are asked to learn."""
    company_id = work.companies.get().id
    weeks = work.forecast_accuracy.newest_weeks(company_id, last)
    if not weeks:
        return None
    *before, newest = weeks
    reason = find_drift(newest, before)
    if reason is not None:
        week_end = newest.week_start + timedelta(days=6)
        work.forecast_models.ask_to_learn(company_id, reason, week_end)
    return reason
