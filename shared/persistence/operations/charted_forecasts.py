"""All that a chart of one SKU's forecast shows. The transaction is bound to the tenant."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from shared.persistence.database import Connection
from shared.persistence.repositories.sales import SaleRepository

NEWEST = """
SELECT p.id, p.name, max(f.forecast_origin) AS origin FROM products p JOIN forecasts f ON f.product_id = p.id
WHERE p.sku = %s AND f.forecast_type = 'DEMAND' AND f.period_type = 'DAILY' AND f.model_type = 'ensemble'
GROUP BY p.id, p.name
"""
AHEAD = """
SELECT model_type AS model, forecast_date AS day, predicted_value AS units, lower_bound AS lower, upper_bound AS upper
FROM forecasts
WHERE product_id = %(product_id)s AND forecast_origin = %(origin)s AND forecast_type = 'DEMAND'
  AND period_type = 'DAILY' AND forecast_date <= %(origin)s::date + %(days)s
ORDER BY model_type = 'ensemble' DESC, model_type, forecast_date
"""
# Of each day that is over what was said of it last, before it began.
PAST = """
SELECT DISTINCT ON (forecast_date) 'past' AS model, forecast_date AS day, predicted_value AS units,
       lower_bound AS lower, upper_bound AS upper
FROM forecasts
WHERE product_id = %(product_id)s AND model_type = 'ensemble' AND forecast_type = 'DEMAND' AND period_type = 'DAILY'
  AND forecast_date BETWEEN %(first)s AND %(origin)s
ORDER BY forecast_date, forecast_origin DESC
"""
EVENTS = """
SELECT kind, first_day, last_day, discount, price, note, product_id IS NULL AS is_companys FROM planned_events
WHERE (product_id = %(product_id)s OR product_id IS NULL)
  AND first_day <= %(origin)s::date + %(days)s AND coalesce(last_day, 'infinity') >= %(first)s
ORDER BY first_day, kind, product_id NULLS LAST
"""
SUMS = """
SELECT days, predicted_value AS expected, p10, p50, p90, p95 FROM cumulative_forecasts
WHERE product_id = %(product_id)s AND forecast_origin = %(origin)s ORDER BY days
"""


@dataclass(frozen=True, slots=True)
class PastDay:
    """Units wanted on a day that is over; None where the SKU was out of stock."""

    day: date
    units: Decimal | None


@dataclass(frozen=True, slots=True)
class SaidDay:
    """What a model said of a day; members have no bounds."""

    model: str
    day: date
    units: Decimal
    lower: Decimal | None
    upper: Decimal | None


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """What is planned for the SKU, or for all that the company sells."""

    kind: str
    first_day: date
    last_day: date | None
    discount: Decimal | None
    price: Decimal | None
    note: str | None
    is_companys: bool


@dataclass(frozen=True, slots=True)
class SumOfDays:
    """Units of the first `days` days together, and what suffices with 10, 50, 90, 95 %."""

    days: int
    expected: Decimal
    p10: Decimal
    p50: Decimal
    p90: Decimal
    p95: Decimal


@dataclass(frozen=True, slots=True)
class Charted:
    """One SKU: days that are over, what was said of them, days ahead by model (ensemble first), plans, sums."""

    sku: str
    name: str
    origin: date
    history: tuple[PastDay, ...]
    past: tuple[SaidDay, ...]
    ahead: tuple[SaidDay, ...]
    events: tuple[PlannedEvent, ...]
    sums: tuple[SumOfDays, ...]

    def of_model(self, model: str) -> tuple[SaidDay, ...]:
        """The days ahead as one model sees them; empty where it says nothing."""
        return tuple(each for each in self.ahead if each.model == model)


def read_charted(connection: Connection, sku: str, days: int, past_days: int) -> Charted | None:
    """The newest forecast of a SKU up to `days` ahead, with so many days before it; None without a forecast."""
    row = connection.execute(NEWEST, (sku,)).fetchone()
    if row is None:
        return None
    origin: date = row["origin"]
    first = origin - timedelta(days=past_days - 1)
    known = {"product_id": row["id"], "origin": origin, "first": first, "days": days}
    return Charted(
        sku,
        row["name"],
        origin,
        _history(connection, row["id"], sku, first, origin),
        tuple(_rows(connection, SaidDay, PAST, known)),
        tuple(_rows(connection, SaidDay, AHEAD, known)),
        tuple(_rows(connection, PlannedEvent, EVENTS, known)),
        tuple(_rows(connection, SumOfDays, SUMS, known)),
    )


def _history(
    connection: Connection, product_id: UUID, sku: str, first: date, origin: date
) -> tuple[PastDay, ...]:
    """As models see it: days before the first sale are left out."""
    series = SaleRepository(connection).demand_series(product_id, sku, origin)
    if series is None:
        return ()
    days = [(series.start + timedelta(days=n), value) for n, value in enumerate(series.values)]
    return tuple(
        PastDay(day, None if math.isnan(value) else Decimal(str(value)))
        for day, value in days
        if day >= first
    )


def _rows(connection: Connection, kind: type[Any], query: Any, known: dict[str, Any]) -> list[Any]:
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(query, known).fetchall()
