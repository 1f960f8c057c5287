"""Where a stream of a vendor's records stands, a type for each kind of stream; pure.

A type raises `InvalidInput` for what no run can go on from:

- an instant without its offset from UTC, or a window size that is not above 0;
- an open window that does not lead on from where the stream stands, or one of a stream that is done;
- a scan with pages and no beginning, or one that has begun and is neither at a cursor nor done.

It does not refuse all that looks odd, for runs do leave some of it behind. `Backward` may be whole though `until` lies
after `first`: two sites were aligned whose pasts begin on different days. `Scan` may be done before it began: the
clock was put back in between. `Days` takes any days in any order, and so do `Items` and `Reading` with instants.
Its JSON is spelled in `shared/persistence/repositories/stream_position_json.py`; `syncing.py` beside it writes the row.
"""

from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Self, TypeVar

from shared.errors import InvalidInput


class Done(StrEnum):
    """Why a stream that goes backwards has ended."""

    WHOLE = "whole"
    SCOPE_MISSING = "scope missing"


@dataclass(frozen=True, slots=True, eq=False)
class AsWritten:
    """Two are equal if the table would hold the same text of both: a stream moves by comparing that text.

    So the same instant in two time zones makes two that differ.
    """

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self) or not isinstance(other, AsWritten):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def _values(self) -> tuple[object, ...]:
        values = (getattr(self, each.name) for each in fields(self))
        return tuple(
            (value, value.utcoffset()) if isinstance(value, datetime) else value for value in values
        )


@dataclass(frozen=True, slots=True, eq=False)
class OpenWindow(AsWritten):
    """A window that has begun: its far end, and the vendor's cursor once a page of it is here."""

    end: datetime
    after: str | None = None

    def __post_init__(self) -> None:
        _aware(open=self.end)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Windowed(AsWritten):
    """A stream that goes through time by windows. `size` is how long the next one may be; None: the first size."""

    size: timedelta | None = None
    window: OpenWindow | None = None

    def at_page(self, cursor: str) -> Self:
        """The position between two pages of its window; raises `InvalidInput` where none is open."""
        if self.window is None:
            raise InvalidInput("after: a cursor needs an open window; open one first")
        return replace(self, window=replace(self.window, after=cursor))

    @property
    def is_between_pages(self) -> bool:
        """Whether it goes on at a cursor of the vendor's."""
        return self.window is not None and self.window.after is not None


@dataclass(frozen=True, slots=True, eq=False)
class Forward(Windowed):
    """All is here up to `since`. An open window ends after it."""

    since: datetime

    def __post_init__(self) -> None:
        _aware(since=self.since)
        _sized(self.size)
        if self.window is not None and self.window.end <= self.since:
            raise InvalidInput("open: a window ends after `since`; give a later instant")

    @property
    def complete_until(self) -> datetime | None:
        """Up to when everything is here."""
        return self.since


@dataclass(frozen=True, slots=True, eq=False)
class Backward(Windowed):
    """What was created from `until` on is here. `first` is the goal. An open window begins before `until`."""

    first: datetime
    until: datetime
    done: Done | None = None

    def __post_init__(self) -> None:
        _aware(**{"from": self.first, "until": self.until})
        _sized(self.size)
        if self.window is not None and self.window.end >= self.until:
            raise InvalidInput("open: a window begins before `until`; give an earlier instant")
        if self.window is not None and self.done is not None:
            raise InvalidInput("done: a stream that is done has no open window; remove one of them")

    @property
    def complete_until(self) -> datetime | None:
        """None until it is done. Then how far back its records go."""
        return None if self.done is None else self.until


@dataclass(frozen=True, slots=True, eq=False)
class Scan(AsWritten):
    """A reading of all there is, with the stock of a day: not begun, at a cursor, or done.

    `unclear` says that a record of it could not be read and does not say which product it is.
    """

    day: date
    began: datetime | None = None
    after: str | None = None
    done: datetime | None = None
    unclear: bool = False

    def __post_init__(self) -> None:
        _aware(began=self.began, done=self.done)
        ends = (self.after is not None) + (self.done is not None)
        if self.began is None and (ends or self.unclear):
            raise InvalidInput("began: a scan that has pages says when it began; give the instant")
        if self.began is not None and ends != 1:
            raise InvalidInput(
                "after: a scan that has begun is at a cursor or done; give one of them"
            )

    @property
    def complete_until(self) -> datetime | None:
        """None: a scan says what is, not what has been."""
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Days(AsWritten):
    """Balances were asked for up to `day`. Those of the days `left` are still to be asked for, in this order."""

    day: date
    left: tuple[date, ...] = ()

    @property
    def complete_until(self) -> datetime | None:
        """None: days say no instant."""
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Reading(AsWritten):
    """A reading of a list that has not ended: when it began, and the vendor's cursor that it is at."""

    began: datetime
    after: str

    def __post_init__(self) -> None:
        _aware(began=self.began)


@dataclass(frozen=True, slots=True, eq=False)
class Items(AsWritten):
    """All that changed in a list up to `since` is here. None: the whole list is still to be read."""

    since: datetime | None = None
    reading: Reading | None = None

    def __post_init__(self) -> None:
        _aware(since=self.since)

    @property
    def complete_until(self) -> datetime | None:
        """Up to when everything is here."""
        return self.since


Position = Forward | Backward | Scan | Days | Items
AnyPosition = TypeVar("AnyPosition", Forward, Backward, Scan, Days, Items)
ByWindows = TypeVar("ByWindows", Forward, Backward)
# What may stand ahead of the clock.
WithTime = TypeVar("WithTime", Forward, Days, Items)


def _aware(**instants: datetime | None) -> None:
    for name, instant in instants.items():
        if instant is not None and instant.tzinfo is None:
            raise InvalidInput(
                f"{name}: an instant needs its offset from UTC; write +00:00 behind it"
            )


def _sized(size: timedelta | None) -> None:
    if size is not None and size <= timedelta(0):
        raise InvalidInput("size_s: a window is longer than nothing; give seconds above 0")
