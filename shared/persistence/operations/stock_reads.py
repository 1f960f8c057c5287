"""What an owner asks of stock and of figures. The transaction is bound to the tenant."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from psycopg.rows import class_row

from shared.persistence.database import Connection

# Demand a day is the mean of the newest forecast's days; what is to come of stock is not known, so it is not counted.
STOCK = """
WITH held AS (
    SELECT product_id, sum(greatest(quantity_available, 0))::int AS units FROM inventory GROUP BY 1),
newest AS (
    SELECT product_id, max(forecast_origin) AS origin FROM forecasts
    WHERE forecast_type = 'DEMAND' AND period_type = 'DAILY' AND model_type = 'ensemble' GROUP BY 1),
demand AS (
    SELECT f.product_id, avg(f.predicted_value) AS a_day FROM forecasts f JOIN newest n
        ON n.product_id = f.product_id AND n.origin = f.forecast_origin
    WHERE f.forecast_type = 'DEMAND' AND f.period_type = 'DAILY' AND f.model_type = 'ensemble' GROUP BY 1),
sold AS (
    SELECT product_id, max(sale_date) AS last_day FROM sales WHERE line_kind = 'SALE' AND quantity > 0 GROUP BY 1)
SELECT p.sku, p.name, coalesce(h.units, 0) AS units, d.a_day, p.lead_time_days, p.unit_cost, s.last_day AS last_sold_on
FROM products p LEFT JOIN held h ON h.product_id = p.id LEFT JOIN demand d ON d.product_id = p.id
LEFT JOIN sold s ON s.product_id = p.id
WHERE p.is_active ORDER BY p.sku
"""
CAPITAL = """
SELECT DISTINCT ON (period_type) to_jsonb(m) - 'id' - 'company_id' - 'created_at' - 'updated_at' AS row
FROM working_capital_metrics m WHERE period_date <= %s ORDER BY period_type, period_date DESC
"""


@dataclass(frozen=True, slots=True)
class StockedProduct:
    """A product: units that can be sold now, expected demand a day, and when it sold last."""

    sku: str
    name: str
    units: int
    a_day: Decimal | None
    lead_time_days: int | None
    unit_cost: Decimal | None
    last_sold_on: date | None


def read_stocked_products(connection: Connection) -> list[StockedProduct]:
    """Every active product."""
    with connection.cursor(row_factory=class_row(StockedProduct)) as cursor:
        return cursor.execute(STOCK).fetchall()


def read_capital(connection: Connection, until: date) -> list[dict[str, Any]]:
    """The newest day, week and month of working capital that begin by `until`, all columns and the reasons."""
    return [row["row"] for row in connection.execute(CAPITAL, (until,)).fetchall()]
