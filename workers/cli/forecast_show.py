"""`capliquify forecast show`: the newest forecasts as tables, a plot, a picture, or a page."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from shared.errors import InvalidInput
from shared.persistence.operations.charted_forecasts import Charted, read_charted
from shared.persistence.operations.shown_forecasts import (
    ForecastDay,
    ForecastHead,
    read_days,
    read_heads,
)
from workers.cli.console import echo, echo_json, make_console
from workers.cli.forecast_page import make_page
from workers.cli.forecast_plot import plot
from workers.cli.forecast_tables import WEEK, print_all, print_one, print_sums
from workers.cli.forecast_words import total, why_none
from workers.cli.tenant_scope import read_tenant
from workers.cli.whole_files import write_whole

console = make_console()
LONGEST = 365
# Days before the forecast that a chart shows.
PAST_DAYS = 90


def show(
    tenant: Annotated[str, typer.Argument(help="The tenant's slug")],
    one: Annotated[str | None, typer.Argument(metavar="[SKU]", help="As --sku")] = None,
    sku: Annotated[str | None, typer.Option(help="Only this one, day by day")] = None,
    days: Annotated[
        int, typer.Option(min=1, max=LONGEST, help="How many days after the last day learnt from")
    ] = 30,
    png: Annotated[Path | None, typer.Option(help="Draw the SKU into this file")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the SKU's page into this file")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line")] = False,
) -> None:
    """Show the newest forecasts: units of the first week and of so many days, or one SKU day by day.

    Bounds of a sum are the sums of the days' bounds: wider than what is likely of the sum. One SKU
    also has the sums that were forecast as such, and a plot.
    """
    sku = _one_sku(one, sku, drawn=bool(png or html))
    with read_tenant(tenant) as (wiring, connection):
        today = wiring.clock.now().date()
        heads = read_heads(connection, sku)
        read = read_days(connection, days if sku else max(days, WEEK), sku)
        chart = read_charted(connection, sku, days, PAST_DAYS) if sku else None
    if sku is not None and not heads:
        raise InvalidInput(f"sku: {tenant} has no product {sku!r}")
    _write(chart, png, html, why_none(heads[0], today) if heads else None)
    by_sku = {key: list(each) for key, each in groupby(read, key=lambda day: day.sku)}
    if as_json:
        for head in heads:
            more = _one_as_json(read, chart) if sku else _sums(by_sku.get(head.sku, []), days)
            echo_json(_as_json(head, today) | more, default=str)
    elif not heads:
        console.print(f"{tenant}: no products yet; the first pull brings them")
    elif sku is None:
        print_all(heads, by_sku, days, today)
    else:
        print_one(heads[0], by_sku.get(sku, []), today)
        _print_chart(chart)


def _one_sku(one: str | None, sku: str | None, *, drawn: bool) -> str | None:
    if one is not None and sku is not None and one != sku:
        raise InvalidInput(f"sku: {one!r} and {sku!r} are two; give one")
    if drawn and one is None and sku is None:
        raise InvalidInput("sku: a picture and a page are of one SKU; name it")
    return one if sku is None else sku


def _write(chart: Charted | None, png: Path | None, html: Path | None, reason: str | None) -> None:
    if png is None and html is None:
        return
    if chart is None:
        raise InvalidInput(f"sku: there is no forecast to draw: {reason}")
    if html is not None:
        write_whole("html", html, make_page(chart).encode())
    if png is not None:
        from workers.cli.forecast_picture import make_picture  # noqa: PLC0415  slow to load

        write_whole("png", png, make_picture(chart))


def _print_chart(chart: Charted | None) -> None:
    if chart is None:
        return
    print_sums(chart.sums)
    for line in plot(chart):
        echo(line)


def _as_json(head: ForecastHead, today: date) -> dict[str, object]:
    reported = {**asdict(head), "reason": why_none(head, today)}
    del reported["problem"]
    return reported


def _sums(read: Sequence[ForecastDay], days: int) -> dict[str, object]:
    return {"first_week": total(read[:WEEK]), "first_days": total(read[:days])}


def _one_as_json(read: Sequence[ForecastDay], chart: Charted | None) -> dict[str, object]:
    days = [{name: value for name, value in asdict(each).items() if name != "sku"} for each in read]
    return {"days": days, "sums": [asdict(each) for each in chart.sums] if chart else []}
