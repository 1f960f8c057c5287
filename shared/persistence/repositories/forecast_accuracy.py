"""How good forecasts of days were, week by week."""

from datetime import date, timedelta
from typing import Any, LiteralString
from uuid import UUID

from shared.domain.accuracy import ALL_DISTANCES, WORST
from shared.domain.drift import WEEKS_COMPARED, WeekJudged
from shared.persistence.database import Connection

# As long as the oldest origin of `forecasts` is kept (D-128).
KEPT_DAYS = 396
MODELS = ["ensemble", "arima", "prophet", "lstm"]
WEEK = timedelta(days=7)

# Weeks in which a score changed, and those that have scores from before this table was there.
WEEKS_DUE = """
SELECT day::date AS week FROM generate_series(%(first)s::date, %(last)s::date, interval '7 days') AS day
WHERE day::date = ANY(%(touched)s) OR NOT EXISTS (SELECT FROM forecast_accuracy WHERE week_start = day::date)
ORDER BY 1
"""


def _stored(measure: LiteralString) -> LiteralString:
    """At four places, as far as the column holds it; `least` would make the largest of NULL."""
    return f"round(CASE WHEN {measure} > %(worst)s THEN %(worst)s ELSE {measure} END, 4)"


# The rules are those of `shared.domain.accuracy`. Numeric throughout: sums of doubles differ by the order of rows,
# and a run that changes nothing would write. Demand is zero-filled from the first sale on, as SCORE_DEMAND has it.
FILL_WEEK = f"""
WITH scored AS MATERIALIZED (
    SELECT company_id, product_id, model_type, predicted_value - actual_value AS error, actual_value AS actual,
           CASE WHEN forecast_date - forecast_origin <= 7 THEN '1-7'
                WHEN forecast_date - forecast_origin <= 14 THEN '8-14'
                WHEN forecast_date - forecast_origin <= 28 THEN '15-28' ELSE '29+' END AS days_ahead,
           1 - confidence_level AS alpha, actual_value BETWEEN lower_bound AND upper_bound AS held,
           upper_bound - lower_bound + 2 / (1 - confidence_level)
               * greatest(lower_bound - actual_value, actual_value - upper_bound, 0) AS spread
    FROM forecasts
    WHERE product_id IS NOT NULL AND forecast_type = 'DEMAND' AND period_type = 'DAILY' AND actual_value IS NOT NULL
      AND model_type = ANY(%(models)s) AND forecast_date BETWEEN %(week)s AND %(week)s::date + 6
), wanted AS (
    SELECT product_id, sale_date AS day, greatest(quantity, 0) AS units FROM sales
    WHERE line_kind = 'SALE' AND sale_date BETWEEN %(week)s::date - 365 AND %(week)s::date - 1
      AND product_id IN (SELECT product_id FROM scored)
    UNION ALL
    SELECT p.product_id, %(week)s::date - n, 0 FROM (SELECT DISTINCT product_id FROM scored) p
    CROSS JOIN LATERAL (
        SELECT sale_date AS first_day FROM sales WHERE product_id = p.product_id AND line_kind = 'SALE'
        ORDER BY sale_date LIMIT 1
    ) f
    CROSS JOIN LATERAL generate_series(1, least(365, %(week)s::date - f.first_day)) AS n
), demand AS (
    SELECT product_id, day, sum(units)::numeric AS units FROM wanted GROUP BY product_id, day
), changes AS (
    SELECT product_id, units - lag(units) OVER (PARTITION BY product_id ORDER BY day) AS change FROM demand
), scales AS (
    SELECT product_id, nullif(avg(change * change), 0) AS squared, nullif(avg(abs(change)), 0) AS absolute
    FROM changes GROUP BY product_id
), sums AS (
    SELECT company_id, product_id, model_type, coalesce(days_ahead, %(all)s) AS days_ahead, count(*) AS forecasts,
           sum(abs(error)) AS missed, sum(error) AS too_much, sum(actual) AS sold, avg(error * error) AS squared,
           avg(spread) AS spread, sum(alpha / 4 * spread) AS lost, count(spread) AS bounded,
           count(*) FILTER (WHERE held AND spread IS NOT NULL) AS held
    FROM scored
    GROUP BY GROUPING SETS ((company_id, product_id, model_type, days_ahead), (company_id, product_id, model_type))
), skus AS (
    SELECT s.*, sqrt(s.squared / c.squared) AS rmsse, s.spread / c.absolute AS msis
    FROM sums s LEFT JOIN scales c USING (product_id)
), judged AS (
    SELECT company_id, product_id, model_type, days_ahead, sum(forecasts) AS forecasts, sum(missed) AS missed,
           sum(too_much) AS too_much, nullif(sum(sold), 0) AS sold, avg(rmsse) AS rmsse, avg(msis) AS msis,
           sum(lost) AS lost, nullif(sum(bounded), 0) AS bounded, sum(held) AS held
    FROM skus
    GROUP BY GROUPING SETS ((company_id, product_id, model_type, days_ahead), (company_id, model_type, days_ahead))
)
INSERT INTO forecast_accuracy AS a (company_id, product_id, week_start, model_type, days_ahead, forecasts,
                                    wape, rmsse, pinball, msis, bias, coverage)
SELECT company_id, product_id, %(week)s, model_type, days_ahead, forecasts,
       {_stored("missed / sold")}, {_stored("rmsse")}, {_stored("lost / bounded")}, {_stored("msis")},
       {_stored("too_much / sold")}, round(held / bounded, 4)
FROM judged
ON CONFLICT (company_id, product_id, week_start, model_type, days_ahead)
DO UPDATE SET forecasts = excluded.forecasts, wape = excluded.wape, rmsse = excluded.rmsse,
    pinball = excluded.pinball, msis = excluded.msis, bias = excluded.bias, coverage = excluded.coverage,
    updated_at = now()
WHERE (a.forecasts, a.wape, a.rmsse, a.pinball, a.msis, a.bias, a.coverage)
   IS DISTINCT FROM (excluded.forecasts, excluded.wape, excluded.rmsse, excluded.pinball, excluded.msis,
                     excluded.bias, excluded.coverage)
"""

