"""Tables of forecasts: all SKUs by their sums, or one day by day."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from shared.persistence.operations.charted_forecasts import SumOfDays
from shared.persistence.operations.shown_forecasts import ForecastDay, ForecastHead
from workers.cli.console import make_console
from workers.cli.forecast_words import sum_text, units_text, why_none
from workers.cli.terminal_tables import Column, print_table, words

console = make_console()
WEEK = 7
BAR = 30


def print_all(
    heads: Sequence[ForecastHead],
    by_sku: dict[str, list[ForecastDay]],
    days: int,
    today: date,
) -> None:
    """Prints sums of the first week and of so many days of each SKU, and the reason of each that lacks."""
    titles = ("sku", f"{WEEK} days", f"{days} days", "model", "learnt until", "made", "accuracy")
    rows, without = [], []
    for head in heads:
        read = by_sku.get(head.sku, [])
        if not read:
            without.append(head)
            continue
        sums = (sum_text(read[:WEEK], WEEK), sum_text(read[:days], days))
        rows.append([head.sku, *sums, str(head.model), str(head.origin), _made(head), _hit(head)])
    if rows:
        print_table(console, [Column(titles[0]), *map(words, titles[1:])], rows)
    for head in heads:
        if reason := why_none(head, today):
            has = "no forecast" if head.origin is None else "no newer forecast"
            console.print(f"{head.sku}: {has}: {reason}", soft_wrap=True)
    console.print(f"{len(heads) - len(without)} of {len(heads)} products are forecast")


def print_one(head: ForecastHead, read: Sequence[ForecastDay], today: date) -> None:
    """Prints a SKU day by day, or the reason why it is not forecast."""
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
        rows.append(
            [f"{each.day:%a} {each.day}", *map(units_text, cells), bar(each.units, largest)]
        )
    titles = ("day", "units", "lower", "upper", "sold", "")
    print_table(console, [Column(title) for title in titles], rows)
    console.print(f"{len(read)} days: {sum_text(read, len(read))}")


def print_sums(sums: Sequence[SumOfDays]) -> None:
    """Prints what the first days sell together; nothing where no sum is stored."""
    if not sums:
        return
    titles = ("days", "expected", "P10", "P50", "P90", "P95")
    rows = [
        [str(each.days), *map(units_text, (each.expected, each.p10, each.p50, each.p90, each.p95))]
        for each in sums
    ]
    print_table(console, [Column(title) for title in titles], rows)


def bar(units: Decimal, largest: Decimal) -> str:
    """A bar of the length that the units have to the largest; something is never shown as nothing."""
    if units <= 0 or largest <= 0:
        return ""
    return "█" * max(1, round(BAR * units / largest))


def _made(head: ForecastHead) -> str:
    return "" if head.made_at is None else f"{head.made_at:%Y-%m-%d %H:%M}"


def _hit(head: ForecastHead) -> str:
    if head.accuracy is None:
        return "not scored yet"
    return f"{head.accuracy:.0f} % of {head.scored_days} days"
