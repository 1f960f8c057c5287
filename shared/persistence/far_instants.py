"""Instants that PostgreSQL keeps and Python cannot: 'infinity', and years beyond 9999.

Nothing of the kind comes in any more. A row that has one is read as far away instead of ending the list that it
stands in.
"""

from datetime import UTC, date, datetime

from psycopg import DataError
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap
from psycopg.types.datetime import DateLoader, TimestamptzLoader

# Arithmetic from here stays within Python's years.
LONG_AGO, FAR_AWAY = datetime(1000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class FarTimestamptzLoader(TimestamptzLoader):
    """An instant, the nearest that Python can count with where it is none of its own."""

    def load(self, data: Buffer) -> datetime:
        """The instant."""
        try:
            return super().load(data)
        except DataError:
            return LONG_AGO if _is_past(data) else FAR_AWAY


class FarDateLoader(DateLoader):
    """A day, likewise."""

    def load(self, data: Buffer) -> date:
        """The day."""
        try:
            return super().load(data)
        except DataError:
            return (LONG_AGO if _is_past(data) else FAR_AWAY).date()


def read_far_instants(adapters: AdaptersMap) -> None:
    """Lets a connection read them."""
    adapters.register_loader("timestamptz", FarTimestamptzLoader)
    adapters.register_loader("date", FarDateLoader)


def _is_past(data: Buffer) -> bool:
    text = bytes(data)
    return text.startswith(b"-") or text.endswith(b"BC")
