"""Windows of a stream: without a gap, resumable, and as large as they can be handled."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.sync import (
    SMALLEST_SIZE,
    Basis,
    Position,
    Step,
    Track,
    next_backward,
    next_forward,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 11, 1, tzinfo=UTC)
TRACK = Track(Basis.UPDATED, timedelta(minutes=10), timedelta(days=90))
RECORDS = st.lists(st.integers(0, 1_000_000), min_size=1, max_size=5)


def test_a_window_looks_back_over_the_end_of_the_one_before() -> None:
    step = next_forward({"since": START.isoformat()}, END, TRACK)
    assert step is not None
    assert step.window.since == datetime(2025, 12, 31, 23, 50, tzinfo=UTC)
    assert step.window.until == datetime(2026, 1, 31, tzinfo=UTC)


def test_a_window_that_was_cut_off_is_opened_again_with_the_same_ends() -> None:
    step = next_forward({"since": START.isoformat()}, START + timedelta(days=1), TRACK)
    assert step is not None
    again = next_forward(step.paused("page 2"), END, TRACK)
    assert again is not None
    assert (again.window, again.after) == (step.window, "page 2")


def test_a_stream_that_has_arrived_has_no_window() -> None:
    assert next_forward({"since": END.isoformat()}, END, TRACK) is None
    position = {"from": START.isoformat(), "until": START.isoformat()}
    assert next_backward(position, TRACK) is None
    whole = {"from": START.isoformat(), "until": END.isoformat(), "done": "whole"}
    assert next_backward(whole, TRACK) is None


def test_half_a_window_is_asked_for_until_it_is_an_hour() -> None:
    position: Position = {"since": START.isoformat(), "note": "kept"}
    extents = []
    while True:
        step = next_forward(position, END, Track(Basis.CREATED))
        assert step is not None
        extents.append(step.window.until - step.window.since)
        narrowed = step.narrowed(step.paused("x"))
        if narrowed is None:
            break
        assert set(narrowed) == {"since", "note", "size_s"}
        position = narrowed
    assert extents[:3] == [timedelta(days=30), timedelta(days=15), timedelta(days=7, hours=12)]
    assert extents[-1] == SMALLEST_SIZE


def test_what_is_looked_back_upon_is_not_halved() -> None:
    hour = {"since": START.isoformat(), "size_s": "3600"}
    step = next_forward(hour, END, TRACK)
    assert step is not None
    assert step.narrowed(hour) is None


@given(RECORDS)
def test_forward_windows_reach_the_end_without_a_gap(records: list[int]) -> None:
    position: Position = {"since": START.isoformat()}
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
    position: Position = {"from": START.isoformat(), "until": END.isoformat()}
    reached, number = END, 0
    while (step := next_backward(position, TRACK)) is not None:
        assert step.window.until == reached
        assert timedelta(0) < step.window.until - step.window.since <= TRACK.longest
        reached = step.window.since
        position = step.finished(records[number % len(records)])
        number += 1
        assert ("done" in position) == (reached == START)
    assert reached == START


@given(st.integers(1, 10_000_000), st.floats(3_600, 15_000_000))
def test_the_next_window_is_at_most_twice_and_at_least_half_as_large(
    records: int, size_s: float
) -> None:
    position = {"since": START.isoformat(), "size_s": str(size_s)}
    step = next_forward(position, END, TRACK)
    assert isinstance(step, Step)
    next_s = float(step.finished(records)["size_s"])
    smallest, largest = SMALLEST_SIZE.total_seconds(), TRACK.largest.total_seconds()
    used_s = step.size.total_seconds()
    assert max(smallest, used_s / 2) - 1 <= next_s <= min(largest, used_s * 2)
