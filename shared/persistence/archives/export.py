"""Export one tenant for people to read: a file a table, and a manifest that counts and hashes them."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import sql

from shared.errors import InvalidInput
from shared.persistence.database import Connection, Database
from shared.persistence.tenancy import bind_tenant, schema_of

# What opens an account is not a person's data and stays sealed where it is.
SECRETS = frozenset({"credentials_encrypted", "access_token_encrypted", "refresh_token_encrypted"})
PUBLIC_TABLES = ("tenants", "users", "subscriptions", "usage_metrics", "audit_logs", "jobs")
FORMAT = "capliquify-export-1"


class ExportFormat(StrEnum):
    """How the rows are written."""

    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Table:
    """A table to export with its columns."""

    schema: str
    name: str
    columns: tuple[str, ...]


def export_tenant(
    database: Database, tenant_id: UUID, folder: Path, form: ExportFormat
) -> dict[str, Any]:
    """Writes every row of the tenant, as of one instant, into an empty folder; returns the manifest.

    The transaction has the tenant's own role: it could not read another's row.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InvalidInput(f"folder: {folder} is not empty; give a new one")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    prologue = sql.SQL("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; ")
    with database.transaction(prologue + bind_tenant(tenant_id)) as connection:
        tables = list(_tables(connection, schema_of(tenant_id)))
        files = [_write(connection, table, folder, form) for table in tables]
    manifest = {
        "format": FORMAT,
        "tenant_id": str(tenant_id),
        "made_at": datetime.now(UTC).isoformat(),
        "left_out": sorted(SECRETS),
        "files": files,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    return manifest


def _tables(connection: Connection, schema: str) -> Iterator[Table]:
    rows = connection.execute(
        "SELECT n.nspname, c.relname, array_agg(a.attname::text ORDER BY a.attnum) AS columns "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
        "WHERE c.relkind = 'r' AND c.relname <> 'alembic_version' "
        "AND (n.nspname = %s OR (n.nspname = 'public' AND c.relname = ANY(%s))) "
        "GROUP BY 1, 2 ORDER BY 1 DESC, 2",
        (schema, list(PUBLIC_TABLES)),
    )
    for row in rows:
        columns = tuple(column for column in row["columns"] if column not in SECRETS)
        yield Table(row["nspname"], row["relname"], columns)


def _write(
    connection: Connection, table: Table, folder: Path, form: ExportFormat
) -> dict[str, Any]:
    area = "public" if table.schema == "public" else "tenant"
    path = folder / f"{area}.{table.name}.{form}"
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for block in _blocks(connection, table, form):
            digest.update(block)
            file.write(block)
    count = connection.execute(
        sql.SQL("SELECT count(*) AS n FROM {}").format(_name(table))
    ).fetchone()
    return {
        "file": path.name,
        "rows": count["n"] if count else 0,
        "columns": list(table.columns),
        "sha256": digest.hexdigest(),
    }


def _blocks(connection: Connection, table: Table, form: ExportFormat) -> Iterator[bytes]:
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    query = sql.SQL("SELECT {} FROM {}").format(columns, _name(table))
    if form is ExportFormat.CSV:
        statement = sql.SQL("COPY ({}) TO STDOUT WITH (FORMAT csv, HEADER)").format(query)
        with connection.cursor().copy(statement) as copy:
            yield from (bytes(block) for block in copy)
        return
    lines = sql.SQL("SELECT row_to_json(t)::text AS line FROM ({}) t").format(query)
    with connection.cursor("export") as cursor:
        cursor.execute(lines)
        yield from (f"{row['line']}\n".encode() for row in cursor)


def _name(table: Table) -> sql.Identifier:
    return sql.Identifier(table.schema, table.name)
