"""Adopt a database: the public schema in one transaction, then each tenant's in one."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.errors import DependentObjectsStillExist
from psycopg.rows import TupleRow

from shared.errors import InvalidInput
from shared.persistence.adoption.replacing import (
    drop_tables,
    list_functions,
    lock_tables,
    move_types,
    release_references,
    undeleted,
)
from shared.persistence.adoption.tables import bring_rows, differences, table_names
from shared.persistence.binding import schema_of
from shared.persistence.migrations.public_line import (
    PublicMigration,
    function_sources,
    migrating_public,
)

Connection = psycopg.Connection[TupleRow]

ASIDE = "before_adoption"
# Parents before their children.
PUBLIC_TABLES = ("tenants", "users", "subscriptions", "audit_logs", "usage_metrics")
FIRST_TENANT_TABLES = ("companies", "products", "api_credentials")

UNADOPTED = """
SELECT t.id, t.slug::text FROM public.tenants t JOIN pg_namespace n ON n.nspname = t.schema_name
WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'alembic_version') ORDER BY t.slug
"""


class _Undone(Exception):
    """Takes a trial back."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """A schema that was taken over: its name for people, what differed, rows brought."""

    name: str
    differences: tuple[str, ...]
    rows: int


def needs_adoption(url: str) -> bool:
    """Whether the database has tenants and none of our migrations."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT to_regclass('public.tenants') IS NOT NULL AND to_regclass('public.alembic_version') IS NULL"
        ).fetchone()
    return bool(row and row[0])


def adopt_public(url: str) -> Adopted:
    """Takes the public schema over, in one transaction."""
    with migrating_public(url) as migration:
        return _adopt_public(migration)


def adopt_tenants(url: str) -> Iterator[Adopted]:
    """Takes over every tenant schema that is not ours yet; cut off, the next call does the rest."""
    with psycopg.connect(url, autocommit=True) as connection:
        for tenant_id, slug in connection.execute(UNADOPTED).fetchall():
            with connection.transaction():
                adopted = _adopt_tenant(connection, UUID(str(tenant_id)), str(slug))
            yield adopted


def try_adoption(url: str) -> list[Adopted]:
    """What adoption would do with the public schema and every tenant's: all of it done, and taken back."""
    found: list[Adopted] = []
    with suppress(_Undone), migrating_public(url) as migration:
        found.append(_adopt_public(migration))
        for tenant_id, slug in migration.connection.execute(UNADOPTED).fetchall():
            found.append(_adopt_tenant(migration.connection, UUID(str(tenant_id)), str(slug)))
        raise _Undone
    return found


def _adopt_public(migration: PublicMigration) -> Adopted:
    connection = migration.connection
    tables = [name for name in PUBLIC_TABLES if name in table_names(connection, "public")]
    lock_tables(connection, "public", tables)
    _move_aside(connection, tables)
    migration.run()
    lines = tuple(differences(connection, ASIDE, "public", "public"))
    rows = 0
    for table in tables:
        name = sql.Identifier("public", table)
        # Rows that are brought are no changes to audit, and their owner must see them all.
        connection.execute(
            sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER, NO FORCE ROW LEVEL SECURITY").format(name)
        )
        rows += bring_rows(connection, ASIDE, "public", table)
        connection.execute(
            sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER, FORCE ROW LEVEL SECURITY").format(name)
        )
    _forget_public(connection, tables)
    return Adopted("public", lines, rows)


def _move_aside(connection: Connection, tables: list[str]) -> None:
    """Tables, enums and functions whose names we use; what else is there stays where it is."""
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(ASIDE)))
    for table in tables:
        connection.execute(
            sql.SQL("ALTER TABLE public.{} SET SCHEMA {}").format(
                sql.Identifier(table), sql.Identifier(ASIDE)
            )
        )
    enums = connection.execute(
        "SELECT typname::text FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'"
    ).fetchall()
    for (name,) in enums:
        statement = sql.SQL("ALTER TYPE public.{} SET SCHEMA {}")
        connection.execute(statement.format(sql.Identifier(str(name)), sql.Identifier(ASIDE)))
    ours = set(function_sources())
    for name, signature in list_functions(connection, "public"):
        if name in ours:
            connection.execute(f"ALTER ROUTINE {signature} SET SCHEMA {ASIDE}".encode())


def _adopt_tenant(connection: Connection, tenant_id: UUID, slug: str) -> Adopted:
    ours, theirs = schema_of(tenant_id), f"{schema_of(tenant_id)}_before"
    rename = sql.SQL("ALTER SCHEMA {} RENAME TO {}")
    connection.execute(rename.format(sql.Identifier(ours), sql.Identifier(theirs)))
    with undeleted(connection, tenant_id):
        connection.execute("SELECT public.create_tenant_schema(%s)", (tenant_id,))
    tables = table_names(connection, theirs)
    # Whoever writes there meanwhile must wait: what came after the copy would be lost.
    lock_tables(connection, theirs, tables)
    move_types(connection, theirs, ours)
    lines = tuple(differences(connection, theirs, ours, slug))
    connection.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(ours)))
    # The company that a new tenant begins with makes room for its own.
    connection.execute("DELETE FROM companies")
    known = [name for name in table_names(connection, ours) if name in tables]
    ordered = sorted(known, key=lambda name: (_rank(name), name))
    rows = sum(bring_rows(connection, theirs, ours, table) for table in ordered)
    for table in set(tables) - set(known):
        move = sql.SQL("ALTER TABLE {} SET SCHEMA {}")
        connection.execute(move.format(sql.Identifier(theirs, table), sql.Identifier(ours)))
    _compare_counts(connection, theirs, ours, known)
    drop_tables(connection, theirs, known)
    connection.execute(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(theirs)))
    return Adopted(slug, lines, rows)


def _rank(table: str) -> int:
    return (
        FIRST_TENANT_TABLES.index(table)
        if table in FIRST_TENANT_TABLES
        else len(FIRST_TENANT_TABLES)
    )


def _compare_counts(connection: Connection, theirs: str, ours: str, tables: list[str]) -> None:
    for table in tables:
        counts = []
        for place in (theirs, ours):
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(place, table))
            row = connection.execute(query).fetchone()
            counts.append(row[0] if row else None)
        if counts[0] != counts[1]:
            raise InvalidInput(f"{table}: {counts[0]} rows became {counts[1]}; nothing was changed")


def _forget_public(connection: Connection, tables: list[str]) -> None:
    """Drops the tables and functions that were replaced; the enums stay while tenants' tables use them."""
    _compare_counts(connection, ASIDE, "public", tables)
    release_references(connection, ASIDE)
    drop_tables(connection, ASIDE, tables)
    for _, signature in list_functions(connection, ASIDE):
        connection.execute(f"DROP ROUTINE {signature}".encode())


def finish_adoption(url: str) -> None:
    """Drops what the last tenant has stopped using; what something still needs stays."""
    with psycopg.connect(url, autocommit=True) as connection:
        types = connection.execute(
            "SELECT typname::text FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace "
            "WHERE n.nspname = %s AND typtype = 'e'",
            (ASIDE,),
        ).fetchall()
        for (name,) in types:
            with suppress(DependentObjectsStillExist):
                connection.execute(sql.SQL("DROP TYPE {}").format(sql.Identifier(ASIDE, str(name))))
        with suppress(DependentObjectsStillExist):
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {}").format(sql.Identifier(ASIDE)))
