"""Back up one tenant: pg_dump of its schema and what the registry says of it, in one file."""

import json
import os
import tarfile
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from shared.errors import InvalidInput, ServiceError
from shared.persistence.archives.programs import ClientPrograms
from shared.persistence.tenancy import schema_of

FORMAT = "capliquify-backup-1"
MANIFEST = "manifest.json"
DUMP = "schema.dump"

REGISTRY = """
SELECT id::text, slug, name, subscription_tier::text AS tier, settings, features, max_users, max_entities,
       max_storage, schema_revision
FROM public.tenants WHERE slug = %s
"""

Connection = psycopg.Connection[TupleRow]


def back_up(url: str, programs: ClientPrograms, slug: str, target: Path) -> dict[str, Any]:
    """Writes the tenant to `target` as of one instant; returns the manifest. The file is whole or not there."""
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        with (
            tempfile.TemporaryDirectory(prefix="capliquify-backup-") as folder,
            psycopg.connect(url) as connection,
        ):
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            manifest = _describe(connection, slug)
            dump = Path(folder) / DUMP
            # The dump sees what the manifest has counted.
            snapshot = _value(connection, "SELECT pg_export_snapshot()")
            schema = schema_of(manifest["tenant"]["id"])
            options = [
                "--format=custom",
                f'--schema="{schema}"',
                f"--snapshot={snapshot}",
                f"--file={dump}",
            ]
            programs.run(url, "pg_dump", *options)
            _pack(draft, manifest, dump)
        draft.replace(target)
    except OSError as error:
        raise ServiceError(f"file: {target} cannot be written: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def read_manifest(source: Path) -> dict[str, Any]:
    """What a backup says of itself; raises `InvalidInput` for a file that is none."""
    try:
        with tarfile.open(source) as archive:
            member = archive.extractfile(MANIFEST)
            assert member is not None  # noqa: S101 - a file of the archive
            manifest: dict[str, Any] = json.load(member)
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a backup of a tenant"
        raise InvalidInput(f"file: {source}: {reason}") from None
    if manifest.get("format") != FORMAT:
        raise InvalidInput(f"file: {source}: its format is not {FORMAT}")
    return manifest


def unpack_dump(source: Path, folder: Path) -> Path:
    """Takes the dump out of a backup; returns its path."""
    with tarfile.open(source) as archive:
        archive.extract(DUMP, folder, filter="data")
    return folder / DUMP


def count_rows(connection: Connection, schema: str) -> dict[str, int]:
    """Rows of every table of a schema."""
    names = connection.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relkind = 'r' ORDER BY 1",
        (schema,),
    ).fetchall()
    counted = {}
    for (name,) in names:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, name))
        row = connection.execute(query).fetchone()
        counted[str(name)] = int(row[0]) if row else 0
    return counted


def _describe(connection: Connection, slug: str) -> dict[str, Any]:
    with connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        tenant = cursor.execute(REGISTRY, (slug,)).fetchone()
    if tenant is None:
        raise InvalidInput(f"tenant: there is no tenant {slug!r}")
    return {
        "format": FORMAT,
        "made_at": datetime.now(UTC).isoformat(),
        "tenant": tenant,
        "rows": count_rows(connection, schema_of(tenant["id"])),
    }


def _value(connection: Connection, query: str) -> str:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None  # noqa: S101 - a function call gives a row
    return str(row[0])


def _pack(target: Path, manifest: dict[str, Any], dump: Path) -> None:
    opener: Callable[[str, int], int] = lambda path, flags: os.open(path, flags, 0o600)  # noqa: E731
    described = dump.with_name(MANIFEST)
    described.write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    with open(target, "xb", opener=opener) as file, tarfile.open(fileobj=file, mode="w") as archive:
        archive.add(described, MANIFEST)
        archive.add(dump, DUMP)
