"""Where every tenant's schema stands, and what a run would do with it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow, class_row

from shared.errors import InvalidInput
from shared.persistence.migrations.steps import Step

Connection = psycopg.Connection[TupleRow]

# One statement locks the version tables of so many schemas; a server's lock table is small.
BATCH = 100

REGISTERED = """
SELECT t.id AS tenant_id, t.slug::text AS slug, t.schema_name::text AS schema_name, t.schema_revision AS revision
FROM public.tenants t JOIN pg_namespace n ON n.nspname = t.schema_name ORDER BY t.slug
"""

WITH_VERSION_TABLE = """
SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = 'alembic_version' AND n.nspname = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """A tenant's schema and the revision that it stands at."""

    tenant_id: UUID
    slug: str
    schema_name: str
    revision: str | None


@dataclass(frozen=True, slots=True)
class PlannedMove:
    """How many tenants go from a revision to another; the same twice is nothing to do."""

    tenants: int
    before: str | None
    after: str | None
    # The release does not know where they stand; they are left alone.
    unknown: bool = False


def read_registered(database_url: str, slugs: Iterable[str] | None = None) -> list[SchemaVersion]:
    """Every tenant schema by slug, or those of `slugs`, with the revision that the registry has of it.

    Raises `InvalidInput` for a slug that has no schema.
    """
    with (
        psycopg.connect(database_url) as connection,
        connection.cursor(row_factory=class_row(SchemaVersion)) as cursor,
    ):
        versions = cursor.execute(REGISTERED).fetchall()
    if slugs is None:
        return versions
    wanted = set(slugs)
    if unknown := wanted - {version.slug for version in versions}:
        raise InvalidInput(f"tenant: no tenant {sorted(unknown)[0]!r} has a schema")
    return [version for version in versions if version.slug in wanted]


def read_versions(database_url: str, slugs: Iterable[str] | None = None) -> list[SchemaVersion]:
    """The same with what the schemas say themselves."""
    versions = read_registered(database_url, slugs)
    found: dict[str, str] = {}
    with psycopg.connect(database_url, autocommit=True) as connection:
        for start in range(0, len(versions), BATCH):
            names = [version.schema_name for version in versions[start : start + BATCH]]
            found.update(_read_batch(connection, names))
    return [replace(version, revision=found.get(version.schema_name)) for version in versions]


def find_target(revision: str | None, steps: Sequence[Step]) -> int:
    """How many steps a schema at that revision has taken; None is the newest. Raises `InvalidInput`."""
    if revision is None:
        return len(steps)
    for step in steps:
        if step.revision == revision:
            return step.number
    known = ", ".join(step.revision for step in steps)
    raise InvalidInput(f"to: there is no revision {revision!r}; there are {known}")


def plan_moves(
    versions: Iterable[SchemaVersion], steps: Sequence[Step], target: int
) -> list[PlannedMove]:
    """What a run to `target` would do, revision by revision, oldest first."""
    known = [None, *(step.revision for step in steps)]
    counts = Counter(version.revision for version in versions)
    moves = [
        PlannedMove(counts.pop(revision), revision, known[target])
        for revision in known
        if revision in counts
    ]
    left = sorted((str(revision), count) for revision, count in counts.items())
    return moves + [PlannedMove(count, name, name, unknown=True) for name, count in left]


def _read_batch(connection: Connection, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    selects = [
        sql.SQL("SELECT {}, version_num FROM {}.alembic_version").format(
            sql.Literal(name), sql.Identifier(name)
        )
        for (name,) in connection.execute(WITH_VERSION_TABLE, (list(names),))
    ]
    if selects:
        yield from connection.execute(sql.SQL(" UNION ALL ").join(selects)).fetchall()
