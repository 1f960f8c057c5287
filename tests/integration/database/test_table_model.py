"""The model of the tables and the migrated database say the same."""

from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import MetaData, create_engine

from shared.embedded.urls import ServiceUrls
from shared.persistence.tables import public, tables_of, tenant
from shared.persistence.tables.drift import open_comparison, public_drift, tenant_drift
from tests.conftest import replace_database
from tests.fixtures.catalog import read_catalog

NEEDED = """
CREATE FUNCTION public.is_of_our_time(timestamptz) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true'
"""


def made_by_model(url: str, metadata: MetaData, schema: str) -> list[tuple[Any, ...]]:
    """What PostgreSQL says of a schema that was made from the model."""
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url))
    with engine.begin() as connection:
        connection.exec_driver_sql(f'SET LOCAL search_path = "{schema}"')
        metadata.create_all(connection)
    engine.dispose()
    with psycopg.connect(url) as connection:
        return read_catalog(connection, schema)


def migrated(url: str, schema: str) -> list[tuple[Any, ...]]:
    """The same of a schema that was migrated, without Alembic's own table."""
    with psycopg.connect(url) as connection:
        rows = read_catalog(connection, schema)
    return [
        tuple(value.replace(" NOT VALID", "") for value in row)
        for row in rows
        if row[1] != "alembic_version"
    ]


def test_nothing_differs_in_the_public_schema_and_in_two_tenants(
    database_url: str, acme: UUID, globex: UUID
) -> None:
    with open_comparison(database_url) as connection:
        assert public_drift(connection) == []
        for tenant_id in (acme, globex):
            assert tenant_drift(connection, f"tenant_{tenant_id}") == []


def test_a_tenant_schema_made_from_the_model_equals_a_migrated_one(
    database_url: str, acme: UUID, globex: UUID
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute('CREATE SCHEMA "made by model"')
    made = made_by_model(database_url, tenant.METADATA, "made by model")
    assert len(made) > 300
    assert made == migrated(database_url, f"tenant_{acme}")
    assert made == migrated(database_url, f"tenant_{globex}")


def test_a_public_schema_made_from_the_model_equals_the_migrated_one(
    database_url: str, services: ServiceUrls
) -> None:
    with psycopg.connect(services.database_url, autocommit=True) as server:
        server.execute("CREATE DATABASE made_by_model")
        url = replace_database(database_url, "made_by_model")
        try:
            with psycopg.connect(url) as connection:
                connection.execute(NEEDED)
            made = made_by_model(url, public.METADATA, "public")
        finally:
            server.execute("DROP DATABASE made_by_model WITH (FORCE)")
    assert len(made) > 200
    assert made == migrated(database_url, "public")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("ALTER TABLE sales ADD COLUMN note text", "sales.note: column is not in the model"),
        ("ALTER TABLE sales DROP COLUMN market", "sales.market: column is missing"),
        ("ALTER TABLE sales ALTER currency DROP NOT NULL", "sales.currency: may be empty"),
        ("ALTER TABLE sales ALTER market SET NOT NULL", "sales.market: may not be empty"),
        ("ALTER TABLE sales ALTER market TYPE text", "sales.market: is TEXT, not VARCHAR(10)"),
        ("ALTER TABLE sales ALTER tax_amount SET DEFAULT 1", "sales.tax_amount: another default"),
        (
            "ALTER TABLE sales ALTER net_revenue DROP EXPRESSION",
            "sales.net_revenue: is not computed",
        ),
        ("DROP TABLE sale_fees", "sale_fees: table is missing"),
        ("CREATE TABLE notes (id int)", "notes: table is not in the model"),
        (
            "DROP INDEX idx_webhook_deliveries_waiting",
            "webhook_deliveries: index idx_webhook_deliveries_waiting is missing",
        ),
        (
            "CREATE INDEX idx_sales_lower ON sales (lower(channel))",
            "sales: index idx_sales_lower is not in the model",
        ),
        (
            "ALTER TABLE sales DROP CONSTRAINT idx_sales_line",
            "sales: constraint idx_sales_line is missing",
        ),
        (
            "ALTER TABLE sales DROP CONSTRAINT sales_product_id_fkey",
            "sales: foreign key sales_product_id_fkey is missing",
        ),
        (
            "ALTER TABLE sales DROP CONSTRAINT sales_refund_negative",
            "sales: check sales_refund_negative is missing",
        ),
        (
            "ALTER TABLE sales ADD CONSTRAINT sales_small CHECK (quantity < 10)",
            "sales: check sales_small is not in the model",
        ),
        ("ALTER TABLE sale_fees DROP CONSTRAINT sale_fees_pkey", "sale_fees: another primary key"),
    ],
)
def test_a_change_of_one_tenant_is_found_there_and_nowhere_else(
    database_url: str, acme: UUID, globex: UUID, change: str, found: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(f"tenant_{acme}")))
        connection.execute(change.encode())
    with open_comparison(database_url) as connection:
        assert found in tenant_drift(connection, f"tenant_{acme}")
        assert tenant_drift(connection, f"tenant_{globex}") == []
        assert public_drift(connection) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            "ALTER TABLE public.jobs DROP COLUMN vendor_calls",
            "jobs.vendor_calls: column is missing",
        ),
        ("DROP INDEX public.idx_jobs_waiting", "jobs: index idx_jobs_waiting is missing"),
        ("CREATE TABLE public.notes (id int)", "notes: table is not in the model"),
        (
            "ALTER TYPE public.invoice_kind ADD VALUE 'LOAN'",
            "invoice_kind: its values are RECEIVABLE, PAYABLE, LOAN",
        ),
    ],
)
def test_a_change_of_the_public_schema_is_found(
    database_url: str, acme: UUID, globex: UUID, change: str, found: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(change.encode())
    with open_comparison(database_url) as connection:
        assert public_drift(connection) == [found]
        for tenant_id in (acme, globex):
            assert tenant_drift(connection, f"tenant_{tenant_id}") == []


@pytest.mark.parametrize("schema", [public, tenant], ids=["public", "tenant"])
def test_every_table_and_column_says_what_it_is(schema: Any) -> None:
    silent = [
        str(each)
        for table in schema.METADATA.sorted_tables
        for each in (table, *table.columns)
        if not (each.comment or "").strip()
    ]
    assert silent == []


@pytest.mark.parametrize("schema", [public, tenant], ids=["public", "tenant"])
def test_every_table_is_in_one_room(schema: Any) -> None:
    placed = [table for room in schema.ROOMS for table in tables_of(room)]
    assert sorted(table.name for table in placed) == sorted(
        table.name for table in schema.METADATA.sorted_tables
    )
