"""How far each stream of a credential has come, and the records that were set aside."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from shared.domain.rejections import RejectionGroup
from shared.domain.sales import RejectedRecord
from shared.domain.stream_positions import AnyPosition, Position
from shared.errors import InvalidInput
from shared.persistence.database import Connection
from shared.persistence.repositories.stream_position_json import Spelled, decode, encode

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

MOVE = """
INSERT INTO sync_cursors AS c (credential_id, stream, position, complete_until)
SELECT %(id)s, %(stream)s::varchar, %(new)s, %(complete_until)s::timestamptz
WHERE %(old)s = '{}'::jsonb
    OR EXISTS (SELECT FROM sync_cursors WHERE credential_id = %(id)s AND stream = %(stream)s::varchar)
ON CONFLICT (credential_id, stream) DO UPDATE SET position = excluded.position,
    complete_until = excluded.complete_until, updated_at = now()
WHERE c.position = %(old)s
"""


class CursorRepository:
    """One position for each credential and stream."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, credential_id: UUID, stream: str, kind: type[AnyPosition]) -> AnyPosition | None:
        """Where the stream stands; None until it was given a position, or where an empty one is kept.

        Raises `InvalidInput` for what cannot be read. What is spelled otherwise than we do is written again.
        """
        row = self._connection.execute(
            "SELECT position, complete_until FROM sync_cursors WHERE credential_id = %s AND stream = %s",
            (credential_id, stream),
        ).fetchone()
        if row is None:
            return None
        try:
            found = decode(kind, row["position"])
        except InvalidInput as error:
            raise self._unreadable(credential_id, stream, error) from None
        reached = None if found is None else found.complete_until
        if encode(found) != row["position"] or reached != row["complete_until"]:
            self._respell(credential_id, stream, row["position"], found)
        return found

    def move(self, credential_id: UUID, stream: str, old: Position | None, new: Position) -> bool:
        """Moves the position, in the transaction of the rows that it stands for; False if it is not `old`."""
        moved = self._connection.execute(
            MOVE,
            {
                "id": credential_id,
                "stream": stream,
                "old": Jsonb(encode(old)),
                "new": Jsonb(encode(new)),
                "complete_until": new.complete_until,
            },
        )
        return moved.rowcount == 1

    def spell(self, position: Position) -> Spelled:
        """The position as the table holds it, for the audit log."""
        return encode(position)

    def _respell(
        self, credential_id: UUID, stream: str, kept: object, found: Position | None
    ) -> None:
        """Writes what a person or an older release has spelled as we do: `move` and queries rely on it."""
        self._connection.execute(
            "UPDATE sync_cursors SET position = %s, complete_until = %s "
            "WHERE credential_id = %s AND stream = %s AND position = %s",
            (
                Jsonb(encode(found)),
                None if found is None else found.complete_until,
                credential_id,
                stream,
                Jsonb(kept),
            ),
        )

    def _unreadable(self, credential_id: UUID, stream: str, error: InvalidInput) -> InvalidInput:
        row = self._connection.execute(
            "SELECT service_name FROM api_credentials WHERE id = %s", (credential_id,)
        ).fetchone()
        service = row["service_name"] if row else credential_id
        return InvalidInput(
            f"{service}: the position of the stream {stream} in sync_cursors cannot be read: {error.message}, "
            "or delete all rows of the credential there, and everything is read again"
        )


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
