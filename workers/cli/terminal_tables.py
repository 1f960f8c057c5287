"""Tables that fit the terminal and never cut what a person types: a slug, a task, a service, a SKU, an id."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.domain.job_id import SHOWN

# A column of words that gives way is not narrower than this.
NARROWEST = 8
# Between columns without lines.
GAP = 2


class Kind(Enum):
    """What may happen to a column where room is short."""

    WHOLE = "its words stay whole"
    WORDS = "it gives way, and long words are folded"
    ID = "an id, whole or as the prefix that commands take"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title and what may happen to it."""

    title: str
    kind: Kind = Kind.WHOLE


def words(title: str) -> Column:
    """A column that gives way."""
    return Column(title, Kind.WORDS)


def print_table(
    console: Console, columns: Sequence[Column], rows: Sequence[Sequence[str]], *, title: str = ""
) -> None:
    """Prints rows as a table; without lines where room is short, and each row by itself where that is not enough."""
    width = console.width
    whole = [[column.title, *(row[n] for row in rows)] for n, column in enumerate(columns)]
    if sum(map(_longest, whole)) + 3 * len(columns) + 1 <= width:
        _draw(console, Table(title=title or None), whole, [None] * len(columns))
        return
    cells = [_shortened(column, each) for column, each in zip(columns, whole, strict=True)]
    least = [_least(column, each) for column, each in zip(columns, cells, strict=True)]
    spare = width - GAP * len(columns) - sum(least)
    if spare >= 0:
        look = Table(title=title or None, box=None, padding=(0, GAP, 0, 0), pad_edge=False)
        wanted = [_longest(each) for each in cells]
        _draw(console, look, cells, _shared_out(least, wanted, spare))
        return
    for number, row in enumerate(rows):
        if number:
            console.print()
        print_facts(
            console, [(c.title, cell) for c, cell in zip(columns, row, strict=True) if cell]
        )


def print_facts(console: Console, facts: Sequence[tuple[str, str]]) -> None:
    """Prints names and values below each other; a word that is longer than a line is left to the terminal to wrap."""
    name_width = max(cell_len(name) for name, _ in facts) + GAP
    room = console.width - name_width
    for name, value in facts:
        if _longest_word(value) > room or _longest([value]) <= room:
            line = Text.assemble((f"{name:<{name_width}}", "bold"), value)
            console.print(line, soft_wrap=True)
            continue
        row = Table.grid(padding=0)
        row.add_column(style="bold", width=name_width)
        row.add_column(width=room)
        row.add_row(name, value)
        console.print(row)


def _draw(
    console: Console,
    table: Table,
    cells: Sequence[Sequence[str]],
    widths: Sequence[int | None],
) -> None:
    for (title, *_), chosen in zip(cells, widths, strict=True):
        table.add_column(title, width=chosen, overflow="fold")
    for row in zip(*(rest for _, *rest in cells), strict=True):
        table.add_row(*row)
    console.print(table, soft_wrap=False)


def _shared_out(least: Sequence[int], wanted: Sequence[int], spare: int) -> list[int]:
    """Widths from the least on, one more for each column in turn while there is room and use for it."""
    widths = list(least)
    while spare > 0 and widths != list(wanted):
        for n, most in enumerate(wanted):
            if spare and widths[n] < most:
                widths[n] += 1
                spare -= 1
    return widths


def _shortened(column: Column, cells: Sequence[str]) -> list[str]:
    title, *rest = cells
    return [title, *(each[:SHOWN] if column.kind is Kind.ID else each for each in rest)]


def _least(column: Column, cells: Sequence[str]) -> int:
    longest = max(map(_longest_word, cells))
    if column.kind is Kind.WORDS:
        return min(longest, max(NARROWEST, _longest_word(cells[0])))
    return longest


def _longest(cells: Sequence[str]) -> int:
    return max((cell_len(line) for cell in cells for line in cell.splitlines()), default=0)


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)
