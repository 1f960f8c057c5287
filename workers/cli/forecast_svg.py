"""The chart of a SKU as SVG: shapes and numbers only, so that no text of a vendor stands in it but events'."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from itertools import groupby

from shared.observability.plain_text import plain
from shared.persistence.operations.charted_forecasts import Charted, SaidDay
from workers.cli.forecast_colours import COLOURS, MEMBERS, event_text, gone_days

WIDTH, HEIGHT = 960, 380
LEFT, BOTTOM, TOP = 60, 40, 10
TICKS = 4


@dataclass(frozen=True, slots=True)
class Frame:
    """Which days and amounts the drawing has room for."""

    first: date
    last: date
    top: float

    @property
    def day_width(self) -> float:
        """Of the drawing's units."""
        return (WIDTH - LEFT) / ((self.last - self.first).days + 1)

    def x(self, day: date) -> float:
        """The middle of a day."""
        return LEFT + ((day - self.first).days + 0.5) * self.day_width

    def y(self, units: float) -> float:
        """The height of an amount."""
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * units / self.top

    def line(self, points: Iterable[tuple[date, float]]) -> str:
        """Points as SVG writes them."""
        return " ".join(f"{self.x(day):.1f},{self.y(units):.1f}" for day, units in points)


def draw(chart: Charted) -> str:
    """The chart as one element `svg`."""
    frame = _frame(chart)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-size="12" font-family="sans-serif">\n',
        *_events(chart, frame),
        *(_column(day, day, frame, "gone", "out of stock") for day in gone_days(chart)),
        *_axes(frame),
        *_fan(chart.of_model("ensemble"), frame),
        *(_said(chart.of_model(each), frame, each, "2 3") for each in MEMBERS),
        _said(chart.past, frame, "past", "6 3"),
        *_history(chart, frame),
        _said(chart.of_model("ensemble"), frame, "ensemble", "none"),
        "</svg>\n",
    ]
    return "".join(parts)


def _frame(chart: Charted) -> Frame:
    said = (*chart.past, *chart.ahead)
    days = [each.day for each in chart.history] + [each.day for each in said] or [chart.origin]
    amounts = [each.units for each in chart.history]
    amounts += [amount for each in said for amount in (each.units, each.upper)]
    top = max((float(each) for each in amounts if each is not None), default=0.0)
    return Frame(min(days), max(days), top * 1.05 or 1.0)


def _axes(frame: Frame) -> Iterable[str]:
    for n in range(TICKS + 1):
        units = frame.top * n / TICKS
        y = frame.y(units)
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{units:,.1f}</text>\n'
    for n in range(TICKS + 1):
        day = frame.first + timedelta(days=round((frame.last - frame.first).days * n / TICKS))
        x = min(max(frame.x(day), LEFT + 35), WIDTH - 35)
        yield f'<text x="{x:.1f}" y="{HEIGHT - 15}" text-anchor="middle">{day}</text>\n'


def _column(first: date, last: date, frame: Frame, colour: str, words: str) -> str:
    half = frame.day_width / 2
    x, width = frame.x(first) - half, frame.x(last) - frame.x(first) + 2 * half
    return (
        f'<rect x="{x:.1f}" y="{TOP}" width="{width:.1f}" height="{HEIGHT - BOTTOM - TOP}" '
        f'fill="{COLOURS[colour]}" fill-opacity="0.25"><title>{escape(plain(words))}</title></rect>\n'
    )


def _events(chart: Charted, frame: Frame) -> Iterable[str]:
    for each in chart.events:
        first = max(each.first_day, frame.first)
        last = min(each.last_day or frame.last, frame.last)
        if first <= last:
            yield _column(first, last, frame, "event", event_text(each))


def _fan(said: Sequence[SaidDay], frame: Frame) -> Iterable[str]:
    lower = [(each.day, float(each.lower)) for each in said if each.lower is not None]
    upper = [(each.day, float(each.upper)) for each in said if each.upper is not None]
    if lower and upper:
        points = frame.line([*lower, *reversed(upper)])
        yield f'<polygon points="{points}" fill="{COLOURS["ensemble"]}" fill-opacity="0.2"/>\n'


def _said(said: Sequence[SaidDay], frame: Frame, colour: str, dashes: str) -> str:
    points = [(each.day, float(each.units)) for each in said]
    return _polyline(points, frame, colour, dashes) if points else ""


def _history(chart: Charted, frame: Frame) -> Iterable[str]:
    """A line a run of days that are known: nothing is drawn over a day out of stock."""
    for is_known, run in groupby(chart.history, key=lambda each: each.units is not None):
        points = [(each.day, float(each.units or 0)) for each in run]
        if is_known:
            yield _polyline(points, frame, "sold", "none")


def _polyline(points: Sequence[tuple[date, float]], frame: Frame, colour: str, dashes: str) -> str:
    return (
        f'<polyline points="{frame.line(points)}" fill="none" stroke="{COLOURS[colour]}" '
        f'stroke-width="1.5" stroke-linecap="round" stroke-dasharray="{dashes}"/>\n'
    )
