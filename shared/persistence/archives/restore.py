"""Restore a backup as a tenant: under its own id where that is free, else as a new tenant.

A backup is data and no program: the schema comes from our own migrations, and the rows are read by COPY
into the tables of it, under the tenant's own role.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from shared.errors import InvalidInput
from shared.persistence.archives.backup import Connection, columns_of
from shared.persistence.archives.manifest import Archive, ArchivedTable, Manifest, open_archive
from shared.persistence.archives.rebuild import bring_up_to_date, build_schema, parents_first
from shared.persistence.binding import schema_of
from shared.persistence.migrations.steps import load_steps
from shared.persistence.tenants.registry import registering
from shared.use_cases.ports.vault import Signer

# Suspended until its credentials are bound to the new place: nothing runs on half a tenant.
REGISTER = """
INSERT INTO public.tenants (id, slug, name, subscription_tier, subscription_status, settings, features,
                            max_users, max_entities, max_storage)
VALUES (%s, %s, %s, %s::public.subscription_tier, 'SUSPENDED', %s, %s, %s, %s, %s)
"""
AUDIT = """
INSERT INTO public.audit_logs (tenant_id, action, resource_type, resource_id, severity, changes, metadata)
VALUES (%(id)s, 'schema.restored', 'schema', %(id)s, 'WARNING', %(changes)s, '{"actor": "operator"}')
"""
BEGUN = """
SELECT t.id FROM public.tenants t JOIN public.audit_logs a ON a.tenant_id = t.id
WHERE t.slug = %(slug)s AND t.subscription_status = 'SUSPENDED' AND t.deleted_at IS NULL
  AND a.action = 'schema.restored' AND a.changes ->> 'restored_from' = %(original)s
  AND NOT EXISTS (SELECT FROM public.audit_logs r WHERE r.tenant_id = t.id AND r.action = 'tenant.resumed')
"""
BLOCK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Restored:
    """The tenant that a backup became, and the one that it was made of; `left_out` is what no table here holds."""

    tenant_id: UUID
    slug: str
    original_id: UUID
    rows: int
    left_out: tuple[str, ...] = ()


def restore(url: str, signer: Signer, source: Path, slug: str | None) -> Restored:
    """Plays a backup in one transaction; the tenant is suspended until its secrets are bound again.

    Raises `InvalidInput` where the file is not of our key, the slug belongs to a tenant, or the schema is
    newer than this release.
    """
    with open_archive(source, signer) as archive, psycopg.connect(url) as connection:
        manifest = archive.manifest
        _check_revision(manifest)
        wanted, original = slug or manifest.tenant.slug, manifest.tenant.id
        begun = connection.execute(BEGUN, {"slug": wanted, "original": str(original)}).fetchone()
        if begun is not None:
            return Restored(UUID(str(begun[0])), wanted, original, manifest.rows)
        target = _choose_id(connection, original, wanted)
        left_out = _play(connection, archive, target, wanted)
    return Restored(target, wanted, original, manifest.rows, left_out)


def _check_revision(manifest: Manifest) -> None:
    revision = manifest.tenant.schema_revision
    if revision not in {step.revision for step in load_steps()}:
        raise InvalidInput(
            f"file: its schema is at {revision}, which this release does not know; use a newer one"
        )


def _choose_id(connection: Connection, original: UUID, slug: str) -> UUID:
    taken = connection.execute("SELECT 1 FROM public.tenants WHERE slug = %s", (slug,)).fetchone()
    there = connection.execute("SELECT 1 FROM public.tenants WHERE id = %s", (original,)).fetchone()
    if taken is not None:
        raise InvalidInput(
            f"slug: {slug!r} belongs to a tenant; a backup never overwrites one, give another with --slug"
        )
    return original if there is None else uuid4()


def _play(connection: Connection, archive: Archive, target: UUID, slug: str) -> tuple[str, ...]:
    tenant, schema = archive.manifest.tenant, schema_of(target)
    connection.execute("SET LOCAL app.actor = 'operator'; SET LOCAL ROLE capliquify_lifecycle")
    limits = tenant.max_users, tenant.max_entities, tenant.max_storage
    preferences = Jsonb(tenant.settings), Jsonb(tenant.features)
    with registering(slug):
        connection.execute(
            REGISTER, (target, slug, tenant.name, tenant.tier, *preferences, *limits)
        )
    build_schema(connection, target, tenant.schema_revision)
    known = columns_of(connection, schema)
    order = parents_first(connection, schema)
    by_name = {table.name: table for table in archive.manifest.tables}
    connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(schema)))
    for name in order:
        if name in by_name and name in known:
            _load(connection, schema, archive, by_name[name], known[name])
    connection.execute("SET LOCAL ROLE capliquify_lifecycle")
    bring_up_to_date(connection, target, tenant.schema_revision)
    changes = {"restored_from": str(tenant.id), "rows": archive.manifest.rows}
    connection.execute(AUDIT, {"id": target, "changes": Jsonb(changes)})
    return tuple(_left_out(archive.manifest, known))


def _left_out(manifest: Manifest, known: dict[str, list[str]]) -> Iterator[str]:
    for table in manifest.tables:
        if table.name not in known:
            yield table.name
        else:
            yield from (
                f"{table.name}.{each}" for each in table.columns if each not in known[table.name]
            )


def _load(
    connection: Connection,
    schema: str,
    archive: Archive,
    table: ArchivedTable,
    known: Sequence[str],
) -> None:
    places = [place for place, column in enumerate(table.columns) if column in known]
    columns = [sql.Identifier(table.columns[place]) for place in places]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(schema, table.name), sql.SQL(", ").join(columns)
    )
    digest = hashlib.sha256()
    is_whole = len(places) == len(table.columns)
    blocks = archive.read_rows(table, BLOCK_BYTES if is_whole else 0)
    try:
        with connection.cursor() as cursor:
            with cursor.copy(statement) as copy:
                for block in blocks:
                    digest.update(block)
                    copy.write(block if is_whole else _choose(block, places))
            count = cursor.rowcount
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise InvalidInput(
            f"file: {table.name}: a row does not fit ({type(error).__name__}); nothing was changed"
        ) from None
    if digest.hexdigest() != table.sha256 or count != table.rows:
        raise InvalidInput(
            f"file: {table.name}: its rows are not those that were backed up; nothing was changed"
        )


def _choose(line: bytes, places: Sequence[int]) -> bytes:
    """Some values of a row; in COPY's text no value holds a tab or a newline."""
    values = line.removesuffix(b"\n").split(b"\t")
    return b"\t".join(values[place] for place in places) + b"\n"
