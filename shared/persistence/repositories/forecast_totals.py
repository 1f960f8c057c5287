"""What was forecast of sums: of days ahead of a SKU or the company, and of the SKUs of a category."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from shared.domain.accuracy import NO_UNIT
from shared.domain.series import Forecast, SumAhead
from shared.persistence.database import Connection
from shared.persistence.repositories.forecasts import stored_amount

UPSERT_SUMS = """
INSERT INTO cumulative_forecasts AS f (company_id, product_id, forecast_origin, model_version, days, predicted_value,
                                       p025, p10, p25, p50, p75, p90, p95, p975, p99)
SELECT %s, %s, %s, %s, * FROM unnest(%s::int[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[],
    %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[])
ON CONFLICT (company_id, product_id, forecast_origin, days) DO UPDATE SET
    model_version = excluded.model_version, predicted_value = excluded.predicted_value, p025 = excluded.p025,
    p10 = excluded.p10, p25 = excluded.p25, p50 = excluded.p50, p75 = excluded.p75, p90 = excluded.p90,
    p95 = excluded.p95, p975 = excluded.p975, p99 = excluded.p99, actual_value = NULL, updated_at = now()
WHERE (f.model_version, f.predicted_value, f.p025, f.p10, f.p25, f.p50, f.p75, f.p90, f.p95, f.p975, f.p99)
   IS DISTINCT FROM (excluded.model_version, excluded.predicted_value, excluded.p025, excluded.p10, excluded.p25,
                     excluded.p50, excluded.p75, excluded.p90, excluded.p95, excluded.p975, excluded.p99)
"""

UPSERT_CATEGORY = """
INSERT INTO category_forecasts AS f (company_id, category, forecast_origin, forecast_type, period_type,
                                     model_version, confidence_level,
                                     forecast_date, predicted_value, lower_bound, upper_bound)
SELECT %s, %s, %s, %s, %s, %s, %s, *
FROM unnest(%s::date[], %s::numeric[], %s::numeric[], %s::numeric[])
ON CONFLICT (company_id, category, forecast_type, period_type, forecast_origin, forecast_date)
DO UPDATE SET model_version = excluded.model_version, confidence_level = excluded.confidence_level,
    predicted_value = excluded.predicted_value, lower_bound = excluded.lower_bound,
    upper_bound = excluded.upper_bound, actual_value = NULL, accuracy_percentage = NULL, updated_at = now()
WHERE (f.model_version, f.confidence_level, f.predicted_value, f.lower_bound, f.upper_bound)
   IS DISTINCT FROM (excluded.model_version, excluded.confidence_level, excluded.predicted_value,
                     excluded.lower_bound, excluded.upper_bound)
"""

# What was wanted on the days summed; the rule is that of SCORE_DEMAND.
SCORE_SUMS_AHEAD = """
WITH spans AS MATERIALIZED (
    SELECT id, product_id, forecast_origin AS origin, forecast_origin + days AS last_day FROM cumulative_forecasts
    WHERE product_id IS NOT NULL AND forecast_origin + days BETWEEN %(first)s AND %(last)s
), lines AS MATERIALIZED (
    SELECT product_id, sale_date AS day, sum(greatest(quantity, 0)) AS units FROM sales
    WHERE line_kind = 'SALE' AND product_id IS NOT NULL AND sale_date <= %(last)s
      AND sale_date > (SELECT min(origin) FROM spans)
    GROUP BY product_id, sale_date
), actuals AS (
    SELECT s.id, coalesce(sum(l.units), 0)::numeric AS units
    FROM spans s LEFT JOIN lines l ON l.product_id = s.product_id AND l.day > s.origin AND l.day <= s.last_day
    GROUP BY s.id
)
UPDATE cumulative_forecasts f SET actual_value = a.units, updated_at = now()
FROM actuals a WHERE f.id = a.id AND f.actual_value IS DISTINCT FROM a.units
"""

# The company's sums were made of the SKUs forecast from the same origin.
SCORE_COMPANY_AHEAD = """
WITH totals AS (
    SELECT company_id, forecast_origin, days, sum(actual_value) AS units FROM cumulative_forecasts
    WHERE product_id IS NOT NULL AND forecast_origin + days BETWEEN %(first)s AND %(last)s
    GROUP BY company_id, forecast_origin, days HAVING bool_and(actual_value IS NOT NULL)
)
UPDATE cumulative_forecasts f SET actual_value = t.units, updated_at = now()
FROM totals t
WHERE f.product_id IS NULL AND (f.company_id, f.forecast_origin, f.days) = (t.company_id, t.forecast_origin, t.days)
  AND f.actual_value IS DISTINCT FROM t.units
"""

# A SKU counts where it is now: a category that it left since is scored without it.
SCORE_CATEGORIES = """
WITH totals AS (
    SELECT f.company_id, p.category, f.forecast_type, f.period_type, f.forecast_origin, f.forecast_date,
           sum(f.actual_value) AS amount
    FROM forecasts f JOIN products p ON p.id = f.product_id
    WHERE p.category IS NOT NULL AND f.model_type = 'ensemble' AND f.forecast_date BETWEEN %(first)s AND %(last)s
    GROUP BY f.company_id, p.category, f.forecast_type, f.period_type, f.forecast_origin, f.forecast_date
    HAVING bool_and(f.actual_value IS NOT NULL)
)
UPDATE category_forecasts f SET actual_value = t.amount, updated_at = now(), accuracy_percentage = CASE
    WHEN t.amount > 0 THEN greatest(0, round(100 - 100 * abs(f.predicted_value - t.amount) / t.amount, 2))
    WHEN f.predicted_value < %(no_unit)s THEN 100 ELSE 0 END
FROM totals t
WHERE (f.company_id, f.category, f.forecast_type, f.period_type, f.forecast_origin, f.forecast_date)
    = (t.company_id, t.category, t.forecast_type, t.period_type, t.forecast_origin, t.forecast_date)
  AND f.actual_value IS DISTINCT FROM t.amount
"""


class ForecastTotalRepository:
    """Writes sums by origin; the same again changes no row."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def upsert_sums(
        self,
        company_id: UUID,
        product_id: UUID | None,
        origin: date,
        version: str,
        sums: Sequence[SumAhead],
    ) -> None:
        """Writes sums of a SKU or of the company; raises `SkipRecord` for a figure beyond the table."""
        quantiles = [[stored_amount(value) for value in each.quantiles] for each in sums]
        if sums:
            self._connection.execute(
                UPSERT_SUMS,
                (
                    company_id,
                    product_id,
                    origin,
                    version,
                    [each.days for each in sums],
                    [stored_amount(each.expected) for each in sums],
                    *([row[at] for row in quantiles] for at in range(len(quantiles[0]))),
                ),
            )

    def upsert_category(
        self, company_id: UUID, category: str, origin: date, forecasts: Sequence[Forecast]
    ) -> None:
        """Writes each type and period of a category; raises `SkipRecord` as `upsert_sums`."""
        for each in forecasts:
            self._connection.execute(
                UPSERT_CATEGORY,
                (
                    company_id,
                    category,
                    origin,
                    each.forecast_type,
                    each.period_type,
                    each.model_version,
                    None if each.level is None else Decimal(str(each.level)),
                    [point.day for point in each.points],
                    [stored_amount(point.predicted) for point in each.points],
                    [stored_amount(point.lower) for point in each.points],
                    [stored_amount(point.upper) for point in each.points],
                ),
            )

    def score(self, first: date, last: date) -> None:
        """Fills what became of sums that end from `first` to `last`; the scores of SKUs come before."""
        known = {"first": first, "last": last, "no_unit": NO_UNIT}
        for statement in (SCORE_SUMS_AHEAD, SCORE_COMPANY_AHEAD, SCORE_CATEGORIES):
            self._connection.execute(statement, known)
