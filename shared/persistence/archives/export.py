"""Export one tenant for people to read: a file a table, and a manifest that counts and hashes them."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import IO, Any
from uuid import UUID

from psycopg import sql

from shared.errors import InvalidInput, ServiceError
from shared.persistence.binding import bind_tenant, schema_of
from shared.persistence.database import Connection, Database

FORMAT = "capliquify-export-1"
# How a text begins that a spreadsheet runs: its own signs, their wide forms, and after blanks.
FORMULA = "^[[:space:]]*[-=+@＝＋－＠]|^[\t\r\n]"
HARMLESS = sql.SQL("CASE WHEN {0} ~ {1} THEN '''' || {0} ELSE {0} END AS {0}")


class ExportFormat(StrEnum):
    """How the rows are written."""

    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Table:
    """A table to export with its columns, and those of them that hold text."""

    schema: str
    name: str
    columns: tuple[str, ...]
    texts: frozenset[str]


def export_tenant(
    database: Database, tenant_id: UUID, folder: Path, form: ExportFormat, *, raw: bool = False
) -> dict[str, Any]:
    """Writes every row of the tenant, as of one instant, into an empty folder; returns the manifest.

    A text in a CSV that a spreadsheet would run as a formula has an apostrophe before it, unless `raw`.

    The transaction has the tenant's own role: it could not read another's row.
    """
    _make_folder(folder)
    try:
        return _write_all(database, tenant_id, folder, form, raw)
    except OSError as error:
        _empty(folder)
        raise ServiceError(f"folder: {folder} cannot be written: {error.strerror}") from None
    except BaseException:
        _empty(folder)
        raise


def _make_folder(folder: Path) -> None:
    try:
        if folder.exists() and any(folder.iterdir()):
            raise InvalidInput(f"folder: {folder} is not empty; give a new one")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"folder: {folder} cannot be made: {error.strerror}") from None


def _empty(folder: Path) -> None:
    """What was begun and is not whole is no export."""
    for path in folder.iterdir():
        path.unlink(missing_ok=True)


def _write_all(
    database: Database, tenant_id: UUID, folder: Path, form: ExportFormat, raw: bool
) -> dict[str, Any]:
    # What opens an account is not a person's data and stays sealed where it is.
    secrets = _model().sealed_columns()
    prologue = sql.SQL("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; ")
    with database.transaction(prologue + bind_tenant(tenant_id)) as connection:
        tables = list(_tables(connection, schema_of(tenant_id), secrets))
        files = [_write(connection, table, folder, form, raw) for table in tables]
    manifest = {
        "format": FORMAT,
        "tenant_id": str(tenant_id),
        "made_at": datetime.now(UTC).isoformat(),
        "left_out": sorted(secrets),
        "formulas": "raw"
        if raw or form is not ExportFormat.CSV
        else "made harmless by an apostrophe",
        "files": files,
    }
    with _create(folder / "manifest.json") as file:
        file.write(json.dumps(manifest, indent=2).encode())
    return manifest


def _model() -> ModuleType:
    # It takes half a second to load, which other commands are spared.
    from shared.persistence.tables import ownership  # noqa: PLC0415

    return ownership


def _tables(connection: Connection, schema: str, secrets: frozenset[str]) -> Iterator[Table]:
    """Those of the public schema by the model; of the tenant's own all, also what came by adoption."""
    rows = connection.execute(
        "SELECT n.nspname, c.relname, array_agg(a.attname::text ORDER BY a.attnum) AS columns, "
        "coalesce(array_agg(a.attname::text) FILTER (WHERE t.typcategory = 'S'), '{}') AS texts "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
        "JOIN pg_type t ON t.oid = a.atttypid "
        "WHERE c.relkind = 'r' AND c.relname <> 'alembic_version' "
        "AND (n.nspname = %s OR (n.nspname = 'public' AND c.relname = ANY(%s))) "
        "GROUP BY 1, 2 ORDER BY 1 DESC, 2",
        (schema, list(_model().shared_tables_of_a_tenant())),
    )
    for row in rows:
        columns = tuple(column for column in row["columns"] if column not in secrets)
        yield Table(row["nspname"], row["relname"], columns, frozenset(row["texts"]))


def _write(
    connection: Connection, table: Table, folder: Path, form: ExportFormat, raw: bool
) -> dict[str, Any]:
    area = "public" if table.schema == "public" else "tenant"
    path = folder / f"{area}.{table.name}.{form}"
    digest = hashlib.sha256()
    with _create(path) as file:
        for block in _blocks(connection, table, form, raw):
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


def _create(path: Path) -> IO[bytes]:
    """A new file that only its owner reads, whatever the folder's own mode is."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _blocks(connection: Connection, table: Table, form: ExportFormat, raw: bool) -> Iterator[bytes]:
    is_csv = form is ExportFormat.CSV
    columns = [
        _harmless(name) if is_csv and not raw and name in table.texts else sql.Identifier(name)
        for name in table.columns
    ]
    query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(columns), _name(table))
    if is_csv:
        statement = sql.SQL("COPY ({}) TO STDOUT WITH (FORMAT csv, HEADER)").format(query)
        with connection.cursor().copy(statement) as copy:
            yield from (bytes(block) for block in copy)
        return
    lines = sql.SQL("SELECT row_to_json(t)::text AS line FROM ({}) t").format(query)
    with connection.cursor("export") as cursor:
        cursor.execute(lines)
        yield from (f"{row['line']}\n".encode() for row in cursor)


def _harmless(column: str) -> sql.Composed:
    return HARMLESS.format(sql.Identifier(column), sql.Literal(FORMULA))


def _name(table: Table) -> sql.Identifier:
    return sql.Identifier(table.schema, table.name)
