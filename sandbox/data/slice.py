"""Cut `online_retail.csv.gz` out of the order lines of UCI Online Retail.

    python sandbox/data/slice.py ORDERS.csv.gz online_retail.csv.gz

The rules are those of the README beside this file; the same input gives the same bytes.
"""

import csv
import gzip
import io
import sys
from collections import defaultdict
from pathlib import Path

COLUMNS = ["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "Country", "RefundOf"]


def cut(source: Path, target: Path) -> None:
    """Reads the orders, keeps every fifth article, links refunds to invoices."""
    with gzip.open(source, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    kept = set(sorted({row["StockCode"] for row in rows})[::5])
    rows = [row for row in rows if row["StockCode"] in kept and float(row["UnitPrice"]) > 0]
    rows.sort(key=lambda row: row["InvoiceDate"])
    write(link_refunds(rows), target)


def link_refunds(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The sales and those refunds for which an earlier invoice is known; rows in time order."""
    bought: dict[tuple[str, str], list[list[object]]] = defaultdict(list)
    linked = []
    for row in rows:
        article = (row["CustomerID"], row["StockCode"])
        quantity = int(row["Quantity"])
        if not row["InvoiceNo"].startswith("C"):
            if quantity > 0:
                bought[article].append([row["InvoiceNo"], quantity])
                linked.append({**row, "RefundOf": ""})
            continue
        for invoice in reversed(bought[article] if row["CustomerID"] else []):
            if int(str(invoice[1])) >= -quantity:
                invoice[1] = int(str(invoice[1])) + quantity
                linked.append({**row, "RefundOf": str(invoice[0])})
                break
    return linked


def write(rows: list[dict[str, str]], target: Path) -> None:
    """Writes the columns that are shipped; without a time stamp, so that the bytes repeat."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    target.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


if __name__ == "__main__":
    cut(Path(sys.argv[1]), Path(sys.argv[2]))
