"""What goes with replacing tables: locks, references, types; never CASCADE, so that nothing unknown goes too."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from psycopg import Connection, sql
from psycopg.rows import TupleRow


def list_functions(connection: Connection[TupleRow], schema: str) -> list[tuple[str, str]]:
    """Names and signatures of the functions of a schema that belong to no extension."""
    rows = connection.execute(
        "SELECT p.proname::text, p.oid::regprocedure::text FROM pg_proc p "
        "WHERE pronamespace = %s::regnamespace "
        "AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')",
        (schema,),
    )
    return [(str(name), str(signature)) for name, signature in rows]


def release_references(connection: Connection[TupleRow], schema: str) -> None:
    """Drops foreign keys that lead from elsewhere to tables of the schema; we have none from tenants to public."""
    rows = connection.execute(
        "SELECT n.nspname::text, t.relname::text, k.conname::text FROM pg_constraint k "
        "JOIN pg_class t ON t.oid = k.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace "
        "JOIN pg_class r ON r.oid = k.confrelid JOIN pg_namespace m ON m.oid = r.relnamespace "
        "WHERE k.contype = 'f' AND m.nspname = %(schema)s AND n.nspname <> %(schema)s",
        {"schema": schema},
    ).fetchall()
    statement = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
    for owner, table, name in rows:
        place = sql.Identifier(str(owner), str(table))
        connection.execute(statement.format(place, sql.Identifier(str(name))))


def drop_tables(connection: Connection[TupleRow], schema: str, tables: list[str]) -> None:
    """Drops tables whose rows are brought; the server refuses and names what still depends on them."""
    if tables:
        connection.execute(sql.SQL("DROP TABLE {}").format(_list(schema, tables)))


def lock_tables(connection: Connection[TupleRow], schema: str, tables: list[str]) -> None:
    """Makes whoever writes there wait: what came after the copy would be lost."""
    if tables:
        connection.execute("SET LOCAL lock_timeout = '5s'")
        statement = sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE")
        connection.execute(statement.format(_list(schema, tables)))


def move_types(connection: Connection[TupleRow], theirs: str, ours: str) -> None:
    """Enums of a tenant's own schema, which columns that we keep may use."""
    rows = connection.execute(
        "SELECT typname::text FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace "
        "WHERE n.nspname = %s AND typtype = 'e'",
        (theirs,),
    ).fetchall()
    statement = sql.SQL("ALTER TYPE {} SET SCHEMA {}")
    for (name,) in rows:
        place = sql.Identifier(theirs, str(name))
        connection.execute(statement.format(place, sql.Identifier(ours)))


@contextmanager
def undeleted(connection: Connection[TupleRow], tenant_id: UUID) -> Iterator[None]:
    """A soft-deleted tenant is adopted too, and is as deleted afterwards as it was."""
    row = connection.execute(
        "SELECT deleted_at FROM public.tenants WHERE id = %s AND deleted_at IS NOT NULL",
        (tenant_id,),
    ).fetchone()
    if row is None:
        yield
        return
    change = "UPDATE public.tenants SET deleted_at = %s WHERE id = %s"
    connection.execute("ALTER TABLE public.tenants DISABLE TRIGGER USER")
    connection.execute(change, (None, tenant_id))
    yield
    connection.execute(change, (row[0], tenant_id))
    connection.execute("ALTER TABLE public.tenants ENABLE TRIGGER USER")


def _list(schema: str, tables: list[str]) -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier(schema, table) for table in tables)
