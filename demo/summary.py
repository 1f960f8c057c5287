"""What the demo ends with: tables of what was pulled, forecast and rolled up."""

from decimal import Decimal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from demo.figures import CapitalRow, SalesTotals, SkuOutlook, UsageRow
from demo.truth import Totals
from shared.domain.job import Job

SHOWN_SKUS = 8


def print_totals(console: Console, tables: SalesTotals, counted: Totals) -> bool:
    """Prints the tenant's totals beside those counted from the file; returns whether they agree."""
    table = Table(
        "", "in the tenant's tables", "counted from the CSV by other code", "", title="Sales"
    )
    rows = (
        ("orders", tables.orders, counted.orders, ","),
        ("units, net of refunds", tables.units, counted.units, ","),
        ("revenue, net of refunds (GBP)", tables.revenue, counted.revenue, ",.2f"),
    )
    for name, found, true, form in rows:
        sign = Text("equal", "green") if found == true else Text("DIFFERENT", "red")
        table.add_row(name, format(found, form), format(true, form), sign)
    console.print(table)
    agree = all(found == true for _, found, true, _ in rows)
    verdict = (
        "equal the count made from the CSV" if agree else "DIFFER from the count made from the CSV"
    )
    console.print(
        f"Sales from {tables.first_day} to {tables.last_day}: orders, units and revenue {verdict}."
    )
    return agree


def print_changes(console: Console, jobs: dict[str, Job]) -> None:
    """Prints what this run has changed; a second run changes nothing."""
    pulls = [jobs[name].result or {} for name in ("sales.pull", "sales.backfill") if name in jobs]

    def total(field: str) -> int:
        return sum(int(str(pull.get(field, 0))) for pull in pulls)

    console.print(
        f"Changed in this run: {total('products_changed')} products, "
        f"{total('lines_changed')} sales lines; {total('rejected')} records set aside."
    )
    if "forecasts.generate" in jobs:
        forecasts = jobs["forecasts.generate"].result or {}
        console.print(
            f"Followed by {forecasts.get('forecasts_changed')} forecasts changed "
            f"({forecasts.get('skus')} SKUs, {forecasts.get('fallbacks')} by a fallback)."
        )
    if "working_capital.roll_up" in jobs:
        capital = jobs["working_capital.roll_up"].result or {}
        console.print(f"Followed by {capital.get('rows_changed')} working capital rows changed.")


def print_outlook(console: Console, outlook: list[SkuOutlook], days: int) -> None:
    """Prints the SKUs that will sell most."""
    table = Table(
        "SKU",
        f"sold, last {days} days",
        f"expected, next {days} days",
        "busiest day expected (95 % interval)",
        title=f"Demand by the ensemble: the first {SHOWN_SKUS} of {len(outlook)} SKUs",
    )
    for row in outlook[:SHOWN_SKUS]:
        bounds = (
            f"{row.busiest_day:%a %d %b} ({row.busiest_lower:,.0f} to {row.busiest_upper:,.0f})"
        )
        table.add_row(row.sku, f"{row.sold:,.0f}", f"{row.predicted:,.0f}", bounds)
    console.print(table)


def print_capital(console: Console, rows: list[CapitalRow]) -> None:
    """Prints the newest day, week and month."""
    table = Table(
        title="Working capital (GBP), from made-up balances and the pulled stock and sales"
    )
    table.add_column("")
    for row in rows:
        table.add_column(f"{row.period_type.lower()}\n{row.period_date}", justify="right")
    for title, name in (
        ("cash", "cash"),
        ("accounts receivable", "accounts_receivable"),
        ("inventory at cost", "inventory"),
        ("accounts payable", "accounts_payable"),
        ("working capital", "working_capital"),
        ("current ratio", "current_ratio"),
        ("days sales outstanding", "days_sales_outstanding"),
        ("days inventory outstanding", "days_inventory_outstanding"),
        ("days payables outstanding", "days_payables_outstanding"),
        ("cash conversion cycle, days", "cash_conversion_cycle"),
    ):
        table.add_row(title, *(_figure(getattr(row, name)) for row in rows))
    console.print(table)


def print_usage(console: Console, usage: UsageRow) -> None:
    """Prints the tenant's meters of the period."""
    console.print(
        f"Usage this period: {usage.total_entities_count} SKUs, {usage.storage_used_mb} MB, "
        f"{usage.integrations_synced} syncs, {usage.forecasts_generated} forecasts."
    )


def _figure(value: Decimal | None) -> str:
    return "unknown" if value is None else f"{value:,.2f}"
