"""Forecasts as an owner reads them: the newest of each SKU. The transaction is bound to the tenant."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from psycopg.rows import class_row

from shared.persistence.database import Connection

# Accuracy is of the SKU's days that are over, of the last sixty before the newest forecast.
NEWEST = """
WITH demand AS (
    SELECT * FROM forecasts WHERE forecast_type = 'DEMAND' AND period_type = 'DAILY' AND model_type = 'ensemble'),
newest AS (SELECT product_id, max(forecast_origin) AS origin FROM demand GROUP BY 1),
made AS (
    SELECT d.product_id, n.origin, max(d.created_at) AS made_at, max(d.fallback) AS fallback,
           min(d.model_type || ' ' || d.model_version) AS model
    FROM demand d JOIN newest n ON n.product_id = d.product_id AND n.origin = d.forecast_origin GROUP BY 1, 2),
scored AS (
    SELECT d.product_id, round(avg(d.accuracy_percentage), 2) AS accuracy, count(*)::int AS scored_days
    FROM demand d JOIN newest n USING (product_id)
    WHERE d.accuracy_percentage IS NOT NULL AND d.forecast_date > n.origin - 60 GROUP BY 1),
sold AS (
    SELECT product_id, max(sale_date) AS last_day FROM sales WHERE line_kind = 'SALE' AND quantity > 0 GROUP BY 1)
SELECT p.sku, p.name, m.origin, m.made_at, m.model, m.fallback, s.accuracy, coalesce(s.scored_days, 0) AS scored_days,
       r.field || ': ' || r.reason AS problem, l.last_day AS last_sold_on
FROM products p LEFT JOIN made m ON m.product_id = p.id LEFT JOIN scored s ON s.product_id = p.id
LEFT JOIN sold l ON l.product_id = p.id
LEFT JOIN rejected_records r ON r.credential_id IS NULL AND r.stream = 'forecasts' AND r.record_key = p.sku
WHERE CASE WHEN %(sku)s::text IS NULL THEN p.is_active ELSE p.sku = %(sku)s END
ORDER BY p.sku
"""
DAYS = """
SELECT p.sku, f.forecast_date AS day, f.predicted_value AS units, f.lower_bound AS lower, f.upper_bound AS upper,
       f.actual_value AS sold
FROM forecasts f JOIN products p ON p.id = f.product_id
JOIN (SELECT product_id, max(forecast_origin) AS origin FROM forecasts
      WHERE forecast_type = 'DEMAND' AND period_type = 'DAILY' AND model_type = 'ensemble' GROUP BY 1) n
    ON n.product_id = f.product_id AND n.origin = f.forecast_origin
WHERE f.forecast_type = 'DEMAND' AND f.period_type = 'DAILY' AND f.model_type = 'ensemble'
  AND f.forecast_date <= f.forecast_origin + %(days)s
  AND CASE WHEN %(sku)s::text IS NULL THEN p.is_active ELSE p.sku = %(sku)s END
ORDER BY p.sku, f.forecast_date
"""


@dataclass(frozen=True, slots=True)
class ForecastHead:
    """A SKU's newest forecast: `origin` is the last day learnt from; None of it where there is no forecast.

    `accuracy` is the mean in percent of its `scored_days`. `problem` is why it was set aside last.
    """

    sku: str
    name: str
    origin: date | None
    made_at: datetime | None
    model: str | None
    fallback: str | None
    accuracy: Decimal | None
    scored_days: int
    problem: str | None
    last_sold_on: date | None


@dataclass(frozen=True, slots=True)
class ForecastDay:
    """Units expected on a day with their bounds, and what was sold where it is known."""

    sku: str
    day: date
    units: Decimal
    lower: Decimal | None
    upper: Decimal | None
    sold: Decimal | None


def read_heads(connection: Connection, sku: str | None = None) -> list[ForecastHead]:
    """Every active product, or the one of the SKU, in order of SKU."""
    with connection.cursor(row_factory=class_row(ForecastHead)) as cursor:
        return cursor.execute(NEWEST, {"sku": sku}).fetchall()


def read_days(connection: Connection, days: int, sku: str | None = None) -> list[ForecastDay]:
    """The first `days` days of each newest forecast, in order of SKU and day."""
    with connection.cursor(row_factory=class_row(ForecastDay)) as cursor:
        return cursor.execute(DAYS, {"days": days, "sku": sku}).fetchall()
