"""How far each stream of a credential has come, and the records that were set aside."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from shared.domain.rejections import RejectionGroup
from shared.domain.sales import RejectedRecord
from shared.domain.sync import Position
from shared.persistence.database import Connection

# Values that differ from record to record, such as a quoted text or a number, do not make another reason.
GROUPS = """
SELECT coalesce(c.service_name, '') AS service, r.stream, r.field,
       regexp_replace(regexp_replace(r.reason, '''[^'']*''|"[^"]*"', '…', 'g'), '-?[0-9][0-9.,]*', '#', 'g') AS reason,
       count(*) AS records, sum(r.times_seen) AS times_seen, min(r.first_seen_at) AS first_seen_at,
       max(r.last_seen_at) AS last_seen_at, min(r.record_key) AS example,
       (array_agg(r.reason ORDER BY r.record_key))[1] AS example_reason
FROM rejected_records r LEFT JOIN api_credentials c ON c.id = r.credential_id
WHERE %(service)s::text IS NULL OR c.service_name = %(service)s
GROUP BY 1, 2, 3, 4 ORDER BY count(*) DESC, 1, 2, 3, 4
"""


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

    def add(
        self, credential_id: UUID | None, stream: str, records: Sequence[RejectedRecord]
    ) -> None:
        """Sets records aside; one seen again is counted, not doubled. Without a credential: our own figures."""
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

    def forget(self, stream: str, keys: Sequence[str]) -> None:
        """Forgets what was set aside of our own figures."""
        self._connection.execute(
            "DELETE FROM rejected_records WHERE credential_id IS NULL AND stream = %s "
            "AND record_key = ANY(%s::text[])",
            (stream, list(keys)),
        )

    def groups(self, service: str | None = None) -> list[RejectionGroup]:
        """What was set aside, by service, stream, field and reason, the largest group first."""
        with self._connection.cursor(row_factory=class_row(RejectionGroup)) as cursor:
            return cursor.execute(GROUPS, {"service": service}).fetchall()

    def counts(self) -> dict[str, int]:
        """How many records are set aside, by service."""
        rows = self._connection.execute(
            "SELECT c.service_name, count(*) AS n FROM rejected_records r "
            "JOIN api_credentials c ON c.id = r.credential_id GROUP BY c.service_name"
        )
        return {row["service_name"]: row["n"] for row in rows}
