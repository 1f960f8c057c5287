"""What models said of each SKU."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from shared.domain.accuracy import NO_UNIT, NOTHING_SCORED, ScoreResult
from shared.domain.money import LARGEST, round_money
from shared.domain.series import Forecast
from shared.errors import SkipRecord
from shared.persistence.apart import write_apart
from shared.persistence.database import Connection

# A forecast that changes is not scored any more: the next scoring scores it again.
UPSERT = """
INSERT INTO forecasts AS f (company_id, product_id, forecast_origin, forecast_type, period_type, model_type,
                            model_version, confidence_level, fallback,
                            forecast_date, predicted_value, lower_bound, upper_bound)
SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, *
FROM unnest(%s::date[], %s::numeric[], %s::numeric[], %s::numeric[])
ON CONFLICT (company_id, product_id, forecast_type, period_type, model_type, forecast_origin, forecast_date)
DO UPDATE SET model_version = excluded.model_version, confidence_level = excluded.confidence_level,
    fallback = excluded.fallback, predicted_value = excluded.predicted_value,
    lower_bound = excluded.lower_bound, upper_bound = excluded.upper_bound,
    actual_value = NULL, accuracy_percentage = NULL, updated_at = now()
WHERE (f.model_version, f.confidence_level, f.fallback, f.predicted_value, f.lower_bound, f.upper_bound)
   IS DISTINCT FROM (excluded.model_version, excluded.confidence_level, excluded.fallback,
                     excluded.predicted_value, excluded.lower_bound, excluded.upper_bound)
"""

# What was wanted on each day since the first sale, zero-filled: as `SaleRepository.demand_series` has it.
# The rule is `shared.domain.accuracy.accuracy_percent`.
SCORE_DEMAND = """
WITH wanted AS (
    SELECT product_id, sale_date AS day, greatest(quantity, 0) AS units FROM sales
    WHERE line_kind = 'SALE' AND product_id IS NOT NULL AND sale_date BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT p.id, %(last)s::date - n, 0 FROM products p
    CROSS JOIN LATERAL (
        SELECT sale_date AS first_day FROM sales WHERE product_id = p.id AND line_kind = 'SALE'
        ORDER BY sale_date LIMIT 1
    ) f
    CROSS JOIN LATERAL generate_series(0, %(last)s::date - greatest(f.first_day, %(first)s::date)) AS n
), actuals AS MATERIALIZED (
    SELECT product_id, day, sum(units) AS units FROM wanted GROUP BY product_id, day
), scored AS (
    UPDATE forecasts f SET actual_value = a.units, updated_at = now(), accuracy_percentage = CASE
        WHEN a.units > 0 THEN greatest(0, round(100 - 100 * abs(f.predicted_value - a.units) / a.units, 2))
        WHEN f.predicted_value < %(no_unit)s THEN 100 ELSE 0 END
    FROM actuals a
    WHERE f.product_id = a.product_id AND f.forecast_date = a.day
      AND f.forecast_type = 'DEMAND' AND f.period_type = 'DAILY'
      AND f.forecast_date >= %(first)s AND f.actual_value IS DISTINCT FROM a.units
    RETURNING f.forecast_date, f.accuracy_percentage
)
SELECT count(DISTINCT forecast_date) AS days, count(*) AS forecasts,
       round(avg(accuracy_percentage), 2)::float8 AS accuracy,
       array_agg(DISTINCT forecast_date - extract(isodow FROM forecast_date)::int + 1) AS weeks
FROM scored
"""


# The same for weeks, months and revenue of SKUs whose last day is known. Revenue with a line in
# foreign money stays unknown.
SCORE_SUMS = """
WITH lines AS MATERIALIZED (
    SELECT s.product_id, s.sale_date AS day, sum(greatest(s.quantity, 0)) AS units,
           sum(s.total_amount) AS revenue, bool_or(s.currency <> c.primary_currency) AS is_foreign
    FROM sales s JOIN companies c ON c.id = s.company_id
    WHERE s.line_kind = 'SALE' AND s.product_id IS NOT NULL AND s.sale_date BETWEEN %(first)s AND %(last)s
    GROUP BY s.product_id, s.sale_date
), spans AS (
    SELECT DISTINCT product_id, period_type, forecast_date, CASE period_type
        WHEN 'DAILY' THEN forecast_date WHEN 'WEEKLY' THEN forecast_date + 6
        ELSE (forecast_date + interval '1 month')::date - 1 END AS last_day
    FROM forecasts
    WHERE product_id IS NOT NULL AND model_type = 'ensemble' AND forecast_date BETWEEN %(first)s AND %(last)s
      AND (forecast_type, period_type) <> ('DEMAND', 'DAILY')
), actuals AS MATERIALIZED (
    SELECT p.product_id, p.period_type, p.forecast_date, coalesce(sum(l.units), 0)::numeric AS units,
           CASE WHEN NOT coalesce(bool_or(l.is_foreign), false) THEN coalesce(sum(l.revenue), 0) END AS revenue
    FROM spans p LEFT JOIN lines l ON l.product_id = p.product_id AND l.day BETWEEN p.forecast_date AND p.last_day
    WHERE p.last_day <= %(last)s
    GROUP BY p.product_id, p.period_type, p.forecast_date
)
UPDATE forecasts f SET actual_value = a.amount, updated_at = now(), accuracy_percentage = CASE
    WHEN a.amount > 0 THEN greatest(0, round(100 - 100 * abs(f.predicted_value - a.amount) / a.amount, 2))
    WHEN f.predicted_value < %(no_unit)s THEN 100 ELSE 0 END
