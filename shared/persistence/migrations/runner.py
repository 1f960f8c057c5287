"""Bring tenant schemas to the newest revision: one tenant, one transaction; a failing one stops nobody else."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow, class_row

from shared.persistence.migrations.steps import Step, load_steps

Connection = psycopg.Connection[TupleRow]

# A migration must not queue behind a long query and hold up everybody else behind itself.
LOCK_TIMEOUT_MS = 500


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """A tenant's schema and the revision that it stands at."""

    tenant_id: UUID
    slug: str
    schema_name: str
    revision: str | None


@dataclass(frozen=True, slots=True)
class Migrated:
    """How one tenant's migration ended: the revision reached, or why it was not."""

    slug: str
    revision: str | None
    error: str | None


def read_versions(connection: Connection) -> list[SchemaVersion]:
    """Where every existing tenant schema stands, by slug."""
    with connection.cursor(row_factory=class_row(SchemaVersion)) as cursor:
        return cursor.execute(
            "SELECT tenant_id, slug, schema_name, revision FROM public.tenant_schema_revisions()"
        ).fetchall()


def migrate_tenants(
    database_url: str,
    *,
    slugs: Iterable[str] | None = None,
    on_done: Callable[[Migrated, int], None] = lambda _migrated, _total: None,
) -> list[Migrated]:
    """Applies to each tenant the steps that it lacks; returns how each ended."""
    wanted = None if slugs is None else set(slugs)
    results = []
    with psycopg.connect(database_url, autocommit=True) as connection:
        versions = [v for v in read_versions(connection) if wanted is None or v.slug in wanted]
        for version in versions:
            results.append(_migrate(connection, version))
            on_done(results[-1], len(versions))
    return results


def _migrate(connection: Connection, version: SchemaVersion) -> Migrated:
    try:
        with connection.transaction():
            _bind(connection, version.schema_name)
            for step in steps_after(version.revision):
                connection.execute(step.up.encode())
    except psycopg.Error as error:
        return Migrated(version.slug, version.revision, str(error).splitlines()[0])
    return Migrated(version.slug, load_steps()[-1].revision, None)


def steps_after(revision: str | None) -> list[Step]:
    """The steps that a schema at `revision` has still to take."""
    steps = list(load_steps())
    position = next((n for n, step in enumerate(steps, start=1) if step.revision == revision), 0)
    return steps[position:]


def _bind(connection: Connection, schema_name: str) -> None:
    path = sql.Identifier(schema_name)
    connection.execute(sql.SQL("SET LOCAL search_path = {}").format(path))
    connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(LOCK_TIMEOUT_MS)))