THIN_WEEKS = "DELETE FROM forecast_accuracy WHERE week_start < %s"

WEEKS_JUDGED = """
SELECT a.week_start, a.forecasts, a.wape, a.coverage,
       CASE WHEN a.week_start = %(newest)s THEN (
           SELECT min(confidence_level) FROM forecasts f
           WHERE f.company_id = a.company_id AND f.product_id IS NOT NULL AND f.model_type = 'ensemble'
             AND f.forecast_type = 'DEMAND' AND f.period_type = 'DAILY'
             AND f.forecast_date BETWEEN a.week_start AND a.week_start + 6) END AS level
FROM forecast_accuracy a
WHERE a.company_id = %(company_id)s AND a.product_id IS NULL AND a.model_type = 'ensemble' AND a.days_ahead = '1-7'
  AND a.week_start BETWEEN %(oldest)s AND %(newest)s
ORDER BY a.week_start
"""


class ForecastAccuracyRepository:
    """Keeps the accuracy of weeks; the same again changes no row."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def fill(self, touched: frozenset[date], first: date, last: date) -> None:
        """Writes the weeks of `first` to `last` that are due, and removes those of more than thirteen months ago.

        `touched` are Mondays of weeks in which a score changed.
        """
        oldest = monday_of(last - timedelta(days=KEPT_DAYS))
        known = {"first": max(monday_of(first), oldest), "last": last, "touched": list(touched)}
        for row in self._connection.execute(WEEKS_DUE, known).fetchall():
            self._fill_week(row["week"])
        self._connection.execute(THIN_WEEKS, (oldest,))

    def newest_weeks(self, company_id: UUID, last: date) -> list[WeekJudged]:
        """The complete week that ended by `last`, the last of them, and those known of the eight before it."""
        newest = monday_of(last + timedelta(days=1)) - WEEK
        oldest = newest - WEEKS_COMPARED * WEEK
        known: dict[str, Any] = {"company_id": company_id, "newest": newest, "oldest": oldest}
        found = [WeekJudged(**row) for row in self._connection.execute(WEEKS_JUDGED, known)]
        return found if found and found[-1].week_start == newest else []

    def _fill_week(self, week: date) -> None:
        known = {"week": week, "models": MODELS, "all": ALL_DISTANCES, "worst": WORST}
        self._connection.execute(FILL_WEEK, known)


def monday_of(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())
