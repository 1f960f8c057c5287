"""`capliquify stock`: what runs out when, what to order by when, what lies idle."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer

from shared.domain.stock_advice import Advice, StockAdvice, advise
from shared.persistence.operations.stock_reads import StockedProduct, read_stocked_products
from workers.cli.console import echo_json, make_console
from workers.cli.figures import read_day
from workers.cli.tenant_scope import read_tenant
from workers.cli.terminal_tables import Column, print_table

app = typer.Typer(no_args_is_help=True, help="What a tenant has in stock.")
console = make_console()
URGENCY = tuple(Advice)
NOT_SHOWN = {Advice.ENOUGH, Advice.UNKNOWN}


@app.callback()
def group() -> None:
    """Keeps `advice` a subcommand."""


@app.command()
def advice(
    tenant: Annotated[str, typer.Argument(help="The tenant's slug")],
    day: Annotated[
        str | None, typer.Option(help="As of this day, YYYY-MM-DD; today's if left out")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="What needs nothing as well")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line")] = False,
) -> None:
    """Say what to order now, what by when, and what lies idle, by the newest forecasts."""
    with read_tenant(tenant) as (wiring, connection):
        today = wiring.clock.now().date() if day is None else read_day("day", day)
        products = read_stocked_products(connection)
    rows = sorted(
        ((each, _advise(each, today)) for each in products),
        key=lambda row: (URGENCY.index(row[1].advice), row[1].order_by or date.max, row[0].sku),
    )
    shown = [row for row in rows if everything or row[1].advice not in NOT_SHOWN]
    if as_json:
        for product, given in shown:
            echo_json(_as_json(product, given), default=str)
        return
    _print(shown)
    left = len(rows) - len(shown)
    console.print(
        f"{len(rows)} products; {left} need nothing or are not forecast (--all shows them)"
    )


def _advise(product: StockedProduct, today: date) -> StockAdvice:
    return advise(product.units, product.a_day, product.lead_time_days, product.last_sold_on, today)


def _as_json(product: StockedProduct, given: StockAdvice) -> dict[str, object]:
    return {
        "sku": product.sku,
        "advice": given.advice,
        "units": product.units,
        "demand_a_day": product.a_day,
        "lead_time_days": product.lead_time_days,
        "runs_out_on": given.runs_out_on,
        "order_by": given.order_by,
        "last_sold_on": product.last_sold_on,
    }


def _print(rows: Sequence[tuple[StockedProduct, StockAdvice]]) -> None:
    titles = ("sku", "advice", "units", "a day", "runs out", "order by", "last sold")
    lines = []
    for product, given in rows:
        a_day = "" if product.a_day is None else f"{product.a_day:,.1f}"
        days = (given.runs_out_on, given.order_by, product.last_sold_on)
        cells = ("" if each is None else str(each) for each in days)
        lines.append((product.sku, given.advice, f"{product.units:,}", a_day, *cells))
    print_table(console, [Column(title) for title in titles], lines)
