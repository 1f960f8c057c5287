"""A SKU's past and future as lines of plain characters."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from shared.persistence.operations.charted_forecasts import (
    Charted,
    PastDay,
    PlannedEvent,
    SaidDay,
)
from workers.cli.forecast_page import make_page
from workers.cli.forecast_plot import plot

ORIGIN = date(2026, 3, 10)
AMOUNTS = st.decimals(0, 10_000_000, places=2)


def charted(
    sold: list[Decimal | None],
    said: list[tuple[Decimal, Decimal | None, Decimal | None]],
    events: tuple[PlannedEvent, ...] = (),
) -> Charted:
    """So many days up to the origin, and so many after it."""
    first = ORIGIN - timedelta(days=len(sold) - 1)
    history = tuple(PastDay(first + timedelta(days=n), units) for n, units in enumerate(sold))
    ahead = tuple(
        SaidDay("ensemble", ORIGIN + timedelta(days=n), *each) for n, each in enumerate(said, 1)
    )
    return Charted("MUG", "Mug", ORIGIN, history, (), ahead, events, ())


def test_what_was_sold_stands_before_the_line_and_what_is_expected_behind_it() -> None:
    sold = [Decimal(0), Decimal(5), None]
    said = [(Decimal(5), Decimal(0), Decimal(10)), (Decimal(10), None, None)]
    closed = PlannedEvent("CLOSED", ORIGIN, ORIGIN + timedelta(days=1), None, None, None, True)
    assert plot(charted(sold, said, (closed,))) == [
        "   10.0    |:o",
        "           |:",
        "           |:",
        "           |:",
        "           |:",
        "    5.0  * |o",
        "           |:",
        "           |:",
        "           |:",
        "           |:",
        "    0.0 * x|:",
        "          e e",
        "        2026-03-08|2026-03-12",
        "* sold   x out of stock   o expected   : within the bounds   e planned event",
    ]


def test_without_days_ahead_there_is_nothing_to_draw() -> None:
    assert plot(charted([Decimal(1)], [])) == []


@given(
    st.lists(st.none() | AMOUNTS, max_size=90),
    st.lists(
        st.tuples(AMOUNTS, st.none() | AMOUNTS, st.none() | AMOUNTS), min_size=1, max_size=365
    ),
)
def test_whatever_is_drawn_fits_eighty_columns_of_plain_letters(
    sold: list[Decimal | None], said: list[tuple[Decimal, Decimal | None, Decimal | None]]
) -> None:
    chart = charted(sold, said)
    lines = plot(chart)
    assert max(map(len, lines)) <= 79
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert make_page(chart).count("<svg") == 1