FROM (SELECT product_id, period_type, forecast_date, 'DEMAND'::public.forecast_type AS forecast_type, units AS amount
      FROM actuals
      UNION ALL SELECT product_id, period_type, forecast_date, 'REVENUE', revenue FROM actuals) a
WHERE f.product_id = a.product_id AND f.period_type = a.period_type AND f.forecast_date = a.forecast_date
  AND f.forecast_type = a.forecast_type AND f.model_type = 'ensemble' AND a.amount IS NOT NULL
  AND (f.forecast_type, f.period_type) <> ('DEMAND', 'DAILY') AND f.actual_value IS DISTINCT FROM a.amount
"""

# The company's total was made of the SKUs forecast from the same origin: so is what became of it.
SCORE_COMPANY = """
WITH totals AS (
    SELECT company_id, forecast_type, period_type, forecast_origin, forecast_date, sum(actual_value) AS amount
    FROM forecasts
    WHERE product_id IS NOT NULL AND model_type = 'ensemble' AND forecast_date BETWEEN %(first)s AND %(last)s
    GROUP BY company_id, forecast_type, period_type, forecast_origin, forecast_date
    HAVING bool_and(actual_value IS NOT NULL)
)
UPDATE forecasts f SET actual_value = t.amount, updated_at = now(), accuracy_percentage = CASE
    WHEN t.amount > 0 THEN greatest(0, round(100 - 100 * abs(f.predicted_value - t.amount) / t.amount, 2))
    WHEN f.predicted_value < %(no_unit)s THEN 100 ELSE 0 END
FROM totals t
WHERE f.product_id IS NULL AND f.model_type = 'ensemble' AND f.company_id = t.company_id
  AND (f.forecast_type, f.period_type, f.forecast_origin, f.forecast_date)
    = (t.forecast_type, t.period_type, t.forecast_origin, t.forecast_date)
  AND f.actual_value IS DISTINCT FROM t.amount
"""

# Every origin of two months, then one a week; after thirteen months none (D-128).
OLD = """
forecast_origin < %(origin)s::date - 60
AND (forecast_origin < %(origin)s::date - 396 OR extract(isodow FROM forecast_origin) <> 7)
"""
THIN = f"DELETE FROM forecasts WHERE {OLD}"
THIN_TOTALS = (
    f"DELETE FROM cumulative_forecasts WHERE {OLD}",
    f"DELETE FROM category_forecasts WHERE {OLD}",
)


class ForecastRepository:
    """Writes forecasts by SKU, model, origin and day, and how near they came; the same again changes no row."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def upsert(
        self, company_id: UUID, product_id: UUID | None, origin: date, forecasts: Sequence[Forecast]
    ) -> int:
        """Writes forecasts of a SKU or of the company; returns how many of them are new or changed.

        Raises `SkipRecord`, with nothing written, where a figure is beyond what a table holds.
        """

        def write(_all: Sequence[Sequence[Forecast]]) -> int:
            return sum(self._upsert(company_id, product_id, origin, each) for each in forecasts)

        written = write_apart(self._connection, [forecasts], write)
        for _, error in written.refused:
            raise error
        return written.changed

    def thin(self, origin: date) -> int:
        """Removes what was forecast long before `origin`, sums too; returns how many forecasts."""
        for statement in THIN_TOTALS:
            self._connection.execute(statement, {"origin": origin})
        return self._connection.execute(THIN, {"origin": origin}).rowcount

    def score_demand(self, first: date, last: date) -> tuple[ScoreResult, frozenset[date]]:
        """Fills actual and accuracy of those days where it lacks or late data changed it.

        Weeks, months, revenue and the company are scored with them; the result counts daily demand.
        With it come the Mondays of the weeks that changed.
        """
        known = {"first": first, "last": last, "no_unit": NO_UNIT}
        row = self._connection.execute(SCORE_DEMAND, known).fetchone()
        self._connection.execute(SCORE_SUMS, known)
        self._connection.execute(SCORE_COMPANY, known)
        if row is None:
            return NOTHING_SCORED, frozenset()
        result = ScoreResult(row["days"], row["forecasts"], row["accuracy"])
        return result, frozenset(row["weeks"] or ())

    def _upsert(
        self, company_id: UUID, product_id: UUID | None, origin: date, forecast: Forecast
    ) -> bool:
        changed = self._connection.execute(
            UPSERT,
            (
                company_id,
                product_id,
                origin,
                forecast.forecast_type,
                forecast.period_type,
                forecast.model_type,
                forecast.model_version,
                None if forecast.level is None else Decimal(str(forecast.level)),
                forecast.fallback[:255] if forecast.fallback else None,
                [point.day for point in forecast.points],
                [stored_amount(point.predicted) for point in forecast.points],
                [stored_amount(point.lower) for point in forecast.points],
                [stored_amount(point.upper) for point in forecast.points],
            ),
        ).rowcount
        return changed > 0


def stored_amount(value: float | None) -> Decimal | None:
    """At two places; raises `SkipRecord` for what is no number that the table holds."""
    if value is None:
        return None
    amount = Decimal(repr(float(value)))
    if not amount.is_finite() or abs(amount) > LARGEST:
        raise SkipRecord(f"predicted_value: {value:.6g} is no number of units")
    return round_money(amount)
