"""Instants as they are typed."""

from datetime import datetime

from shared.errors import InvalidInput


def read_instant(text: str, field: str = "at") -> datetime:
    """An instant with its zone; raises `InvalidInput`."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise InvalidInput(
            f"{field}: {text!r} is not an instant; write one like 2026-11-23T04:00:00Z"
        )
    return instant
