"""Places in a stream as texts: what must be known to go on where a run ended."""

import json
from datetime import datetime, timedelta

from shared.errors import CursorExpired

# Amazon forgets a page token of orders after so long; a little earlier it is not worth a call.
TOKEN_LIVES = timedelta(hours=23, minutes=55)

Place = dict[str, str | int]


def write_place(**parts: str | int | None) -> str:
    """The cursor that holds these parts."""
    return json.dumps({name: part for name, part in parts.items() if part is not None})


def read_place(cursor: str | None) -> Place:
    """The parts of a cursor, none for the start; raises `CursorExpired` for one that is not ours."""
    if cursor is None:
        return {}
    try:
        place = json.loads(cursor)
    except ValueError:
        place = None
    if not isinstance(place, dict):
        raise CursorExpired("amazon: the cursor cannot be read; the window begins again")
    return place


def check_age(place: Place, now: datetime) -> None:
    """Raises `CursorExpired` where the place's token is too old."""
    got_at = place.get("at")
    try:
        age = now - datetime.fromisoformat(str(got_at))
    except (ValueError, TypeError):
        raise CursorExpired("amazon: the cursor has no age; the window begins again") from None
    if age > TOKEN_LIVES:
        raise CursorExpired("amazon: the page token is older than a day; the window begins again")
