"""How far each stream of a credential has come, and the records that were set aside."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.domain.sales import RejectedRecord
from shared.domain.sync import Position
from shared.persistence.database import Connection


class CursorRepository:
    """One position for each credential and stream."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, credential_id: UUID, stream: str) -> Position:
        """Where the stream stands; empty before its first page."""
        row = self._connection.execute(
            "SELECT position FROM sync_cursors WHERE credential_id = %s AND stream = %s",
            (credential_id, stream),
        ).fetchone()
        return dict(row["position"]) if row else {}

    def move(self, credential_id: UUID, stream: str, old: Position, new: Position) -> bool:
        """Moves the position, in the transaction of the rows that it stands for; False if it is not `old`."""
        moved = self._connection.execute(
            "INSERT INTO sync_cursors AS c (credential_id, stream, position) "
            "SELECT %(id)s, %(stream)s::varchar, %(new)s WHERE %(old)s = '{}'::jsonb OR EXISTS ("
            "SELECT FROM sync_cursors WHERE credential_id = %(id)s AND stream = %(stream)s::varchar) "
            "ON CONFLICT (credential_id, stream) "
            "DO UPDATE SET position = excluded.position, updated_at = now() WHERE c.position = %(old)s",
            {"id": credential_id, "stream": stream, "old": Jsonb(old), "new": Jsonb(new)},
        )
        return moved.rowcount == 1


class RejectionRepository:
    """Records that could not be taken in."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, credential_id: UUID, stream: str, records: Sequence[RejectedRecord]) -> None:
        """Sets records aside; one seen again is counted, not doubled."""
        if not records:
            return
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO rejected_records (credential_id, stream, record_key, field, reason) "
                "VALUES (%s, %s, %s, %s, %s) ON CONFLICT (credential_id, stream, record_key) "
                "DO UPDATE SET field = excluded.field, reason = excluded.reason, "
                "times_seen = rejected_records.times_seen + 1, last_seen_at = now()",
                [(credential_id, stream, r.record_key, r.field, r.reason) for r in records],
            )
