"""How positions are spelled in the table: what is written is read again, and what older releases wrote as well."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

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
    Position,
    Reading,
    Scan,
)
from shared.errors import InvalidInput
from shared.persistence.repositories.stream_position_json import decode, encode

START = datetime(2026, 1, 1, tzinfo=UTC)
NEXT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
DAY = date(2026, 1, 1)

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda each: timezone(timedelta(minutes=each)))
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=ZONES)  # noqa: DTZ001
CURSORS = st.none() | st.text()
SIZES = st.none() | st.timedeltas(timedelta(microseconds=1), timedelta(days=4000))


@st.composite
def forwards(draw: st.DrawFn) -> Forward:
    since, end = draw(INSTANTS), draw(INSTANTS)
    window = OpenWindow(end, draw(CURSORS)) if end > since else None
    return Forward(since, size=draw(SIZES), window=window)


@st.composite
def backwards(draw: st.DrawFn) -> Backward:
    first, until, end = draw(INSTANTS), draw(INSTANTS), draw(INSTANTS)
    window = OpenWindow(end, draw(CURSORS)) if end < until else None
    done = draw(st.none() | st.sampled_from(Done)) if window is None else None
    return Backward(first, until, done, size=draw(SIZES), window=window)


@st.composite
def scans(draw: st.DrawFn) -> Scan:
    day, began = draw(st.dates()), draw(st.none() | INSTANTS)
    if began is None:
        return Scan(day)
    after = draw(CURSORS)
    done = draw(INSTANTS) if after is None else None
    return Scan(day, began, after, done, draw(st.booleans()))


DAYS = st.builds(Days, st.dates(), st.lists(st.dates()).map(tuple))
ITEMS = st.builds(Items, st.none() | INSTANTS, st.none() | st.builds(Reading, INSTANTS, st.text()))


@given(forwards() | backwards() | scans() | DAYS | ITEMS)
def test_what_is_written_is_read_again_and_written_alike(position: Position) -> None:
    spelled = encode(position)
    assert all(isinstance(text, str) for text in spelled.values())
    kind: Any = type(position)
    found = decode(kind, spelled)
    assert found == (position if spelled else None)
    assert encode(found) == spelled


LITERAL: list[tuple[Position, dict[str, str]]] = [
    (Forward(START), {"since": "2026-01-01T00:00:00+00:00"}),
    (
        Forward(START, size=timedelta(days=30), window=OpenWindow(NEXT, "page 2")),
        {
            "since": "2026-01-01T00:00:00+00:00",
            "size_s": "2592000",
            "open": "2026-01-02T03:04:05.678000+00:00",
            "after": "page 2",
        },
    ),
    (
        Backward(START.astimezone(timezone(timedelta(hours=-8))), NEXT, window=OpenWindow(START)),
        {
            "from": "2025-12-31T16:00:00-08:00",
            "until": "2026-01-02T03:04:05.678000+00:00",
            "open": "2026-01-01T00:00:00+00:00",
        },
    ),
    (
        Backward(START, START, Done.WHOLE, size=timedelta(hours=1)),
        {
            "from": "2026-01-01T00:00:00+00:00",
            "until": "2026-01-01T00:00:00+00:00",
            "done": "whole",
            "size_s": "3600",
        },
    ),
    (
        Backward(START, NEXT, Done.SCOPE_MISSING),
        {
            "from": "2026-01-01T00:00:00+00:00",
            "until": "2026-01-02T03:04:05.678000+00:00",
            "done": "scope missing",
        },
    ),
    (Scan(DAY), {"day": "2026-01-01"}),
    (
        Scan(DAY, START, "", unclear=True),
        {
            "day": "2026-01-01",
            "began": "2026-01-01T00:00:00+00:00",
            "after": "",
            "unclear": "true",
        },
    ),
    (
        Scan(DAY, START, None, NEXT),
        {
            "day": "2026-01-01",
            "began": "2026-01-01T00:00:00+00:00",
            "done": "2026-01-02T03:04:05.678000+00:00",
        },
    ),
    (Days(DAY), {"day": "2026-01-01"}),
    (
        Days(DAY, (date(2026, 1, 2), date(2026, 1, 3))),
        {"day": "2026-01-01", "left": "2026-01-02 2026-01-03"},
    ),
    (Items(START), {"since": "2026-01-01T00:00:00+00:00"}),
    (
        Items(None, Reading(NEXT, "page 2")),
        {"began": "2026-01-02T03:04:05.678000+00:00", "after": "page 2"},
    ),
    (
        Items(START, Reading(NEXT, "page 2")),
        {
            "since": "2026-01-01T00:00:00+00:00",
            "began": "2026-01-02T03:04:05.678000+00:00",
            "after": "page 2",
        },
    ),
]


@pytest.mark.parametrize(("position", "spelled"), LITERAL)
def test_a_position_stands_in_the_table_as_it_did_when_it_was_a_text(
    position: Position, spelled: dict[str, str]
) -> None:
    assert encode(position) == spelled
    kind: Any = type(position)
    assert decode(kind, spelled) == position


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        # A scan of the first release was a cursor alone; later it had a day and no beginning.
        ({"after": "x"}, (Scan, None)),
        ({"day": "2026-01-01", "after": "x"}, (Scan, Scan(DAY))),
        # A past that ended early in the middle of a window kept the cursor and lost the window.
        (
            {
                "from": START.isoformat(),
                "until": NEXT.isoformat(),
                "after": "x",
                "done": "scope missing",
            },
            (Backward, Backward(START, NEXT, Done.SCOPE_MISSING)),
        ),
        (
            {"since": "2026-01-01T00:00:00Z", "size_s": "90000.5", "note": "x"},
            (Forward, Forward(START, size=timedelta(seconds=90000.5))),
        ),
        ({"since": START.isoformat(), "after": "x"}, (Items, Items(START))),
    ],
)
def test_what_an_older_release_or_a_person_wrote_is_read(
    kept: dict[str, str], expected: tuple[Any, Position | None]
) -> None:
    kind, position = expected
    assert decode(kind, kept) == position


@pytest.mark.parametrize("kind", [Forward, Backward, Scan, Days, Items])
def test_nothing_is_no_position(kind: Any) -> None:
    assert decode(kind, {}) is None
    assert encode(None) == {}


SINCE = {"since": START.isoformat()}
ENDS = {"from": START.isoformat(), "until": NEXT.isoformat()}


@pytest.mark.parametrize(
    ("kind", "kept", "fault"),
    [
        (Forward, ["since"], "position: it is no JSON object"),
        (Forward, {"day": "2026-01-01"}, "since: it is missing"),
        (Forward, {"since": "yesterday"}, "since: 'yesterday' is not an instant"),
        (Forward, {"since": None}, "since: None is no text"),
        (Forward, {"since": 1}, "since: 1 is no text"),
        (Forward, {"since": "2026-01-01T00:00:00"}, "since: an instant needs its offset"),
        (Forward, {**SINCE, "size_s": "long"}, "size_s: 'long' is not a number of seconds"),
        (Forward, {**SINCE, "size_s": "inf"}, "size_s: 'inf' is not a number of seconds"),
        (Forward, {**SINCE, "size_s": "nan"}, "size_s: 'nan' is not a number of seconds"),
        (Forward, {**SINCE, "size_s": "-1"}, "size_s: a window is longer than nothing"),
        (Forward, {**SINCE, "open": START.isoformat()}, "open: a window ends after"),
        (Backward, {"until": START.isoformat()}, "from: it is missing"),
        (Backward, {**ENDS, "done": "nearly"}, "done: 'nearly' is not one of whole, scope missing"),
        (Backward, {**ENDS, "done": "whole", "open": START.isoformat()}, "done: a stream that is"),
        (Scan, {"day": "1st of May"}, "day: '1st of May' is not a day"),
        (Days, {"left": "2026-01-01"}, "day: it is missing"),
        (Days, {"day": "2026-01-01", "left": "2026-01-02, 2026-01-03"}, "left: '2026-01-02,' is"),
        (Items, {"since": "x"}, "since: 'x' is not an instant"),
    ],
)
def test_a_position_that_cannot_be_read_names_its_field(kind: Any, kept: Any, fault: str) -> None:
    with pytest.raises(InvalidInput, match=fault):
        decode(kind, kept)
