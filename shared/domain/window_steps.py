"""Windows of time over a vendor's records, and how a stream of them goes from one to the next; pure.

While a window is open its other end and the vendor's cursor stand in the position, so that a run that was cut
off opens the very same window again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic

from shared.domain.stream_positions import (
    Backward,
    ByWindows,
    Days,
    Done,
    Forward,
    OpenWindow,
    WithTime,
)

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
class Step(Generic[ByWindows]):
    """The next window of a stream, with the positions while it is open and after it."""

    track: Track
    window: SyncWindow
    size: timedelta
    opened: ByWindows
    closed: ByWindows
    after: str | None

    def paused(self, cursor: str) -> ByWindows:
        """The position between two pages of the window."""
        return self.opened.at_page(cursor)

    def finished(self, records: int) -> ByWindows:
        """The position after the window, which brought so many records; the next is sized by that."""
        factor = min(2.0, max(0.5, RECORDS_A_WINDOW / max(records, 1)))
        size = min(self.track.largest, max(SMALLEST_SIZE, self.size * factor))
        return replace(self.closed, size=_whole_seconds(size))

    def narrowed(self, standing: ByWindows) -> ByWindows | None:
        """The position from which half the window is asked for; None where it is small already."""
        extent = self.window.until - self.window.since - self.track.look_back
        if extent <= SMALLEST_SIZE:
            return None
        half = max(SMALLEST_SIZE, extent / 2)
        return replace(standing, window=None, size=_whole_seconds(half))


def from_the_future(position: WithTime | None, end: datetime) -> WithTime | None:
    """The place to put a stream back to that stands in the future; None where it does not.

    A machine whose clock was ahead has written it. What was read while it was is read again.
    """
    if position is None:
        return None
    if isinstance(position, Days):
        is_ahead = position.day > (end + ONE_DAY).date()
        return Days((end - READ_AGAIN).date()) if is_ahead else None
    if position.since is not None and position.since > end + CLOCK_TOLERANCE:
        return type(position)(since=end - READ_AGAIN)
    return None


def next_forward(position: Forward, end: datetime, track: Track) -> Step[Forward] | None:
    """The window after `since`, up to `end` at most; None where the stream is there."""
    since, size = position.since, _size(position.size, track)
    window = position.window or OpenWindow(min(end, since + size))
    until = window.end
    if since >= until:
        return None
    return Step(
        track=track,
        window=SyncWindow(track.basis, since - track.look_back, until),
        size=size,
        opened=replace(position, window=OpenWindow(until)),
        closed=Forward(until),
        after=window.after,
    )


def next_backward(position: Backward, track: Track) -> Step[Backward] | None:
    """The window before `until`, back to `first` at most; None where the stream is there."""
    if position.done is not None:
        return None
    until, size = position.until, _size(position.size, track)
    window = position.window or OpenWindow(max(position.first, until - size))
    since = window.end
    if since >= until:
        return None
    done = None if since > position.first else Done.WHOLE
    return Step(
        track=track,
        window=SyncWindow(track.basis, since, until),
        size=size,
        opened=replace(position, window=OpenWindow(since)),
        closed=Backward(position.first, since, done),
        after=window.after,
    )


def _size(size: timedelta | None, track: Track) -> timedelta:
    return min(track.largest, max(SMALLEST_SIZE, FIRST_SIZE if size is None else size))


def _whole_seconds(size: timedelta) -> timedelta:
    return timedelta(seconds=int(size.total_seconds()))


def align(positions: Sequence[ByWindows]) -> ByWindows:
    """Where streams that are read together go on: at the place of the one that is furthest behind.

    Streams that stand alike stay where they are, an open window included; others open a new window.
    """
    first = positions[0]
    if all(position == first for position in positions):
        return first
    if isinstance(first, Forward):
        return Forward(min(position.since for position in positions))
    done = None if any(position.done is None for position in positions) else first.done
    return Backward(
        min(position.first for position in positions),
        max(position.until for position in positions),
        done,
    )
