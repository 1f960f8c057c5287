"""SKUs side by side: what they will sell, how sure that is, how near it came. The transaction is the tenant's."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from psycopg.rows import class_row

from shared.persistence.database import Connection

# Accuracy is of the last weeks that the tenant has, whichever SKU they are of: old weeks say nothing of now.
RANKED = """
WITH newest AS (
    SELECT product_id, max(forecast_origin) AS origin FROM forecasts
    WHERE product_id IS NOT NULL AND forecast_type = 'DEMAND' AND period_type = 'DAILY' AND model_type = 'ensemble'
    GROUP BY product_id
), ahead AS (
    SELECT f.product_id, n.origin, count(*)::int AS days, sum(f.predicted_value) AS units,
           CASE WHEN count(f.lower_bound) = count(*) THEN sum(f.lower_bound) END AS lower,
           CASE WHEN count(f.upper_bound) = count(*) THEN sum(f.upper_bound) END AS upper,
           min(f.confidence_level) AS level
    FROM forecasts f JOIN newest n ON n.product_id = f.product_id AND n.origin = f.forecast_origin
    WHERE f.forecast_type = 'DEMAND' AND f.period_type = 'DAILY' AND f.model_type = 'ensemble'
      AND f.forecast_date <= n.origin + %(days)s AND n.origin = (SELECT max(origin) FROM newest)
    GROUP BY f.product_id, n.origin
), judged AS (
    SELECT product_id, sum(abs(predicted_value - actual_value)) / nullif(sum(actual_value), 0) AS wape,
           count(DISTINCT date_trunc('week', forecast_date))::int AS weeks
    FROM forecasts
    WHERE product_id IS NOT NULL AND forecast_type = 'DEMAND' AND period_type = 'DAILY' AND model_type = 'ensemble'
      AND actual_value IS NOT NULL
      AND forecast_date >= (SELECT max(week_start) FROM forecast_accuracy) - 7 * (%(weeks)s - 1)
    GROUP BY product_id
)
SELECT p.sku, a.origin, a.days, a.units, a.lower, a.upper, a.level, c.predicted_value AS sum_expected,
       c.p10, c.p90, j.wape, coalesce(j.weeks, 0) AS weeks
FROM products p JOIN ahead a ON a.product_id = p.id
LEFT JOIN cumulative_forecasts c ON c.product_id = p.id AND c.forecast_origin = a.origin AND c.days = %(days)s
LEFT JOIN judged j ON j.product_id = p.id
WHERE p.is_active ORDER BY p.sku
"""


@dataclass(frozen=True, slots=True)
class RankedSku:
    """A SKU's next days: units, the sums of the days' bounds of `level`, and the spread of the sum where it is known.

    `days` may be fewer than asked. `wape` is the sum of absolute errors over the sum sold in `weeks` weeks.
    """

    sku: str
    origin: date
    days: int
    units: Decimal
    lower: Decimal | None
    upper: Decimal | None
    level: Decimal | None
    sum_expected: Decimal | None
    p10: Decimal | None
    p90: Decimal | None
    wape: Decimal | None
    weeks: int


def read_ranked(connection: Connection, days: int, weeks: int) -> list[RankedSku]:
    """Every active product that is forecast from the tenant's newest day, in order of SKU.

    One that was forecast before and is not any more, such as a SKU beyond the quota, is left out. Accuracy is of
    the last `weeks` weeks.
    """
    with connection.cursor(row_factory=class_row(RankedSku)) as cursor:
        return cursor.execute(RANKED, {"days": days, "weeks": weeks}).fetchall()
