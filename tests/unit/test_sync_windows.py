"""Windows of a stream: without a gap, resumable, and as large as they can be handled."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.stream_positions import (
    Backward,
    Days,
    Done,
    Forward,
    Items,
    OpenWindow,
    Reading,
    Scan,
)
from shared.domain.window_steps import (
    SMALLEST_SIZE,
    Basis,
    Step,
    Track,
    align,
    next_backward,
    next_forward,
)
from shared.errors import InvalidInput

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 11, 1, tzinfo=UTC)
DAY = START.date()
TRACK = Track(Basis.UPDATED, timedelta(minutes=10), timedelta(days=90))
RECORDS = st.lists(st.integers(0, 1_000_000), min_size=1, max_size=5)


def test_a_window_looks_back_over_the_end_of_the_one_before() -> None:
    step = next_forward(Forward(START), END, TRACK)
    assert step is not None
    assert step.window.since == datetime(2025, 12, 31, 23, 50, tzinfo=UTC)
    assert step.window.until == datetime(2026, 1, 31, tzinfo=UTC)


def test_a_window_that_was_cut_off_is_opened_again_with_the_same_ends() -> None:
    step = next_forward(Forward(START), START + timedelta(days=1), TRACK)
    assert step is not None
    again = next_forward(step.paused("page 2"), END, TRACK)
    assert again is not None
    assert (again.window, again.after) == (step.window, "page 2")


def test_a_stream_that_has_arrived_has_no_window() -> None:
    assert next_forward(Forward(END), END, TRACK) is None
    assert next_backward(Backward(START, START), TRACK) is None
    assert next_backward(Backward(START, END, Done.WHOLE), TRACK) is None


def test_half_a_window_is_asked_for_until_it_is_an_hour() -> None:
    position = Forward(START)
    extents = []
    while True:
        step = next_forward(position, END, Track(Basis.CREATED))
        assert step is not None
        extents.append(step.window.until - step.window.since)
        narrowed = step.narrowed(step.paused("x"))
        if narrowed is None:
            break
        assert narrowed == Forward(START, size=narrowed.size)
        assert narrowed.size is not None
        position = narrowed
    assert extents[:3] == [timedelta(days=30), timedelta(days=15), timedelta(days=7, hours=12)]
    assert extents[-1] == SMALLEST_SIZE


def test_what_is_looked_back_upon_is_not_halved() -> None:
    hour = Forward(START, size=timedelta(hours=1))
    step = next_forward(hour, END, TRACK)
    assert step is not None
    assert step.narrowed(hour) is None


@given(RECORDS)
def test_forward_windows_reach_the_end_without_a_gap(records: list[int]) -> None:
    position = Forward(START)
    reached, number = START, 0
    while (step := next_forward(position, END, TRACK)) is not None:
        assert step.window.since == reached - TRACK.look_back
        assert timedelta(0) < step.window.until - step.window.since <= TRACK.longest
        reached = step.window.until
        position = step.finished(records[number % len(records)])
        number += 1
        assert number < 10_000
    assert reached == END


@given(RECORDS)
def test_backward_windows_reach_the_beginning_without_a_gap_and_say_so(records: list[int]) -> None:
    position = Backward(START, END)
    reached, number = END, 0
    while (step := next_backward(position, TRACK)) is not None:
        assert step.window.until == reached
        assert timedelta(0) < step.window.until - step.window.since <= TRACK.longest
        reached = step.window.since
        position = step.finished(records[number % len(records)])
        number += 1
        assert (position.done is not None) == (reached == START)
    assert reached == START


@given(st.integers(1, 10_000_000), st.floats(3_600, 15_000_000))
def test_the_next_window_is_at_most_twice_and_at_least_half_as_large(
    records: int, size_s: float
) -> None:
    step = next_forward(Forward(START, size=timedelta(seconds=size_s)), END, TRACK)
    assert isinstance(step, Step)
    size = step.finished(records).size
    assert size is not None
    next_s = size.total_seconds()
    smallest, largest = SMALLEST_SIZE.total_seconds(), TRACK.largest.total_seconds()
    used_s = step.size.total_seconds()
    assert max(smallest, used_s / 2) - 1 <= next_s <= min(largest, used_s * 2)


def test_streams_that_stand_alike_keep_their_open_window_and_others_go_to_the_one_behind() -> None:
    window = OpenWindow(END, "page 2")
    open_one = Forward(START, size=timedelta(days=3), window=window)
    assert align([open_one, replace(open_one)]) is open_one
    assert align([open_one, Forward(END)]) == Forward(START)
    later = START + timedelta(days=1)
    apart = [Backward(START, END, Done.WHOLE), Backward(later, END - timedelta(days=1), Done.WHOLE)]
    assert align(apart) == Backward(START, END, Done.WHOLE)
    assert align([apart[0], replace(apart[1], done=None)]) == Backward(START, END)


def test_the_same_instant_in_two_zones_is_written_in_two_ways_and_is_no_equal_place() -> None:
    there = START.astimezone(timezone(timedelta(hours=2)))
    assert there == START
    assert Forward(there) != Forward(START)
    assert Backward(START, END, window=OpenWindow(there)) != Backward(
        START, END, window=OpenWindow(START)
    )
    assert len({Forward(START), Forward(there), Forward(START)}) == 2


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: Forward(START.replace(tzinfo=None)), "since: an instant needs its offset"),
        (lambda: Forward(START, window=OpenWindow(START)), "open: a window ends after"),
        (lambda: Forward(START).at_page("x"), "after: a cursor needs an open window"),
        (lambda: Forward(START, size=timedelta(0)), "size_s: a window is longer"),
        (lambda: Backward(START, END, window=OpenWindow(END)), "open: a window begins before"),
        (
            lambda: Backward(START, END, Done.WHOLE, window=OpenWindow(START)),
            "done: a stream that is done has no open window",
        ),
        (lambda: Scan(DAY, after="x"), "began: a scan that has pages"),
        (lambda: Scan(DAY, unclear=True), "began: a scan that has pages"),
        (lambda: Scan(DAY, START), "after: a scan that has begun"),
        (lambda: Scan(DAY, START, "x", END), "after: a scan that has begun"),
        (lambda: Items(None, Reading(START.replace(tzinfo=None), "x")), "began: an instant"),
    ],
)
def test_a_state_that_no_run_can_go_on_from_cannot_be_made(
    make: Callable[[], object], fault: str
) -> None:
    with pytest.raises(InvalidInput, match=fault):
        make()


def test_pasts_that_begin_on_two_days_are_whole_together_after_the_earlier_one() -> None:
    later = START + timedelta(days=1)
    whole = [Backward(START, START, Done.WHOLE), Backward(later, later, Done.WHOLE)]
    assert align(whole) == Backward(START, later, Done.WHOLE)
    assert align(whole).complete_until == later


def test_a_scan_that_ended_before_it_began_and_days_in_any_order_are_taken() -> None:
    assert Scan(DAY, END, None, START).done == START
    assert Days(DAY, (END.date(), DAY)).left == (END.date(), DAY)
