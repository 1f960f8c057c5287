"""Rows that the database refuses are set aside one by one; all others are written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import psycopg

from shared.domain.rejections import reject
from shared.domain.sales import RejectedRecord
from shared.errors import SkipRecord
from shared.persistence.database import Connection

RowT = TypeVar("RowT")
# A value that its column cannot hold, a constraint that the row breaks, half a character.
REFUSALS = (psycopg.DataError, psycopg.IntegrityError, UnicodeEncodeError)


@dataclass(slots=True)
class Written(Generic[RowT]):
    """How many rows changed, and those that were refused, each with its field and reason."""

    changed: int = 0
    refused: list[tuple[RowT, SkipRecord]] = field(default_factory=list)

    def rejected(self, key: Callable[[RowT], object]) -> tuple[RejectedRecord, ...]:
        """The refused rows as records set aside under their keys."""
        return tuple(reject(key(row), error) for row, error in self.refused)


def write_apart(
    connection: Connection, rows: Sequence[RowT], write: Callable[[Sequence[RowT]], int]
) -> Written[RowT]:
    """Writes rows in one statement; where PostgreSQL refuses them, in halves, until the odd ones stand alone.

    `write` returns how many rows changed. Runs inside the transaction that is open; other errors pass.
    """
    if not rows:
        return Written()
    connection.execute("SAVEPOINT apart")
    try:
        changed = write(rows)
    except REFUSALS as error:
        connection.execute("ROLLBACK TO SAVEPOINT apart; RELEASE SAVEPOINT apart")
        if len(rows) == 1:
            return Written(0, [(rows[0], _reason(error))])
        middle = len(rows) // 2
        first = write_apart(connection, rows[:middle], write)
        second = write_apart(connection, rows[middle:], write)
        return Written(first.changed + second.changed, first.refused + second.refused)
    connection.execute("RELEASE SAVEPOINT apart")
    return Written(changed)


def _reason(error: Exception) -> SkipRecord:
    """What the database found wrong, without the row itself."""
    if not isinstance(error, psycopg.Error):
        return SkipRecord("row: holds half a character")
    diag = error.diag
    place = diag.constraint_name or diag.column_name or "row"
    return SkipRecord(f"{place}: {diag.message_primary or 'cannot be kept'}")
