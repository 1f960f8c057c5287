"""Back up one tenant: the rows of its tables and what the registry says of it, in one file that our key signs."""

import hashlib
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow, dict_row

from shared.errors import InvalidInput, ServiceError
from shared.persistence.archives.manifest import (
    FORMAT,
    MANIFEST,
    PURPOSE,
    SIGNATURE,
    ArchivedTable,
    ArchivedTenant,
    Manifest,
)
from shared.persistence.binding import schema_of
from shared.use_cases.ports.vault import Signer

REGISTRY = """
SELECT id, slug, name, subscription_tier::text AS tier, settings, features, max_users, max_entities,
       max_storage, schema_revision
FROM public.tenants WHERE slug = %s
"""

# What the database computes itself, and the schema's own revision, are no data.
COLUMNS = """
SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE n.nspname = %s AND c.relkind = 'r' AND c.relname <> 'alembic_version' GROUP BY 1 ORDER BY 1
"""

Connection = psycopg.Connection[TupleRow]


def back_up(url: str, signer: Signer, slug: str, target: Path) -> Manifest:
    """Writes the tenant to `target` as of one instant; returns the manifest. The file is whole or not there.

    Raises `InvalidInput` where something is there already: a device would be replaced like a file.
    """
    if os.path.lexists(target):
        raise InvalidInput(f"file: {target} exists; a backup overwrites nothing, name a new file")
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        with (
            tempfile.TemporaryDirectory(prefix="capliquify-backup-") as folder,
            psycopg.connect(url) as connection,
        ):
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            tenant = _find(connection, slug)
            tables = list(_write_tables(connection, schema_of(tenant.id), Path(folder)))
            now = datetime.now(UTC).isoformat()
            manifest = Manifest(format=FORMAT, made_at=now, tenant=tenant, tables=tables)
            _pack(draft, manifest, signer, Path(folder))
        draft.replace(target)
    except OSError as error:
        raise ServiceError(f"file: {target} cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return manifest


def columns_of(connection: Connection, schema: str) -> dict[str, list[str]]:
    """The tables of a schema, each with the columns that hold data."""
    return dict(connection.execute(COLUMNS, (schema,)).fetchall())


def _find(connection: Connection, slug: str) -> ArchivedTenant:
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(REGISTRY, (slug,)).fetchone()
    if found is None:
        raise InvalidInput(f"tenant: there is no tenant {slug!r}")
    return ArchivedTenant.model_validate(found)


def _write_tables(connection: Connection, schema: str, folder: Path) -> Iterator[ArchivedTable]:
    for number, (name, columns) in enumerate(columns_of(connection, schema).items()):
        file = f"{number}.rows"
        statement = sql.SQL("COPY {} ({}) TO STDOUT").format(
            sql.Identifier(schema, name), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        digest = hashlib.sha256()
        with (folder / file).open("wb") as rows, connection.cursor() as cursor:
            with cursor.copy(statement) as copy:
                for block in copy:
                    digest.update(block)
                    rows.write(block)
            count = cursor.rowcount
        yield ArchivedTable(
            name=name, file=file, columns=columns, rows=count, sha256=digest.hexdigest()
        )


def _pack(target: Path, manifest: Manifest, signer: Signer, folder: Path) -> None:
    opener: Callable[[str, int], int] = lambda path, flags: os.open(path, flags, 0o600)  # noqa: E731
    text = manifest.model_dump_json(indent=2).encode()
    (folder / MANIFEST).write_bytes(text)
    (folder / SIGNATURE).write_text(signer.sign(text, PURPOSE), encoding="ascii")
    with open(target, "xb", opener=opener) as file, tarfile.open(fileobj=file, mode="w") as archive:
        for name in (MANIFEST, SIGNATURE, *(table.file for table in manifest.tables)):
            archive.add(folder / name, name)
