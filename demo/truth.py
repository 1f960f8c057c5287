"""What the orders come to, counted straight from the file that is shipped.

Shares no code with the sandbox, the connector or the tables: it is what they are held against.
"""

import csv
import gzip
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Totals:
    """Orders placed, units and revenue net of refunds."""

    orders: int
    units: int
    revenue: Decimal


def count_orders() -> Totals:
    """Counts the lines of the shipped CSV."""
    invoices, units, revenue = set(), 0, Decimal(0)
    source = files("sandbox") / "data" / "online_retail.csv.gz"
    text = gzip.decompress(source.read_bytes()).decode()
    for row in csv.DictReader(text.splitlines()):
        units += int(row["Quantity"])
        revenue += int(row["Quantity"]) * Decimal(row["UnitPrice"])
        if not row["RefundOf"]:
            invoices.add(row["InvoiceNo"])
    return Totals(len(invoices), units, revenue)
