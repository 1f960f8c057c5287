"""What differs between the model of the tables and a database: looked at by Alembic, and by us where it does not look.

SQLAlchemy and Alembic take half a second to load: import this where it is used.
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg.rows import TupleRow
from sqlalchemy import (
    CheckConstraint,
    Computed,
    Connection,
    Enum,
    MetaData,
    Table,
    create_engine,
    inspect,
    text,
)
from sqlalchemy.dialects.postgresql.base import PGInspector
from sqlalchemy.engine.reflection import Inspector
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from shared.errors import ServiceError
from shared.persistence.tables import enums, public, tenant
from shared.persistence.tables.kinds import NAMES

# Comments stand in the model only.
PLUGINS = ["alembic.autogenerate.*", "~alembic.autogenerate.comments"]
VERSION_TABLE = "alembic_version"


@contextmanager
def open_comparison(database_url: str) -> Iterator[Connection]:
    """A connection to compare on, that of a login which sees all schemas; it changes nothing.

    Raises `ServiceError` where the server refuses or goes away.
    """

    def connect() -> psycopg.Connection[TupleRow]:
        connection = psycopg.connect(database_url, autocommit=True)
        # Where public were the default schema, Alembic would take its tables for those of no schema.
        connection.execute("SET search_path = pg_catalog")
        connection.autocommit = False
        return connection

    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(text("SET TRANSACTION READ ONLY"))
            yield connection
    except DBAPIError as error:
        reason = str(error.orig).partition("\n")[0]
        raise ServiceError(f"database: the tables cannot be compared: {reason}") from error


def public_drift(connection: Connection) -> list[str]:
    """What the public schema has more, less or otherwise than the model, a few words each; empty where they agree."""
    found = _compare(connection, public.METADATA, "public")
    return sorted({*found, *_enums(inspect(connection))})


def tenant_drift(connection: Connection, schema: str) -> list[str]:
    """The same of a tenant's schema."""
    return sorted(set(_compare(connection, _placed(schema), schema)))


def _placed(schema: str) -> MetaData:
    """The tenant's tables with the name of a schema; their enums stay in public."""
    placed = MetaData(naming_convention=NAMES)
    for table in tenant.METADATA.sorted_tables:
        for column in table.to_metadata(placed, schema=schema).columns:
            column.type = table.columns[column.name].type
    return placed


def _compare(connection: Connection, metadata: MetaData, schema: str) -> Iterator[str]:
    # Asked for by its name a schema is found by an index; by the search path all tables of all tenants are read.
    context = MigrationContext.configure(
        connection,
        opts={
            "target_metadata": metadata,
            "compare_type": True,
            "compare_server_default": True,
            "include_schemas": True,
            "include_name": lambda name, kind, _parents: (
                name == schema if kind == "schema" else name != VERSION_TABLE
            ),
            "autogenerate_plugins": PLUGINS,
        },
    )
    with warnings.catch_warnings():
        # Reading a check that is NOT VALID warns of nothing that we could do otherwise.
        warnings.simplefilter("ignore")
        entries = compare_metadata(context, metadata)
    for entry in entries:
        yield from _words(entry)
    yield from _unseen(inspect(connection), metadata, schema)


def _words(entry: Any) -> Iterator[str]:
    """A directive of Alembic's, which says how to bring the database to the model."""
    if isinstance(entry, list):
        for change in entry:
            yield f"{change[2]}.{change[3]}: {_change(change[0], change[5], change[6])}"
        return
    direction, _, kind = entry[0].partition("_")
    said = "is missing" if direction == "add" else "is not in the model"
    if kind == "column":
        yield f"{entry[2]}.{entry[3].name}: column {said}"
    elif kind == "table":
        yield f"{entry[1].name}: table {said}"
    else:
        yield f"{entry[1].table.name}: {'foreign key' if kind == 'fk' else kind} {entry[1].name} {said}"


def _change(kind: str, found: Any, wanted: Any) -> str:
    if kind == "modify_nullable":
        return "may be empty" if found else "may not be empty"
    if kind == "modify_default":
        return "another default"
    return f"is {found}, not {wanted}"


def _unseen(inspector: Inspector, metadata: MetaData, schema: str) -> Iterator[str]:
    """What Alembic passes over: primary keys, checks, and which columns are computed."""
    names = [table.name for table in metadata.sorted_tables]
    keys = inspector.get_multi_pk_constraint(schema=schema, filter_names=names)
    checks = inspector.get_multi_check_constraints(schema=schema, filter_names=names)
    columns = inspector.get_multi_columns(schema=schema, filter_names=names)
    for table in metadata.sorted_tables:
        place = (schema, table.name)
        if place not in columns:
            continue
        if list(table.primary_key.columns.keys()) != list(keys[place]["constrained_columns"]):
            yield f"{table.name}: another primary key"
        yield from _checks(table, {str(each["name"]) for each in checks[place]})
        computed = {each["name"] for each in columns[place] if "computed" in each}
        yield from _computed(table, computed, {each["name"] for each in columns[place]})


def _checks(table: Table, found: set[str]) -> Iterator[str]:
    wanted = {str(each.name) for each in table.constraints if isinstance(each, CheckConstraint)}
    yield from (f"{table.name}: check {name} is missing" for name in wanted - found)
    yield from (f"{table.name}: check {name} is not in the model" for name in found - wanted)


def _computed(table: Table, computed: set[str], there: set[str]) -> Iterator[str]:
    for column in table.columns:
        wanted = isinstance(column.server_default, Computed)
        if column.name in there and wanted != (column.name in computed):
            yield f"{table.name}.{column.name}: is {'not ' if wanted else ''}computed"


def _enums(inspector: Inspector) -> Iterator[str]:
    assert isinstance(inspector, PGInspector)  # noqa: S101 - the URL names PostgreSQL
    found: Mapping[str, list[str]] = {
        each["name"]: each["labels"] for each in inspector.get_enums(schema="public")
    }
    for enum in (each for each in vars(enums).values() if isinstance(each, Enum)):
        if found.get(str(enum.name)) != enum.enums:
            yield f"{enum.name}: its values are {', '.join(found.get(str(enum.name), ['missing']))}"
