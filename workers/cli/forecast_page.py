"""A SKU's chart as a page of its own: SVG in HTML, without a script and without an address."""

from collections.abc import Iterable
from html import escape

from shared.observability.plain_text import plain
from shared.persistence.operations.charted_forecasts import Charted
from workers.cli.forecast_colours import COLOURS, MEMBERS, event_text
from workers.cli.forecast_svg import draw

HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 sans-serif; margin: 2em auto; max-width: 1000px; color: #222 }}
svg {{ width: 100%; height: auto }}
table {{ border-collapse: collapse }}
th, td {{ padding: .2em .8em; text-align: right; border-bottom: 1px solid #ddd }}
b {{ display: inline-block; width: 1.2em; height: .7em; margin: 0 .3em 0 1em }}
</style>
</head>
<body>
"""
LINES = {
    "sold": "sold",
    "past": "forecast then",
    "ensemble": "expected, with bounds",
    **{each: each for each in MEMBERS},
    "gone": "out of stock",
    "event": "planned event",
}


def make_page(chart: Charted) -> str:
    """The page; whatever came from a vendor is shown as text and is never markup."""
    title = _text(f"{chart.sku} {chart.name}")
    parts = [
        HEAD.format(title=title),
        f"<h1>{title}</h1>\n<p>Learnt until {chart.origin}. Units a day.</p>\n",
        draw(chart),
        f"<p>{''.join(_legend(chart))}</p>\n",
        *_sums(chart),
        *_events(chart),
        "</body>\n</html>\n",
    ]
    return "".join(parts)


def _text(raw: str) -> str:
    return escape(plain(raw))


def _legend(chart: Charted) -> Iterable[str]:
    for name, words in LINES.items():
        if name not in MEMBERS or chart.of_model(name):
            yield f'<b style="background:{COLOURS[name]}"></b>{words}\n'


def _sums(chart: Charted) -> Iterable[str]:
    if not chart.sums:
        return
    titles = ("days", "expected", "P10", "P50", "P90", "P95")
    yield "<h2>Sums ahead</h2>\n<table>\n<tr>"
    yield "".join(f"<th>{title}</th>" for title in titles) + "</tr>\n"
    for each in chart.sums:
        cells = (each.expected, each.p10, each.p50, each.p90, each.p95)
        yield f"<tr><td>{each.days}</td>" + "".join(f"<td>{cell:,.1f}</td>" for cell in cells)
        yield "</tr>\n"
    yield "</table>\n"


def _events(chart: Charted) -> Iterable[str]:
    if chart.events:
        yield "<h2>Planned events</h2>\n<ul>\n"
        yield from (f"<li>{_text(event_text(each))}</li>\n" for each in chart.events)
        yield "</ul>\n"
