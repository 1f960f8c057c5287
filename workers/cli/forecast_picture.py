"""A SKU's chart as a picture in PNG."""

import warnings
from collections.abc import Sequence
from datetime import date
from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from shared.observability.plain_text import plain
from shared.persistence.operations.charted_forecasts import Charted, SaidDay
from workers.cli.forecast_colours import COLOURS, MEMBERS, event_text, gone_days

INCHES, DOTS = (11, 5), 110
# From which matplotlib counts days.
EPOCH = date(1970, 1, 1)


def make_picture(chart: Charted) -> bytes:
    """The picture as PNG: the past, days out of stock, plans, bounds, members, and what was said before."""
    figure = Figure(figsize=INCHES, dpi=DOTS, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _draw_past(axes, chart)
    _draw_ahead(axes, chart)
    _draw_events(axes, chart)
    title = plain(f"{chart.sku} {chart.name}")[:100]
    # A name may hold a dollar sign, which would begin a formula.
    axes.set_title(title, parse_math=False, loc="left")
    axes.xaxis_date()
    axes.set_ylabel("units a day")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left", fontsize="small", ncols=3)
    figure.autofmt_xdate()
    out = BytesIO()
    with warnings.catch_warnings():
        # Letters that no font here has are drawn as boxes.
        warnings.simplefilter("ignore", UserWarning)
        figure.savefig(out, format="png")
    return out.getvalue()


def _draw_past(axes: Axes, chart: Charted) -> None:
    days = _places([each.day for each in chart.history])
    sold = [float("nan") if each.units is None else float(each.units) for each in chart.history]
    axes.plot(days, sold, color=COLOURS["sold"], linewidth=1, marker=".", label="sold")
    for n, day in enumerate(_places(gone_days(chart))):
        # A legend has one line for all of them.
        label = "out of stock" if n == 0 else None
        axes.axvspan(day - 0.5, day + 0.5, color=COLOURS["gone"], alpha=0.3, lw=0, label=label)
    _draw_line(axes, chart.past, "past", "forecast then", "--")


def _draw_ahead(axes: Axes, chart: Charted) -> None:
    ensemble = chart.of_model("ensemble")
    bounded = [each for each in ensemble if each.lower is not None and each.upper is not None]
    if bounded:
        axes.fill_between(
            _places([each.day for each in bounded]),
            [float(each.lower or 0) for each in bounded],
            [float(each.upper or 0) for each in bounded],
            color=COLOURS["ensemble"],
            alpha=0.2,
            linewidth=0,
            label="bounds",
        )
    for member in MEMBERS:
        _draw_line(axes, chart.of_model(member), member, member, ":")
    _draw_line(axes, ensemble, "ensemble", "expected", "-")


def _draw_line(axes: Axes, said: tuple[SaidDay, ...], colour: str, label: str, style: str) -> None:
    if said:
        days = _places([each.day for each in said])
        units = [float(each.units) for each in said]
        axes.plot(days, units, style, color=COLOURS[colour], linewidth=1.3, label=label)


def _draw_events(axes: Axes, chart: Charted) -> None:
    shown = [each.day for each in chart.history] + [each.day for each in chart.ahead]
    for each in chart.events:
        first = max(each.first_day, min(shown))
        last = min(each.last_day or max(shown), max(shown))
        if last < first:
            continue
        begin, end = _places([first, last])
        axes.axvspan(begin - 0.5, end + 0.5, color=COLOURS["event"], alpha=0.2, lw=0)
        axes.annotate(
            plain(event_text(each))[:60],
            (begin, 1),
            xycoords=("data", "axes fraction"),
            rotation=90,
            va="top",
            fontsize="x-small",
            parse_math=False,
        )


def _places(days: Sequence[date]) -> list[float]:
    """Days as the axis counts them."""
    return [float((day - EPOCH).days) for day in days]
