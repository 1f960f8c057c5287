"""Restore a backup as a tenant: under its own id where that is free, else as a new tenant."""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from shared.errors import InvalidInput
from shared.persistence.archives.backup import read_manifest, unpack_dump
from shared.persistence.archives.programs import ClientPrograms
from shared.persistence.migrations.steps import load_steps
from shared.persistence.tenancy import schema_of

# Suspended until its credentials are bound to the new place: nothing runs on half a tenant.
BEFORE = """
SET app.actor = {actor};
SET ROLE capliquify_lifecycle;
INSERT INTO public.tenants (id, slug, name, subscription_tier, subscription_status, settings, features,
                            max_users, max_entities, max_storage, schema_revision)
VALUES ({id}, {slug}, {name}, {tier}, 'SUSPENDED', {settings}, {features}, {max_users}, {max_entities},
        {max_storage}, {schema_revision});
SELECT public.create_tenant_role({schema_text});
"""

# The dump's own script switches row security off, which FORCE would refuse below.
AFTER = """
SET row_security = on;
GRANT USAGE ON SCHEMA {schema} TO {schema};
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {schema};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {schema};
REVOKE INSERT, UPDATE, DELETE ON {schema}.alembic_version FROM {schema};
INSERT INTO public.audit_logs (tenant_id, action, resource_type, resource_id, severity, changes, metadata)
VALUES ({id}, 'schema.restored', 'schema', {id}, 'WARNING', {changes}, {metadata});
"""


BEGUN = """
SELECT t.id FROM public.tenants t JOIN public.audit_logs a ON a.tenant_id = t.id
WHERE t.slug = %(slug)s AND t.subscription_status = 'SUSPENDED' AND t.deleted_at IS NULL
  AND a.action = 'schema.restored' AND a.changes ->> 'restored_from' = %(original)s
  AND NOT EXISTS (SELECT FROM public.audit_logs r WHERE r.tenant_id = t.id AND r.action = 'tenant.resumed')
"""


@dataclass(frozen=True, slots=True)
class Restored:
    """The tenant that a backup became, and the one that it was made of."""

    tenant_id: UUID
    slug: str
    original_id: UUID
    rows: dict[str, int]


def restore(url: str, programs: ClientPrograms, source: Path, slug: str | None) -> Restored:
    """Plays a backup in one transaction; the tenant is suspended until its secrets are bound anew.

    Raises `InvalidInput` where the slug belongs to a tenant, or the schema is newer than this release.
    """
    manifest = read_manifest(source)
    tenant = manifest["tenant"]
    if tenant["schema_revision"] not in {step.revision for step in load_steps()}:
        raise InvalidInput(
            f"file: its schema is at {tenant['schema_revision']}, which this release does not know; use a newer one"
        )
    original = UUID(tenant["id"])
    begun = _find_begun(url, original, slug or tenant["slug"])
    if begun is not None:
        return Restored(begun, slug or tenant["slug"], original, manifest["rows"])
    target = _choose_id(url, original, slug or tenant["slug"])
    restored = Restored(target, slug or tenant["slug"], original, manifest["rows"])
    with tempfile.TemporaryDirectory(prefix="capliquify-restore-") as folder:
        dump = unpack_dump(source, Path(folder))
        script = rename_schema(
            programs.write_script(url, dump), schema_of(original), schema_of(target)
        )
        programs.play_script(url, _script(tenant, restored, script))
    return restored


def rename_schema(lines: Iterable[bytes], old: str, new: str) -> Iterator[bytes]:
    """The script with another schema's name in its statements; the rows between them stay as they are."""
    in_rows = False
    for line in lines:
        if in_rows:
            in_rows = line.rstrip(b"\r\n") != b"\\."
            yield line
            continue
        in_rows = line.startswith(b"COPY ") and line.rstrip().endswith(b"FROM stdin;")
        yield line.replace(old.encode(), new.encode())


def _find_begun(url: str, original: UUID, slug: str) -> UUID | None:
    """The tenant that an earlier try made of this backup and left suspended, its secrets not yet bound."""
    with psycopg.connect(url) as connection:
        row = connection.execute(BEGUN, {"slug": slug, "original": str(original)}).fetchone()
    return UUID(str(row[0])) if row else None


def _choose_id(url: str, original: UUID, slug: str) -> UUID:
    with psycopg.connect(url) as connection:
        taken = connection.execute(
            "SELECT slug FROM public.tenants WHERE slug = %s", (slug,)
        ).fetchone()
        there = connection.execute(
            "SELECT 1 FROM public.tenants WHERE id = %s", (original,)
        ).fetchone()
    if taken is not None:
        raise InvalidInput(
            f"slug: {slug!r} belongs to a tenant; a backup never overwrites one, give another with --slug"
        )
    return original if there is None else uuid4()


def _script(
    tenant: dict[str, Any], restored: Restored, schema_lines: Iterable[bytes]
) -> Iterator[bytes]:
    changes = {"restored_from": str(restored.original_id), "rows": sum(restored.rows.values())}
    values: dict[str, sql.Composable] = {
        "actor": sql.Literal("operator"),
        "id": sql.Literal(str(restored.tenant_id)),
        "slug": sql.Literal(restored.slug),
        "schema": sql.Identifier(schema_of(restored.tenant_id)),
        "schema_text": sql.Literal(schema_of(restored.tenant_id)),
        "changes": sql.Literal(Jsonb(changes)),
        "metadata": sql.Literal(Jsonb({"actor": "operator"})),
        "settings": sql.Literal(Jsonb(tenant["settings"])),
        "features": sql.Literal(Jsonb(tenant["features"])),
    }
    for name in ("name", "tier", "max_users", "max_entities", "max_storage", "schema_revision"):
        values[name] = sql.Literal(tenant[name])
    yield sql.SQL(BEFORE).format(**values).as_string().encode() + b"\n"
    yield from schema_lines
    yield sql.SQL(AFTER).format(**values).as_string().encode() + b"\n"
