"""How good forecasts were, week by week. The transaction is bound to the tenant."""

from typing import Any

from shared.persistence.database import Connection

WEEKS = """
SELECT a.week_start, a.model_type AS model, a.days_ahead, a.forecasts, a.wape, a.rmsse, a.pinball, a.msis, a.bias,
       a.coverage
FROM forecast_accuracy a LEFT JOIN products p ON p.id = a.product_id
WHERE a.week_start > (SELECT max(week_start) FROM forecast_accuracy) - 7 * %(weeks)s
  AND CASE WHEN %(sku)s::text IS NULL THEN a.product_id IS NULL ELSE p.sku = %(sku)s END
  AND (%(ahead)s::text IS NULL OR a.days_ahead = %(ahead)s)
ORDER BY a.week_start DESC, a.model_type, a.days_ahead
"""


def read_weekly_accuracy(
    connection: Connection, sku: str | None, weeks: int, ahead: str | None
) -> list[dict[str, Any]]:
    """The last `weeks` weeks that there are, the newest first, by model and distance: of a SKU, or of all together.

    None of `ahead` takes every distance.
    """
    known = {"sku": sku, "weeks": weeks, "ahead": ahead}
    return [dict(row) for row in connection.execute(WEEKS, known).fetchall()]
