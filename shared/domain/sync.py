"""Windows of time over a vendor's records, and where a stream of them stands; pure.

A stream's position is a JSON object of texts. `since` (or `until`, where it goes backwards) is how far it
has come; while a window is open its other end and the vendor's cursor stand beside it, so that a run that
was cut off opens the very same window again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

Position = dict[str, str]

FIRST_SIZE = timedelta(days=30)
SMALLEST_SIZE = timedelta(hours=1)
# A window that brings so many records is neither lost work when it fails nor a round trip for nothing.
RECORDS_A_WINDOW = 50_000
# Clocks of a server and of its standby differ by less; a position further ahead is a mistake.
ONE_DAY = timedelta(days=1)
CLOCK_TOLERANCE = timedelta(minutes=10)
READ_AGAIN = timedelta(days=7)


class Basis(StrEnum):
    """Which instant of a record the window means."""

    CREATED = "created"
    UPDATED = "updated"


@dataclass(frozen=True, slots=True)
class SyncWindow:
    """Records whose instant lies from `since` to `until`, both included and aware."""

    basis: Basis
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Track:
    """How a stream goes through time: which instant, how far it looks back, how long its windows may be with that."""

    basis: Basis
    look_back: timedelta = timedelta(0)
    longest: timedelta = timedelta(days=180)

    @property
    def largest(self) -> timedelta:
        """How far a window may go on from the one before it."""
        return max(SMALLEST_SIZE, self.longest - self.look_back)


@dataclass(frozen=True, slots=True)
class Step:
    """The next window of a stream, with the positions while it is open and after it."""

    track: Track
    window: SyncWindow
    size: timedelta
    opened: Position
    after: str | None
    closed: Position

    def paused(self, cursor: str) -> Position:
        """The position between two pages of the window."""
        return {**self.opened, "after": cursor}

    def finished(self, records: int) -> Position:
        """The position after the window, which brought so many records; the next is sized by that."""
        factor = min(2.0, max(0.5, RECORDS_A_WINDOW / max(records, 1)))
        size = min(self.track.largest, max(SMALLEST_SIZE, self.size * factor))
        return {**self.closed, "size_s": str(int(size.total_seconds()))}

    def narrowed(self, standing: Position) -> Position | None:
        """The position from which half the window is asked for; None where it is small already."""
        extent = self.window.until - self.window.since - self.track.look_back
        if extent <= SMALLEST_SIZE:
            return None
        left_out = {"open", "after", "size_s"}
        kept = {name: value for name, value in standing.items() if name not in left_out}
        half = max(SMALLEST_SIZE, extent / 2)
        return {**kept, "size_s": str(int(half.total_seconds()))}


def from_the_future(position: Mapping[str, str], end: datetime) -> Position | None:
    """The place to go on from where a stream claims to have read what has not happened yet; None where it does not.

    A machine whose clock was ahead has written it. What was read while it was is read again.
    """
    since, day = position.get("since"), position.get("day")
    if since is not None and datetime.fromisoformat(since) > end + CLOCK_TOLERANCE:
        return {"since": (end - READ_AGAIN).isoformat()}
    if day is not None and day > (end + ONE_DAY).date().isoformat():
        return {"day": (end - READ_AGAIN).date().isoformat()}
    return None


def next_forward(position: Mapping[str, str], end: datetime, track: Track) -> Step | None:
    """The window after `since`, up to `end` at most; None where the stream is there."""
    since, size = datetime.fromisoformat(position["since"]), _size(position, track)
    until = datetime.fromisoformat(position.get("open", min(end, since + size).isoformat()))
    if since >= until:
        return None
    return Step(
        track=track,
        window=SyncWindow(track.basis, since - track.look_back, until),
        size=size,
        opened={**_standing(position), "open": until.isoformat()},
        after=position.get("after"),
        closed={"since": until.isoformat()},
    )


def next_backward(position: Mapping[str, str], track: Track) -> Step | None:
    """The window before `until`, back to `from` at most; None where the stream is there."""
    if "done" in position:
        return None
    until, size = datetime.fromisoformat(position["until"]), _size(position, track)
    last = datetime.fromisoformat(position["from"])
    since = datetime.fromisoformat(position.get("open", max(last, until - size).isoformat()))
    if since >= until:
        return None
    closed = {"from": position["from"], "until": since.isoformat()}
    return Step(
        track=track,
        window=SyncWindow(track.basis, since, until),
        size=size,
        opened={**_standing(position), "open": since.isoformat()},
        after=position.get("after"),
        closed=closed if since > last else {**closed, "done": "whole"},
    )


def _standing(position: Mapping[str, str]) -> Position:
    return {name: value for name, value in position.items() if name not in {"open", "after"}}


def _size(position: Mapping[str, str], track: Track) -> timedelta:
    size = timedelta(seconds=float(position.get("size_s", FIRST_SIZE.total_seconds())))
    return min(track.largest, max(SMALLEST_SIZE, size))


def align(positions: Sequence[Mapping[str, str]]) -> Position:
    """Where streams that are read together go on: at the place of the one that is furthest behind.

    Streams that stand alike stay where they are, an open window included; others open a new window.
    """
    first = dict(positions[0])
    if all(position == first for position in positions):
        return first
    if "until" not in first:
        return {"since": _earliest(position["since"] for position in positions)}
    reached = [position["until"] for position in positions]
    place = {
        "from": _earliest(position["from"] for position in positions),
        "until": max(reached, key=datetime.fromisoformat),
    }
    ends = [position["done"] for position in positions if "done" in position]
    return place | ({"done": ends[0]} if len(ends) == len(positions) else {})


def _earliest(instants: Iterable[str]) -> str:
    return min(instants, key=datetime.fromisoformat)
