"""`capliquify forecast list`: SKUs by what they will sell, how unsure that is, and how near it came."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from statistics import NormalDist
from typing import Annotated

import typer

from shared.persistence.operations.ranked_forecasts import RankedSku, read_ranked
from shared.persistence.operations.shown_forecasts import ForecastHead, read_heads
from workers.cli.console import echo_json, make_console
from workers.cli.forecast_words import units_text, why_none
from workers.cli.tenant_scope import read_tenant
from workers.cli.terminal_tables import Column, print_table, words

console = make_console()
DAYS, WEEKS = 28, 8


class Sort(StrEnum):
    """What comes first."""

    DEMAND = "demand"
    RISK = "risk"
    ACCURACY = "accuracy"


@dataclass(frozen=True, slots=True)
class Risk:
    """How wide P10 to P90 of the sum is, as a share of what is expected, and where that is known from."""

    share: Decimal | None
    source: str | None


def list_skus(
    tenant: Annotated[str, typer.Argument(help="The tenant's slug")],
    sort: Annotated[
        Sort, typer.Option(help="The most demand, the most risk or the least accuracy comes first")
    ] = Sort.DEMAND,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many SKUs")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line")] = False,
) -> None:
    """List SKUs by their next 28 days: units, risk, accuracy of the last 8 weeks, and what was left out.

    Risk is P90 less P10 of the sum, over what is expected. SKUs without a forecast come last.
    """
    with read_tenant(tenant) as (wiring, connection):
        today = wiring.clock.now().date()
        heads = {each.sku: each for each in read_heads(connection)}
        ranked = read_ranked(connection, DAYS, WEEKS)
    ordered = sorted(ranked, key=lambda each: _place(sort, each))
    names = [each.sku for each in ordered]
    without = [sku for sku in heads if sku not in set(names)]
    shown = [*names, *without][:limit]
    found = {each.sku: each for each in ranked}
    rows = [(heads[sku], found.get(sku), _reason(heads[sku], found, today)) for sku in shown]
    if as_json:
        for head, row, reason in rows:
            echo_json(_as_json(head, row, reason), default=str)
    else:
        _print(rows)
        console.print(f"{len(shown)} of {len(heads)} products; {len(names)} are forecast")


def _reason(head: ForecastHead, ranked: Mapping[str, RankedSku], today: date) -> str | None:
    """Why it has no forecast, or none from the newest day."""
    reason = why_none(head, today)
    if reason is None and head.sku not in ranked:
        return f"is not forecast any more; the last was made from {head.origin}"
    return reason


def risk_of(row: RankedSku) -> Risk:
    """The risk of the sum; where only days are known, of their summed bounds as a normal spread has them.

    Summed bounds overrate the risk: days do not all err the same way.
    """
    if row.p10 is not None and row.p90 is not None and row.sum_expected:
        return Risk((row.p90 - row.p10) / row.sum_expected, "sum")
    if row.lower is not None and row.upper is not None and row.level and row.units:
        inside = NormalDist().inv_cdf(0.9) / NormalDist().inv_cdf((1 + float(row.level)) / 2)
        return Risk((row.upper - row.lower) / row.units * Decimal(str(inside)), "days")
    return Risk(None, None)


KEYS: dict[Sort, Callable[[RankedSku], Decimal | None]] = {
    Sort.DEMAND: lambda each: each.units,
    Sort.RISK: lambda each: risk_of(each).share,
    Sort.ACCURACY: lambda each: each.wape,
}


def _place(sort: Sort, row: RankedSku) -> tuple[bool, Decimal, str]:
    """The largest first, what is not known last, equal ones by SKU."""
    value = KEYS[sort](row)
    return value is None, -(value or Decimal(0)), row.sku


def _as_json(head: ForecastHead, row: RankedSku | None, reason: str | None) -> dict[str, object]:
    risk = Risk(None, None) if row is None else risk_of(row)
    return {
        "sku": head.sku,
        "name": head.name,
        "origin": head.origin,
        "days": row and row.days,
        "units": row and row.units,
        "risk": None if risk.share is None else round(risk.share, 4),
        "risk_of": risk.source,
        "wape": None if row is None or row.wape is None else round(row.wape, 4),
        "weeks": row and row.weeks,
        "fallback": head.fallback,
        "reason": reason,
    }


def _print(rows: list[tuple[ForecastHead, RankedSku | None, str | None]]) -> None:
    titles = ("sku", f"{DAYS} days", "risk", "WAPE", "what is missing, and why")
    lines = []
    for head, row, reason in rows:
        why = "; ".join(filter(None, (head.fallback, reason)))
        if row is None:
            lines.append([head.sku, "", "", "", f"no forecast: {reason}"])
            continue
        few = "" if row.days == DAYS else f" in {row.days} days"
        risk, wape = (_percent(each) for each in (risk_of(row).share, row.wape))
        lines.append([head.sku, units_text(row.units) + few, risk, wape, why])
    if lines:
        print_table(console, [*map(Column, titles[:-1]), words(titles[-1])], lines)


def _percent(share: Decimal | None) -> str:
    return "" if share is None else f"{100 * share:,.0f} %"
