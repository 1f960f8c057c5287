"""What the demo shows of the time ahead of all SKUs together: sums of units, and weeks of revenue."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from psycopg.rows import class_row
from rich.console import Console
from rich.table import Table

from shared.persistence.database import Connection

AHEAD = """
SELECT 'units, next ' || days || ' days' AS what, predicted_value AS expected, p025 AS low, p975 AS high, days AS place
FROM cumulative_forecasts WHERE product_id IS NULL AND forecast_origin = %(origin)s
UNION ALL
SELECT 'revenue (GBP), week from ' || forecast_date, predicted_value, lower_bound, upper_bound,
       1000 + (forecast_date - forecast_origin)
FROM forecasts WHERE product_id IS NULL AND forecast_origin = %(origin)s
    AND (forecast_type, period_type) = ('REVENUE', 'WEEKLY')
ORDER BY place
"""


@dataclass(frozen=True, slots=True)
class Ahead:
    """An amount of the company with the interval of 95 %."""

    what: str
    expected: Decimal
    low: Decimal
    high: Decimal
    place: int


def read_ahead(connection: Connection, origin: date) -> list[Ahead]:
    """Sums of units by length, then weeks of revenue."""
    with connection.cursor(row_factory=class_row(Ahead)) as cursor:
        return cursor.execute(AHEAD, {"origin": origin}).fetchall()


def print_ahead(console: Console, rows: list[Ahead], learnt: object) -> None:
    """Print the amounts, and why the models had to learn; None where they went on from before."""
    table = Table(
        "", "expected", "95 % interval", title="All SKUs together: sums of their forecasts"
    )
    for row in rows:
        table.add_row(row.what, f"{row.expected:,.0f}", f"{row.low:,.0f} to {row.high:,.0f}")
    console.print(table)
    console.print(
        f"The models learnt from all sales again, because: {learnt}."
        if learnt
        else "The models went on from what they had learnt; they learn again once a week."
    )
