"""A database that Prisma made from the same document is taken over: nothing is lost, differences are listed first."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from shared.embedded.urls import ServiceUrls
from shared.persistence.adoption.adopt import (
    adopt_public,
    adopt_tenants,
    finish_adoption,
    needs_adoption,
    try_adoption,
)
from shared.persistence.migrations.public_line import migrate_public
from shared.persistence.migrations.steps import newest_revision
from tests.conftest import replace_database
from tests.integration.database.test_migrations import catalog

FIXTURES = Path(__file__).parents[2] / "fixtures"
ACME = UUID("11111111-1111-4111-8111-111111111111")
GLOBEX = UUID("22222222-2222-4222-8222-222222222222")


@pytest.fixture
def prisma_url(services: ServiceUrls, template_url: str) -> Iterator[str]:
    """A database with two tenants and rows, as Prisma would have made it."""
    with psycopg.connect(services.database_url, autocommit=True) as server:
        server.execute("CREATE DATABASE made_by_prisma TEMPLATE template0")
        url = replace_database(services.database_url, "made_by_prisma")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute((FIXTURES / "prisma_database.sql").read_bytes())
            tenant = (FIXTURES / "prisma_tenant.sql").read_text(encoding="utf-8")
            for tenant_id, word in ((ACME, "acme"), (GLOBEX, "globex")):
                names = {"schema": sql.Identifier(f"tenant_{tenant_id}"), "word": sql.Literal(word)}
                statements = sql.SQL(tenant).format(**names).as_string(connection)
                connection.execute(statements.encode())
        yield url
        server.execute("DROP DATABASE made_by_prisma WITH (FORCE)")


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def adopt(url: str) -> int:
    adopted = [adopt_public(url), *adopt_tenants(url)]
    finish_adoption(url)
    return sum(each.rows for each in adopted)


def test_a_trial_lists_the_differences_and_changes_nothing(prisma_url: str) -> None:
    before = rows(prisma_url, "SELECT oid, relname, relnamespace FROM pg_class ORDER BY oid")
    public, acme, globex = try_adoption(prisma_url)
    assert (
        rows(prisma_url, "SELECT oid, relname, relnamespace FROM pg_class ORDER BY oid") == before
    )
    assert needs_adoption(prisma_url)
    assert (
        "public.tenants.created_at: timestamp(3) without time zone becomes timestamp with time zone"
        in public.differences
    )
    assert "public.tenants.region: unknown column, kept as it is" in public.differences
    assert "public.jobs: table added" in public.differences
    assert "acme-corp.sales.currency: column added" in acme.differences
    assert "acme-corp.sales.net_revenue: becomes GENERATED" in acme.differences
    assert "acme-corp.notes: unknown table, kept as it is" in acme.differences
    assert len(globex.differences) == len(acme.differences)


def test_every_row_is_there_afterwards(prisma_url: str) -> None:
    assert adopt(prisma_url) == 16
    schema = f'"tenant_{ACME}"'
    assert rows(
        prisma_url,
        "SELECT slug, subscription_tier::text, region, created_at::text FROM public.tenants",
    ) == [
        ("acme-corp", "PROFESSIONAL", "eu", "2025-10-20 12:00:00+00"),
        ("globex", "STARTER", "eu", "2025-10-21 12:00:00+00"),
    ]
    assert rows(prisma_url, "SELECT email, role::text FROM public.users") == [
        ("jo@acme.test", "OWNER")
    ]
    assert rows(prisma_url, "SELECT action FROM public.audit_logs WHERE action LIKE 'user%'") == [
        ("user.login",)
    ]
    assert rows(prisma_url, f"SELECT name, timezone FROM {schema}.companies") == [("acme", "UTC")]
    assert rows(
        prisma_url, f"SELECT sku, colour, mood::text, unit_cost::text FROM {schema}.products"
    ) == [("acme", "red", "calm", "4.00")]
    assert rows(prisma_url, "SELECT public.mine()") == [(1,)]
    assert rows(
        prisma_url, "SELECT deleted_at::text FROM public.tenants WHERE slug = 'globex'"
    ) == [("2025-11-01 00:00:00+00",)]
    assert rows(
        prisma_url,
        "SELECT sale_date::text, quantity, channel, currency, net_revenue::text, channel_line_id IS NULL "
        f"FROM {schema}.sales ORDER BY 1",
    ) == [
        ("2025-10-01", 2, "shopify_uk", "GBP", "18.50", False),
        ("2025-10-02", 1, "direct", "GBP", "10.00", True),
    ]
    assert rows(prisma_url, f"SELECT forecast_date - forecast_origin FROM {schema}.forecasts") == [
        (1,)
    ]
    assert rows(prisma_url, f"SELECT theme FROM {schema}.user_preferences") == [("dark",)]
    assert rows(prisma_url, f"SELECT text FROM {schema}.notes") == [("acme",)]
    assert rows(prisma_url, "SELECT migration_name FROM public._prisma_migrations") == [
        ("001_create_public_schema",)
    ]


def test_an_adopted_tenant_equals_a_fresh_one_and_is_migrated_from_now_on(prisma_url: str) -> None:
    adopt(prisma_url)
    assert not needs_adoption(prisma_url)
    migrate_public(prisma_url)
    with psycopg.connect(prisma_url) as connection:
        row = connection.execute(
            "INSERT INTO public.tenants (slug, name) VALUES ('fresh', 'Fresh') RETURNING id"
        ).fetchone()
        assert row is not None
        connection.execute("SELECT public.create_tenant_schema(%s)", (row[0],))
        fresh = catalog(connection, row[0])
        adopted = catalog(connection, ACME)
    # What was theirs alone is kept: a column and a table.
    assert [
        each
        for each in adopted
        if each not in fresh and each[2] not in {"colour", "mood"} and each[1] != "notes"
    ] == []
    assert [each for each in fresh if each not in adopted] == []
    revisions = rows(prisma_url, "SELECT revision FROM public.tenant_schema_revisions()")
    assert revisions == [(newest_revision(),)] * 3
    assert rows(prisma_url, "SELECT nspname FROM pg_namespace WHERE nspname LIKE '%before%'") == []


def test_adoption_cut_off_between_tenants_is_finished_by_the_next(prisma_url: str) -> None:
    adopt_public(prisma_url)
    half = adopt_tenants(prisma_url)
    assert next(half).name == "acme-corp"
    assert isinstance(half, Generator)
    half.close()
    assert [each.name for each in adopt_tenants(prisma_url)] == ["globex"]
    assert list(adopt_tenants(prisma_url)) == []


def test_a_row_that_does_not_fit_leaves_its_tenant_as_it_was(prisma_url: str) -> None:
    rows_before = f'SELECT count(*) FROM "tenant_{ACME}".sales'
    with psycopg.connect(prisma_url, autocommit=True) as connection:
        connection.execute(f'UPDATE "tenant_{ACME}".sales SET unit_price = -1'.encode())
    adopt_public(prisma_url)
    with pytest.raises(psycopg.errors.CheckViolation):
        list(adopt_tenants(prisma_url))
    assert rows(prisma_url, rows_before) == [(2,)]
    assert rows(prisma_url, f'SELECT count(*) FROM "tenant_{GLOBEX}".sales') == [(2,)]


def test_what_depends_on_a_table_is_named_and_stops_the_adoption(prisma_url: str) -> None:
    with psycopg.connect(prisma_url, autocommit=True) as connection:
        connection.execute(
            f'CREATE VIEW "tenant_{ACME}".best AS SELECT sku FROM "tenant_{ACME}".products'.encode()
        )
    adopt_public(prisma_url)
    with pytest.raises(psycopg.errors.DependentObjectsStillExist, match="best"):
        list(adopt_tenants(prisma_url))
    assert rows(prisma_url, f'SELECT sku FROM "tenant_{ACME}".best') == [("acme",)]
