"""Bring one tenant's schema to a revision, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql
from psycopg.errors import DivisionByZero, UndefinedTable

from shared.errors import InvalidInput
from shared.persistence.migrations.schema_versions import Connection, SchemaVersion
from shared.persistence.migrations.steps import Step

# A migration must not queue behind a long query and hold up everybody else behind itself.
LOCK_TIMEOUT_MS = 300

# A commit that a crash of the server loses leaves the schema as it was, for the next run: none waits for the disk
# but the last (`make_durable`).
OPEN = """
BEGIN;
SET LOCAL ROLE capliquify_lifecycle;
SET LOCAL search_path = {schema};
SET LOCAL lock_timeout = {timeout};
SET LOCAL synchronous_commit = off;
"""

# The tenant's row is held, so that two runs at once take turns; its readers and children are not hindered.
LOOK = """
SELECT to_regclass('alembic_version') IS NOT NULL, schema_revision
    FROM public.tenants WHERE id = {tenant} FOR NO KEY UPDATE
"""

RECORD = "UPDATE public.tenants SET schema_revision = {after} WHERE id = {tenant};"

# Fails, by a division by zero, where the schema does not stand where the registry says.
EXPECT = "SELECT 1 / count(*) FROM alembic_version WHERE version_num = {before};"

AUDIT = """
INSERT INTO public.audit_logs (tenant_id, action, resource_type, resource_id, changes, metadata)
VALUES ({tenant}, 'schema.migrated', 'schema', {tenant},
        jsonb_build_object('revision', jsonb_build_object('before', {before}::text, 'after', {after}::text)),
        jsonb_build_object('actor', 'migrate'));
"""

COMMIT = "COMMIT"


@dataclass(frozen=True, slots=True)
class Move:
    """The revision that a schema stood at, and the one that it stands at now."""

    before: str | None
    after: str | None


class CompiledSql(sql.Composable):
    """The text of a compiled step, as it lies in the package."""

    def as_bytes(self, context: object = None) -> bytes:
        """The text itself, with an end to its last statement."""
        return f"{self._obj}\n;\n".encode()


def migrate_one(
    connection: Connection, version: SchemaVersion, steps: Sequence[Step], target: int
) -> Move:
    """Takes the schema up or down to `target` steps, and the registry's note of it.

    The connection is in autocommit. Raises `LockNotAvailable` where somebody holds the schema's tables,
    `InvalidInput` where it stands at a revision that this release does not know; it is then as it was.
    """
    try:
        return _go_as_expected(connection, version, steps, target) or _look_and_go(
            connection, version, steps, target
        )
    finally:
        # Nothing is open any more where all went well.
        if not connection.closed:
            connection.rollback()


def _go_as_expected(
    connection: Connection, version: SchemaVersion, steps: Sequence[Step], target: int
) -> Move | None:
    """All in one message, if the registry is right about where the schema stands; None where it is not."""
    places = [step.number for step in steps if step.revision == version.revision]
    if not places or places == [target]:
        return None
    move = Move(version.revision, _revision_at(target, steps))
    path = _path(places[0], target, steps)
    try:
        connection.execute(_compose(OPEN + RECORD + EXPECT, path, AUDIT + COMMIT, version, move))
    except (DivisionByZero, UndefinedTable):
        connection.rollback()
        return None
    return move


def _look_and_go(
    connection: Connection, version: SchemaVersion, steps: Sequence[Step], target: int
) -> Move:
    """One message to see where the schema stands, and another to take it on."""
    before, registered = _look(connection, version)
    move = Move(before, _revision_at(target, steps))
    path = _path(_position(before, steps), target, steps)
    if path or registered != move.after:
        closing = AUDIT + COMMIT if path else COMMIT
        connection.execute(_compose(RECORD, path, closing, version, move))
    return move


def make_durable(connection: Connection) -> None:
    """Waits until all that was committed before is on the server's disk."""
    connection.execute("SELECT pg_logical_emit_message(true, 'capliquify', 'migrated')")


def _look(connection: Connection, version: SchemaVersion) -> tuple[str | None, str | None]:
    """Opens the tenant's transaction; returns the schema's own revision and the registry's."""
    cursor = connection.execute(_compose(OPEN + LOOK, [], "", version, Move(None, None)))
    while cursor.nextset():
        pass
    found = cursor.fetchone()
    if found is None:
        raise InvalidInput(f"tenant: {version.slug} is gone")
    if not found[0]:
        return None, found[1]
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0]), found[1]


def _compose(
    opening: LiteralString,
    path: Sequence[str],
    closing: LiteralString,
    version: SchemaVersion,
    move: Move,
) -> sql.Composed:
    """One message: what opens, the steps, what closes."""
    values = {
        "schema": sql.Identifier(version.schema_name),
        "tenant": sql.Literal(version.tenant_id),
        "timeout": sql.Literal(f"{LOCK_TIMEOUT_MS}ms"),
        "before": sql.Literal(move.before),
        "after": sql.Literal(move.after),
    }
    steps = [CompiledSql(text) for text in path]
    return sql.Composed(
        [sql.SQL(opening).format(**values), *steps, sql.SQL(closing).format(**values)]
    )


def _revision_at(position: int, steps: Sequence[Step]) -> str | None:
    return steps[position - 1].revision if position else None


def _position(revision: str | None, steps: Sequence[Step]) -> int:
    if revision is None:
        return 0
    for step in steps:
        if step.revision == revision:
            return step.number
    raise InvalidInput(
        f"its schema is at {revision}, which this release does not know; use a newer one"
    )


def _path(position: int, target: int, steps: Sequence[Step]) -> list[str]:
    if position < target:
        return [step.up for step in steps[position:target]]
    return [step.down for step in reversed(steps[target:position])]
