"""How positions are spelled as JSON in `sync_cursors`: objects of texts; pure.

What an older release wrote is read too. A cursor whose window or beginning does not stand beside it is left
out, and its pages are read again. A stream that does not say its own instant or day is an error that names it.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import TypeVar, cast

from shared.domain.stream_positions import (
    AnyPosition,
    Backward,
    Days,
    Done,
    Forward,
    Items,
    OpenWindow,
    Position,
    Reading,
    Scan,
    Windowed,
)
from shared.errors import InvalidInput

Spelled = dict[str, str]
Value = TypeVar("Value")


def encode(position: Position | None) -> Spelled:
    """The JSON of a position; empty for a stream that stands nowhere yet."""
    match position:
        case None:
            return {}
        case Forward():
            return {"since": position.since.isoformat()} | _window(position)
        case Backward():
            ends = {"from": position.first.isoformat(), "until": position.until.isoformat()}
            return ends | _window(position) | _given(done=position.done)
        case Scan():
            unclear = "true" if position.unclear else None
            return {"day": position.day.isoformat()} | _given(
                began=position.began, after=position.after, done=position.done, unclear=unclear
            )
        case Days():
            left = " ".join(day.isoformat() for day in position.left)
            return {"day": position.day.isoformat()} | _given(left=left or None)
        case Items():
            reading = position.reading
            return _given(since=position.since) | (
                _given(began=reading.began, after=reading.after) if reading else {}
            )


def decode(kind: type[AnyPosition], kept: object) -> AnyPosition | None:
    """The position that JSON says; None where it says none. Raises `InvalidInput` for what cannot be read."""
    if not isinstance(kept, dict):
        raise InvalidInput("position: it is no JSON object; write {} at least")
    if not kept:
        return None
    return cast("AnyPosition | None", READERS[kind](Fields(kept)))


class Fields:
    """The fields of a position's JSON; each is named where it cannot be read."""

    def __init__(self, kept: Mapping[str, object]) -> None:
        self._kept = kept

    def text(self, name: str) -> str | None:
        """The text; None where there is none."""
        value = self._kept.get(name)
        if value is None and name not in self._kept:
            return None
        if not isinstance(value, str):
            raise InvalidInput(f"{name}: {value!r} is no text; write it in quotes")
        return value

    def needed(self, name: str) -> str:
        """The text of a field without which the position says nothing."""
        text = self.text(name)
        if text is None:
            raise InvalidInput(f"{name}: it is missing; write it")
        return text

    def instant(self, name: str) -> datetime | None:
        """The instant; None where there is none."""
        text = self.text(name)
        return None if text is None else _read(name, text, datetime.fromisoformat, "an instant")

    def needed_instant(self, name: str) -> datetime:
        """The instant of a field without which the position says nothing."""
        return _read(name, self.needed(name), datetime.fromisoformat, "an instant")

    def days(self, name: str) -> tuple[date, ...]:
        """The days, which blanks keep apart."""
        text = self.text(name) or ""
        return tuple(_read(name, each, date.fromisoformat, "a day") for each in text.split())

    def size(self) -> timedelta | None:
        """The length of the next window; None where none is set."""
        text = self.text("size_s")
        return None if text is None else _read("size_s", text, _seconds, "a number of seconds")

    def window(self) -> OpenWindow | None:
        """The open window; None where none is open."""
        end = self.instant("open")
        return None if end is None else OpenWindow(end, self.text("after"))

    def reading(self) -> Reading | None:
        """The reading that is at a cursor; None where none is."""
        began, after = self.instant("began"), self.text("after")
        return None if began is None or after is None else Reading(began, after)


def _forward(fields: Fields) -> Forward:
    since = fields.needed_instant("since")
    return Forward(since, size=fields.size(), window=fields.window())


def _backward(fields: Fields) -> Backward:
    done = fields.text("done")
    return Backward(
        fields.needed_instant("from"),
        fields.needed_instant("until"),
        None if done is None else _read("done", done, Done, f"one of {', '.join(Done)}"),
        size=fields.size(),
        window=fields.window(),
    )


def _scan(fields: Fields) -> Scan | None:
    text = fields.text("day")
    if text is None:
        # The first release noted a cursor alone: the scan begins again.
        return None
    day = _read("day", text, date.fromisoformat, "a day")
    began, after, done = fields.instant("began"), fields.text("after"), fields.instant("done")
    if began is None or (after is None and done is None):
        return Scan(day)
    return Scan(day, began, after, done, fields.text("unclear") is not None)


def _days(fields: Fields) -> Days:
    day = _read("day", fields.needed("day"), date.fromisoformat, "a day")
    return Days(day, fields.days("left"))


def _items(fields: Fields) -> Items | None:
    since, reading = fields.instant("since"), fields.reading()
    return None if since is None and reading is None else Items(since, reading)


READERS: dict[type[Position], Callable[[Fields], Position | None]] = {
    Forward: _forward,
    Backward: _backward,
    Scan: _scan,
    Days: _days,
    Items: _items,
}


def _window(position: Windowed) -> Spelled:
    size, window = position.size, position.window
    spelled = {} if size is None else {"size_s": _spell_seconds(size)}
    return spelled | (_given(open=window.end, after=window.after) if window else {})


def _given(**values: datetime | str | None) -> Spelled:
    return {
        name: value.isoformat() if isinstance(value, datetime) else str(value)
        for name, value in values.items()
        if value is not None
    }


def _seconds(text: str) -> timedelta:
    return timedelta(seconds=float(text))


def _spell_seconds(size: timedelta) -> str:
    seconds = size.total_seconds()
    return str(int(seconds)) if seconds.is_integer() else str(seconds)


def _read(name: str, text: str, read: Callable[[str], Value], what: str) -> Value:
    try:
        return read(text)
    except (ValueError, OverflowError):
        raise InvalidInput(f"{name}: {text[:50]!r} is not {what}; correct it") from None
