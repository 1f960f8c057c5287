"""`capliquify forecast accuracy`: how good forecasts were, week by week."""

from decimal import Decimal
from typing import Annotated, Any

import typer

from shared.domain.accuracy import ALL_DISTANCES, DISTANCES, FARTHEST
from shared.errors import InvalidInput
from shared.persistence.operations.shown_forecasts import read_heads
from shared.persistence.operations.weekly_accuracy import read_weekly_accuracy
from workers.cli.console import echo_json, make_console
from workers.cli.tenant_scope import read_tenant
from workers.cli.terminal_tables import Column, print_table

console = make_console()
AHEAD = (*(name for name, _ in DISTANCES), FARTHEST, ALL_DISTANCES)
SHARES, AMOUNTS = ("wape", "bias", "coverage"), ("rmsse", "pinball", "msis")
TITLES = ("week of", "model", "ahead", "forecasts", "WAPE", "bias", "inside", "RMSSE", "pinball")


def accuracy(
    tenant: Annotated[str, typer.Argument(help="The tenant's slug")],
    sku: Annotated[str | None, typer.Option(help="Of this one; all together if left out")] = None,
    weeks: Annotated[int, typer.Option(min=1, max=60, help="How many weeks, the newest")] = 8,
    ahead: Annotated[
        str | None,
        typer.Option(help=f"How many days ahead: {', '.join(AHEAD)}; JSON has each if left out"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line")] = False,
) -> None:
    """Show how good forecasts were: a row a week and model, as the nightly scoring found it.

    WAPE and bias are shares of what was sold, RMSSE and MSIS units of the SKU's own daily changes;
    docs/forecasting.md has the formulas.
    """
    if ahead is not None and ahead not in AHEAD:
        raise InvalidInput(f"ahead: {ahead!r} is none of {', '.join(AHEAD)}")
    chosen = ahead if as_json else ahead or ALL_DISTANCES
    with read_tenant(tenant) as (_, connection):
        if sku is not None and not read_heads(connection, sku):
            raise InvalidInput(f"sku: {tenant} has no product {sku!r}")
        rows = read_weekly_accuracy(connection, sku, weeks, chosen)
    if as_json:
        for row in rows:
            echo_json({"sku": sku, **row}, default=str)
    elif not rows:
        console.print(f"{sku or tenant}: no week is scored yet; `forecasts.score` does it nightly")
    else:
        print_table(console, [Column(each) for each in (*TITLES, "MSIS")], list(map(_cells, rows)))


def _cells(row: dict[str, Any]) -> list[str]:
    known = [str(row["week_start"]), row["model"], row["days_ahead"], f"{row['forecasts']:,}"]
    shares = [_percent(row[name]) for name in SHARES]
    return [*known, *shares, *(_amount(row[name]) for name in AMOUNTS)]


def _percent(value: Decimal | None) -> str:
    return "" if value is None else f"{100 * value:,.0f} %"


def _amount(value: Decimal | None) -> str:
    return "" if value is None else f"{value:,.2f}"
