"""Two lines of migrations: up, down, up again; a fresh tenant equals a migrated one."""

from collections.abc import Iterator
from threading import Thread
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from shared.embedded.urls import ServiceUrls
from shared.persistence.migrations.compiler import compile_steps
from shared.persistence.migrations.public_line import downgrade_public, migrate_public
from shared.persistence.migrations.runner import migrate_tenants
from shared.persistence.migrations.steps import Step, load_steps, newest_revision
from tests.conftest import replace_database
from tests.fixtures.catalog import read_catalog


@pytest.fixture
def empty_url(services: ServiceUrls) -> Iterator[str]:
    """A database without any table of ours."""
    with psycopg.connect(services.database_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE empty_one")
        yield replace_database(services.database_url, "empty_one")
        connection.execute("DROP DATABASE empty_one WITH (FORCE)")


def catalog(connection: psycopg.Connection[Any], tenant_id: UUID) -> list[tuple[Any, ...]]:
    return read_catalog(connection, f"tenant_{tenant_id}")


def test_the_compiled_steps_are_current() -> None:
    assert list(load_steps()) == compile_steps()


def test_the_public_line_goes_up_down_and_up_again(empty_url: str) -> None:
    first = migrate_public(empty_url)
    downgrade_public(empty_url, "base")
    with psycopg.connect(empty_url) as connection:
        left = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        ).fetchall()
    assert left == [("alembic_version",)]
    assert migrate_public(empty_url) == first == "p0006"


def test_migrating_twice_changes_nothing(database_url: str, acme: UUID, globex: UUID) -> None:
    migrate_public(database_url)
    with psycopg.connect(database_url) as connection:
        before = catalog(connection, acme)
    migrate_public(database_url)
    assert [each.error for each in migrate_tenants(database_url)] == [None, None]
    with psycopg.connect(database_url) as connection:
        assert catalog(connection, acme) == before
        audited = connection.execute(
            "SELECT count(*) FROM public.audit_logs WHERE action = 'schema.migrated'"
        ).fetchone()
    assert audited == (0,)


def test_two_runs_at_once_take_a_step_once(database_url: str, acme: UUID, globex: UUID) -> None:
    doubling = Step(
        load_steps()[-1].number + 1,
        "next",
        "UPDATE products SET unit_price = unit_price * 2; "
        "UPDATE alembic_version SET version_num = 'next'",
        "",
    )
    line = [*load_steps(), doubling]
    with psycopg.connect(database_url, autocommit=True) as connection:
        schema = sql.Identifier(f"tenant_{acme}")
        connection.execute(
            sql.SQL(
                "INSERT INTO {0}.products (company_id, sku, name, unit_price) "
                "SELECT id, 'A', 'A', 10 FROM {0}.companies"
            ).format(schema)
        )
    runs = [
        Thread(target=migrate_tenants, args=(database_url,), kwargs={"steps": line})
        for _ in range(3)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    with psycopg.connect(database_url) as connection:
        price = connection.execute(
            sql.SQL("SELECT unit_price::text FROM {}.products").format(schema)
        )
        assert price.fetchone() == ("20.00",)


def test_a_revision_that_this_release_does_not_know_is_left_alone(
    database_url: str, acme: UUID, globex: UUID
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = sql.Identifier(f"tenant_{acme}")
        connection.execute(
            sql.SQL("UPDATE {}.alembic_version SET version_num = 't9999'").format(name)
        )
    ended = {each.slug: each.error for each in migrate_tenants(database_url)}
    assert ended == {
        "acme": "its schema is at t9999, which this release does not know; use a newer one",
        "globex": None,
    }


def test_a_fresh_tenant_equals_a_migrated_one(database_url: str, acme: UUID, globex: UUID) -> None:
    with psycopg.connect(database_url) as connection:
        fresh = catalog(connection, acme)
        # Globex starts again from an empty schema and takes every step of the runner.
        name = sql.Identifier(f"tenant_{globex}")
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(name))
        connection.execute(
            sql.SQL("CREATE SCHEMA {} AUTHORIZATION capliquify_lifecycle").format(name)
        )
    assert [each.error for each in migrate_tenants(database_url)] == [None, None]
    with psycopg.connect(database_url) as connection:
        assert len(fresh) > 200
        assert catalog(connection, globex) == fresh


def test_a_tenants_line_goes_down_and_up_again(database_url: str, acme: UUID, globex: UUID) -> None:
    with psycopg.connect(database_url) as connection:
        before = catalog(connection, acme)
        for step in reversed(load_steps()):
            connection.execute(step.down.encode())
        left = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r'",
            (f'"tenant_{acme}"',),
        ).fetchall()
        assert left in ([], [("alembic_version",)])
        connection.execute("DROP TABLE IF EXISTS alembic_version")
        for step in load_steps():
            connection.execute(step.up.encode())
        assert catalog(connection, acme) == before


