"""A SKU's past and what is expected of it as lines of plain characters."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from shared.persistence.operations.charted_forecasts import Charted, PastDay, SaidDay

HEIGHT = 10
LABEL = 7
# With the label, a blank and the line between past and future a line has 79 letters.
COLUMNS = 70
# Weeks of the past: six beside four weeks ahead, so that a day has a column of its own.
MOST_PAST_DAYS, LEAST_PAST_DAYS = 42, 28
LEGEND = "* sold   x out of stock   o expected   : within the bounds   e planned event"


@dataclass(frozen=True, slots=True)
class Mark:
    """A column: `sold` or `expected` units a day with bounds, whether stock was gone, and an event was planned."""

    sold: float | None = None
    expected: float | None = None
    lower: float | None = None
    upper: float | None = None
    is_gone: bool = False
    has_event: bool = False

    @property
    def highest(self) -> float:
        """The largest amount in it."""
        return max(0.0, *(each or 0.0 for each in (self.sold, self.expected, self.upper)))


def plot(chart: Charted) -> list[str]:
    """Lines of at most 79 letters; none where the SKU has no day ahead.

    Where days are more than columns, a column is the mean of as many days as need be.
    """
    ahead = chart.of_model("ensemble")
    if not ahead:
        return []
    past = chart.history[-max(LEAST_PAST_DAYS, min(MOST_PAST_DAYS, COLUMNS - len(ahead))) :]
    # Both parts may end in a column that is not full.
    days = len(past) + len(ahead)
    a_column = 1 if days <= COLUMNS else ceil(days / (COLUMNS - 2))
    before = [_sold(chart, past[n : n + a_column]) for n in range(0, len(past), a_column)]
    after = [_expected(chart, ahead[n : n + a_column]) for n in range(0, len(ahead), a_column)]
    top = max(each.highest for each in (*before, *after)) or 1.0
    lines = [
        f"{_label(row, top)} {_drawn(before, row, top)}|{_drawn(after, row, top)}".rstrip()
        for row in range(HEIGHT, -1, -1)
    ]
    events = [
        "".join("e" if each.has_event else " " for each in marks) for marks in (before, after)
    ]
    if "e" in "".join(events):
        lines.append(f"{'':{LABEL}} {events[0]} {events[1]}".rstrip())
    first = f"{past[0].day}" if past else ""
    dates = f"{'':{LABEL}} {first:<{len(before)}}|{ahead[-1].day!s:>{len(after)}}"
    return [*lines, dates, LEGEND]


def _sold(chart: Charted, days: Sequence[PastDay]) -> Mark:
    known = [each.units for each in days if each.units is not None]
    event = any(_is_planned(chart, each) for each in days)
    return Mark(sold=_mean(known), is_gone=not known, has_event=event)


def _expected(chart: Charted, days: Sequence[SaidDay]) -> Mark:
    event = any(_is_planned(chart, each) for each in days)
    return Mark(
        expected=_mean([each.units for each in days]),
        lower=_mean([each.lower for each in days if each.lower is not None]),
        upper=_mean([each.upper for each in days if each.upper is not None]),
        has_event=event,
    )


def _is_planned(chart: Charted, of: PastDay | SaidDay) -> bool:
    return any(
        each.first_day <= of.day and (each.last_day is None or of.day <= each.last_day)
        for each in chart.events
    )


def _mean(values: Sequence[Decimal]) -> float | None:
    return float(sum(values)) / len(values) if values else None


def _label(row: int, top: float) -> str:
    if row not in (0, HEIGHT // 2, HEIGHT):
        return " " * LABEL
    value = top * row / HEIGHT
    text = f"{value:,.1f}"
    return f"{text if len(text) <= LABEL else f'{value:.1e}':>{LABEL}}"


def _drawn(marks: Sequence[Mark], row: int, top: float) -> str:
    return "".join(_letter(each, row, top) for each in marks)


def _letter(mark: Mark, row: int, top: float) -> str:
    def at(units: float | None) -> int | None:
        return None if units is None else round(HEIGHT * units / top)

    if mark.is_gone:
        return "x" if row == 0 else " "
    if at(mark.sold) == row:
        return "*"
    if at(mark.expected) == row:
        return "o"
    lower, upper = at(mark.lower), at(mark.upper)
    return ":" if lower is not None and upper is not None and lower <= row <= upper else " "
