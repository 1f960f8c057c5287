"""How good forecasts were, week by week. The transaction is bound to the tenant."""

from typing import Any

from sqlalchemy import Date, cast, func, literal, select

from shared.persistence.compiled import compiled
from shared.persistence.database import Connection
from shared.persistence.tables.tenant.forecasts_ahead import forecast_accuracy
from shared.persistence.tables.tenant.products import products

WEEK = forecast_accuracy.c
MEASURES = (
    WEEK.forecasts,
    WEEK.wape,
    WEEK.rmsse,
    WEEK.pinball,
    WEEK.msis,
    WEEK.bias,
    WEEK.coverage,
)


def read_weekly_accuracy(
    connection: Connection, sku: str | None, weeks: int, ahead: str | None
) -> list[dict[str, Any]]:
    """The last `weeks` weeks that there are, the newest first, by model and distance: of a SKU, or of all together.

    None of `ahead` takes every distance.
    """
    newest = select(func.max(WEEK.week_start)).scalar_subquery()
    oldest = cast(newest, Date) - literal(7 * weeks)
    chosen = (
        select(WEEK.week_start, WEEK.model_type.label("model"), WEEK.days_ahead, *MEASURES)
        .where(WEEK.week_start > oldest)
        .order_by(WEEK.week_start.desc(), WEEK.model_type, WEEK.days_ahead)
    )
    if sku is None:
        chosen = chosen.where(WEEK.product_id.is_(None))
    else:
        chosen = chosen.join(products, products.c.id == WEEK.product_id).where(
            products.c.sku == sku
        )
    if ahead is not None:
        chosen = chosen.where(WEEK.days_ahead == ahead)
    return [dict(row) for row in connection.execute(*compiled(chosen)).fetchall()]