def test_two_shops_of_one_place_name_go_down_and_lose_no_stock(
    database_url: str, acme: UUID, globex: UUID
) -> None:
    add = """
        WITH company AS (
            INSERT INTO companies (name) VALUES ('Acme') RETURNING id
        ), product AS (INSERT INTO products (company_id, sku, name) SELECT id, 'MUG', 'Mug' FROM company RETURNING *)
        INSERT INTO inventory (company_id, product_id, channel, location, quantity_on_hand)
        SELECT company_id, id, channel, channel || ': ' || place, units FROM product, (VALUES
            ('shopify_uk', 'Warehouse', 3), ('shopify_eu', 'Warehouse', 4), ('shopify_uk', 'Shop', 5)
        ) AS n (channel, place, units)
    """
    with psycopg.connect(database_url) as connection:
        connection.execute(
            sql.SQL("SET search_path = {}, public").format(sql.Identifier(f"tenant_{acme}"))
        )
        connection.execute(add)
        [step] = [each for each in load_steps() if each.revision == "t0003"]
        connection.execute(step.down.encode())
        found = connection.execute("SELECT location, quantity_on_hand FROM inventory ORDER BY 2")
        assert found.fetchall() == [
            ("shopify_uk: Warehouse", 3),
            ("shopify_eu: Warehouse", 4),
            ("Shop", 5),
        ]


def test_amazons_sales_that_no_login_can_bring_back_stay(
    database_url: str, acme: UUID, globex: UUID
) -> None:
    add = """
        WITH company AS (
            INSERT INTO companies (name) VALUES ('Acme') RETURNING id
        ), login AS (
            INSERT INTO api_credentials (company_id, service_name, service_type, credentials_encrypted, needs_reconnect)
            SELECT id, service, 'ecommerce', 'sealed', refused FROM company,
                (VALUES ('amazon_uk', false), ('amazon_de', true)) AS n (service, refused)
        ), fee AS (
            INSERT INTO sale_fees (channel, channel_order_id, fee_key, amount, currency, is_final, posted_at)
            SELECT channel, o, o, 1, 'GBP', true, now()
            FROM (VALUES ('amazon_uk', 'new'), ('amazon_uk', 'old'), ('amazon_de', 'new')) AS n (channel, o)
        )
        INSERT INTO sales (company_id, channel, channel_order_id, channel_line_id, sale_date, quantity, unit_price,
                           total_amount, currency, market, source_updated_at)
        SELECT id, channel, o, 'A', current_date - days, 1, 1, 1, 'GBP', 'UK', read FROM company, (VALUES
            ('amazon_uk', 'new', 10, now()), ('amazon_uk', 'old', 900, now()), ('amazon_uk', 'entered', 10, NULL),
            ('amazon_de', 'new', 10, now())
        ) AS n (channel, o, days, read)
    """
    orders = "SELECT channel, channel_order_id FROM {} ORDER BY 1, 2"
    with psycopg.connect(database_url) as connection:
        connection.execute(
            sql.SQL("SET search_path = {}, public").format(sql.Identifier(f"tenant_{acme}"))
        )
        [step] = [each for each in load_steps() if each.revision == "t0003"]
        connection.execute(step.down.encode())
        connection.execute(add)
        connection.execute(step.up.encode())
        sales, fees = (
            connection.execute(sql.SQL(orders).format(sql.Identifier(table))).fetchall()
            for table in ("sales", "sale_fees")
        )
    assert sales == [("amazon_de", "new"), ("amazon_uk", "entered"), ("amazon_uk", "old")]
    assert fees == [("amazon_de", "new"), ("amazon_uk", "old")]


def test_a_tenant_that_cannot_be_migrated_is_named_and_stops_nobody_else(
    database_url: str, acme: UUID, globex: UUID
) -> None:
    with psycopg.connect(database_url) as connection:
        for tenant_id in (acme, globex):
            name = sql.Identifier(f"tenant_{tenant_id}")
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(name))
            connection.execute(
                sql.SQL("CREATE SCHEMA {} AUTHORIZATION capliquify_lifecycle").format(name)
            )
        connection.execute(
            sql.SQL("CREATE VIEW {}.products AS SELECT 1 AS one").format(
                sql.Identifier(f"tenant_{acme}")
            )
        )
    ended = {each.slug: each for each in migrate_tenants(database_url)}
    assert ended["acme"].error == 'relation "products" already exists'
    assert (ended["globex"].error, ended["globex"].revision) == (None, newest_revision())
