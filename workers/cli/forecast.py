"""`capliquify forecast`: what is expected to sell."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Annotated

import typer

from shared.errors import InvalidInput
from shared.persistence.operations.shown_forecasts import (
    ForecastDay,
    ForecastHead,
    read_days,
    read_heads,
)
from shared.use_cases.forecast_inputs import DORMANT_DAYS
from workers.cli.console import echo_json, make_console
from workers.cli.forecast_contest import evaluate
from workers.cli.tenant_scope import read_tenant
from workers.cli.terminal_tables import Column, print_table, words

app = typer.Typer(no_args_is_help=True, help="What each SKU is expected to sell.")
console = make_console()
WEEK, LONGEST = 7, 365
BAR = 30


app.command()(evaluate)


@app.command()
def show(
    tenant: Annotated[str, typer.Argument(help="The tenant's slug")],
    sku: Annotated[str | None, typer.Option(help="Only this one, day by day")] = None,
    days: Annotated[
        int, typer.Option(min=1, max=LONGEST, help="How many days after the last day learnt from")
    ] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line")] = False,
) -> None:
    """Show the newest forecasts: units of the first week and of so many days, or one SKU day by day.

    Bounds of a sum are the sums of the days' bounds: wider than what is likely of the sum.
    """
    with read_tenant(tenant) as (wiring, connection):
        today = wiring.clock.now().date()
        heads = read_heads(connection, sku)
        read = read_days(connection, days if sku else max(days, WEEK), sku)
    if sku is not None and not heads:
        raise InvalidInput(f"sku: {tenant} has no product {sku!r}")
    by_sku = {key: list(each) for key, each in groupby(read, key=lambda day: day.sku)}
    if as_json:
        for head in heads:
            echo_json(_as_json(head, by_sku.get(head.sku, []), days, today, sku), default=str)
    elif not heads:
        console.print(f"{tenant}: no products yet; the first pull brings them")
    elif sku is None:
        _print_all(heads, by_sku, days, today)
    else:
        _print_one(heads[0], by_sku.get(sku, []), today)


def total(days: Sequence[ForecastDay]) -> dict[str, object]:
    """How many days there are, their units and bounds; a bound that a day lacks is None."""
    lower = [each.lower for each in days if each.lower is not None]
    upper = [each.upper for each in days if each.upper is not None]
    return {
        "days": len(days),
        "units": sum((each.units for each in days), Decimal(0)),
        "lower": sum(lower, Decimal(0)) if len(lower) == len(days) else None,
        "upper": sum(upper, Decimal(0)) if len(upper) == len(days) else None,
    }


def why_none(head: ForecastHead, today: date) -> str | None:
    """Why a SKU has no forecast, or why it got no newer one; None where nothing is known against it."""
    if head.problem:
        return head.problem
    if head.origin is not None:
        return None
    if head.last_sold_on is None:
        return "nothing was sold yet"
    if head.last_sold_on < today - timedelta(days=DORMANT_DAYS):
        return f"nothing was sold for a year; the last on {head.last_sold_on}"
    return "not forecast yet, or beyond the SKUs of the tenant's tier"


def _as_json(
    head: ForecastHead, read: Sequence[ForecastDay], days: int, today: date, sku: str | None
) -> dict[str, object]:
    reported = {**asdict(head), "reason": why_none(head, today)}
    del reported["problem"]
    if sku is None:
        return {**reported, "first_week": total(read[:WEEK]), "first_days": total(read[:days])}
    return {**reported, "days": [_but_sku(each) for each in read]}


def _but_sku(day: ForecastDay) -> dict[str, object]:
    return {name: value for name, value in asdict(day).items() if name != "sku"}


def _print_all(
    heads: Sequence[ForecastHead],
    by_sku: dict[str, list[ForecastDay]],
    days: int,
    today: date,
) -> None:
    titles = ("sku", f"{WEEK} days", f"{days} days", "model", "learnt until", "made", "accuracy")
    rows, without = [], []
    for head in heads:
        read = by_sku.get(head.sku, [])
        if not read:
            without.append(head)
            continue
        sums = (_sum_text(read[:WEEK], WEEK), _sum_text(read[:days], days))
        rows.append([head.sku, *sums, str(head.model), str(head.origin), _made(head), _hit(head)])
    if rows:
        print_table(console, [Column(titles[0]), *map(words, titles[1:])], rows)
    for head in heads:
        if reason := why_none(head, today):
            has = "no forecast" if head.origin is None else "no newer forecast"
            console.print(f"{head.sku}: {has}: {reason}", soft_wrap=True)
    console.print(f"{len(heads) - len(without)} of {len(heads)} products are forecast")


def _print_one(head: ForecastHead, read: Sequence[ForecastDay], today: date) -> None:
    reason = why_none(head, today)
    if not read:
        console.print(f"{head.sku}: no forecast: {reason}", soft_wrap=True)
        return
    about = f"{head.model}, learnt until {head.origin}, made {_made(head)}, accuracy {_hit(head)}"
    console.print(f"{head.sku} {head.name}: {about}", soft_wrap=True)
    for line in filter(None, (head.fallback, reason)):
        console.print(f"{head.sku}: {line}", soft_wrap=True)
    largest = max(each.units for each in read)
    rows = []
    for each in read:
        cells = (each.units, each.lower, each.upper, each.sold)
        rows.append([f"{each.day:%a} {each.day}", *map(_units, cells), bar(each.units, largest)])
    titles = ("day", "units", "lower", "upper", "sold", "")
    print_table(console, [Column(title) for title in titles], rows)
    console.print(f"{len(read)} days: {_sum_text(read, len(read))}")


def bar(units: Decimal, largest: Decimal) -> str:
    """A bar of the length that the units have to the largest; something is never shown as nothing."""
    if units <= 0 or largest <= 0:
        return ""
    return "█" * max(1, round(BAR * units / largest))


def _sum_text(days: Sequence[ForecastDay], asked: int) -> str:
    found = total(days)
    text = _units(found["units"])
    if found["lower"] is not None and found["upper"] is not None:
        text += f" ({_units(found['lower'])} to {_units(found['upper'])})"
    return text if len(days) == asked else f"{text} in {len(days)} days"


def _units(value: object) -> str:
    return "" if value is None else f"{Decimal(str(value)):,.1f}"


def _made(head: ForecastHead) -> str:
    return "" if head.made_at is None else f"{head.made_at:%Y-%m-%d %H:%M}"


def _hit(head: ForecastHead) -> str:
    if head.accuracy is None:
        return "not scored yet"
    return f"{head.accuracy:.0f} % of {head.scored_days} days"
