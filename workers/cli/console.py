"""What commands print: what stands in the database is shown as text, and never obeyed as markup or escape."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

import typer
from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RichCast
from rich.segment import Segment

from shared.observability.plain_text import plain, plain_json

# What is piped is searched and cut by programs, which do not mind long lines.
PIPED_WIDTH = 150


def make_console(**options: Any) -> Console:
    """A console through which no stored text reaches the terminal raw."""
    console = Console(markup=False, emoji=False, **options)
    if not (console.is_terminal or os.environ.get("COLUMNS") or "width" in options):
        console.width = PIPED_WIDTH
    console.push_render_hook(_PlainText())
    return console


def echo(text: str) -> None:
    """Prints a line as it is, but for what a terminal would obey."""
    typer.echo(plain(text))


def echo_json(value: object, **options: Any) -> None:
    """Prints a value as one line of JSON."""
    typer.echo(plain_json(value, **options))


class _PlainText(RenderHook):
    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Plain(each) for each in renderables]


class _Plain:
    """Whatever is printed, its text made harmless; the console's own styles stay."""

    def __init__(self, renderable: ConsoleRenderable | RichCast | str) -> None:
        self._renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        yield from _made_plain(console.render(self._renderable, options))


def _made_plain(segments: Iterable[Segment]) -> Iterator[Segment]:
    for text, style, control in segments:
        yield Segment(text if control else plain(text), style, control)
