"""The step that gives accounts a table and cursors an instant: rows of the form before, up and down again."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from shared.domain.credential import VendorAccount
from shared.domain.stream_positions import Days, Forward, OpenWindow
from shared.errors import SchemaBehind
from shared.persistence.migrations.runner import migrate_tenants
from shared.persistence.migrations.steps import load_steps
from workers.wiring import Wiring

DAY_BEFORE, NIGHT = datetime(2026, 10, 31, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
ADD = """
    WITH login AS (
        INSERT INTO api_credentials (company_id, service_name, service_type, credentials_encrypted)
        SELECT c.id, n.service, 'ecommerce', 'sealed' FROM companies c, unnest(%s::text[]) AS n (service)
        RETURNING id, service_name
    )
    INSERT INTO sync_cursors (credential_id, stream, position, updated_at)
    SELECT login.id, n.stream, n.position::jsonb, '2026-11-01T00:00:00Z'
    FROM unnest(%s::text[], %s::text[], %s::text[]) AS n (service, stream, position)
    JOIN login ON service_name = n.service
"""
# As t0004 had them, to the letter.
OF_ACME = [
    ("amazon_de", "orders", '{"since": "2026-10-31T23:57:00+00:00", "size_s": "86400"}'),
    (
        "amazon_de",
        "orders_backfill",
        '{"done": "scope missing", "from": "2024-10-31T00:00:00+01:00", "until": "2026-09-01T00:00:00+02:00"}',
    ),
    ("amazon_de", "shop", '{"currency": "EUR", "timezone": "Europe/Berlin"}'),
    (
        "shopify_uk",
        "orders",
        '{"open": "2026-11-01T00:00:00+00:00", "after": "page 2", "since": "2026-10-31T00:00:00+00:00"}',
    ),
    (
        "shopify_uk",
        "orders_backfill",
        '{"from": "2023-11-01T00:00:00+00:00", "until": "2026-01-01T00:00:00+00:00", "size_s": "2592000"}',
    ),
    (
        "shopify_uk",
        "products",
        '{"day": "2026-10-31", "done": "2026-10-31T02:00:00+00:00", "began": "2026-10-31T01:00:00+00:00"}',
    ),
    (
        "shopify_uk",
        "shop",
        '{"account": "gid://shopify/Shop/1", "currency": "GBP", "timezone": "Europe/London"}',
    ),
]
OF_GLOBEX = [
    ("shopify_eu", "shop", '{"timezone": "Europe/Berlin"}'),
    # Somebody's edits: the pull names them, the migration stops for none.
    ("shopify_eu", "orders", '{"since": "yesterday"}'),
    ("shopify_eu", "orders_60d", '{"since": "2026-02-30T00:00:00+00:00"}'),
    ("shopify_eu", "fees", "[]"),
    (
        "xero",
        "balances",
        '{"day": "2026-10-31", "left": "2026-10-30 2026-10-31"}',
    ),
    (
        "xero",
        "invoices",
        '{"after": "{}", "began": "2026-11-01T00:00:00+00:00", "since": "2026-10-30T00:00:00+00:00"}',
    ),
    (
        "xero",
        "shop",
        '{"account": "an-organisation", "currency": "EUR", "timezone": "Europe/Berlin"}',
    ),
]
CURSORS = (
    "SELECT service_name, stream, position::text, c.updated_at = '2026-11-01T00:00:00Z' "
    "FROM sync_cursors c JOIN api_credentials a ON a.id = c.credential_id ORDER BY 1, 2"
)
WHOLE = (
    "SELECT service_name, stream, to_char(complete_until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') "
    "FROM sync_cursors c JOIN api_credentials a ON a.id = c.credential_id WHERE stream <> 'shop' ORDER BY 1, 2"
)
ACCOUNTS = (
    "SELECT service_name, account, timezone, currency, v.updated_at = '2026-11-01T00:00:00Z' "
    "FROM vendor_accounts v JOIN api_credentials a ON a.id = v.credential_id ORDER BY 1"
)


def read(url: str, tenant_id: UUID, query: str) -> list[tuple[Any, ...]]:
    """What a query finds in the tenant's schema."""
    with psycopg.connect(url) as connection:
        path = sql.Identifier(f"tenant_{tenant_id}")
        connection.execute(sql.SQL("SET search_path = {}").format(path))
        return connection.execute(query.encode()).fetchall()


def add(url: str, tenant_id: UUID, cursors: list[tuple[str, str, str]]) -> None:
    """Rows of the form before."""
    services, streams, positions = (list(each) for each in zip(*cursors, strict=True))
    with psycopg.connect(url) as connection:
        path = sql.Identifier(f"tenant_{tenant_id}")
        connection.execute(sql.SQL("SET search_path = {}, public").format(path))
        connection.execute(ADD, (sorted(set(services)), services, streams, positions))


def test_accounts_and_instants_are_taken_over_and_given_back(
    database_url: str, acme: UUID, globex: UUID
) -> None:
    assert [each.error for each in migrate_tenants(database_url, to="t0004")] == [None, None]
    add(database_url, acme, OF_ACME)
    add(database_url, globex, OF_GLOBEX)
    before = [read(database_url, tenant, CURSORS) for tenant in (acme, globex)]
    assert [len(each) for each in before] == [len(OF_ACME), len(OF_GLOBEX)]
    [step] = [each for each in load_steps() if each.revision == "t0005"]
    for _ in range(2):
        ended = migrate_tenants(database_url, to=step.revision)
        assert [each.error for each in ended] == [None, None]
        assert read(database_url, acme, WHOLE) == [
            ("amazon_de", "orders", "2026-10-31 23:57"),
            ("amazon_de", "orders_backfill", "2026-08-31 22:00"),
            ("shopify_uk", "orders", "2026-10-31 00:00"),
            ("shopify_uk", "orders_backfill", None),
            ("shopify_uk", "products", None),
        ]
        assert read(database_url, acme, ACCOUNTS) == [
            ("amazon_de", None, "Europe/Berlin", "EUR", True),
            ("shopify_uk", "gid://shopify/Shop/1", "Europe/London", "GBP", True),
        ]
        assert read(database_url, globex, WHOLE) == [
            ("shopify_eu", "fees", None),
            ("shopify_eu", "orders", None),
            ("shopify_eu", "orders_60d", None),
            ("xero", "balances", None),
            ("xero", "invoices", "2026-10-30 00:00"),
        ]
        assert read(database_url, globex, ACCOUNTS) == [
            ("shopify_eu", None, "Europe/Berlin", None, True),
            ("xero", "an-organisation", "Europe/Berlin", "EUR", True),
        ]
        # Workers of the release before still look for the account among the cursors.
        assert [read(database_url, tenant, CURSORS) for tenant in (acme, globex)] == before
        ended = migrate_tenants(database_url, to="t0004")
        assert [each.error for each in ended] == [None, None]
        assert [read(database_url, tenant, CURSORS) for tenant in (acme, globex)] == before


def test_a_migrated_tenants_streams_go_on_where_they_stood(
    wiring: Wiring, database_url: str, acme: UUID, globex: UUID
) -> None:
    assert [each.error for each in migrate_tenants(database_url, to="t0004")] == [None, None]
    add(database_url, acme, OF_ACME)
    add(database_url, globex, OF_GLOBEX)
    assert [each.error for each in migrate_tenants(database_url)] == [None, None]
    with wiring.unit_of_work(acme, actor="test")() as work:
        # The last whole day of the site in Berlin; the other shop's past is on its way.
        assert work.sales.complete_until() == date(2026, 10, 31)
        assert work.credentials.currencies() == {"amazon_de": "EUR", "shopify_uk": "GBP"}
        identity = work.credentials.get("shopify_uk").id
        standing = work.cursors.get(identity, "orders", Forward)
        assert standing == Forward(DAY_BEFORE, window=OpenWindow(NIGHT, "page 2"))
        assert work.cursors.move(identity, "orders", standing, Forward(NIGHT))
    with wiring.unit_of_work(globex, actor="test")() as work:
        known = work.accounts.get(work.credentials.get("shopify_eu").id)
        assert known == VendorAccount(None, "Europe/Berlin", None)
        assert work.credentials.currencies() == {"xero": "EUR"}
        identity = work.credentials.get("xero").id
        days = (date(2026, 10, 30), date(2026, 10, 31))
        assert work.cursors.get(identity, "balances", Days) == Days(days[1], days)


def test_an_account_goes_with_its_credential(database_url: str, acme: UUID, globex: UUID) -> None:
    assert [each.error for each in migrate_tenants(database_url, to="t0004")] == [None, None]
    for tenant in (acme, globex):
        add(database_url, tenant, OF_ACME)
    assert [each.error for each in migrate_tenants(database_url)] == [None, None]
    with psycopg.connect(database_url) as connection:
        connection.execute(
            sql.SQL("DELETE FROM {}.api_credentials WHERE service_name = 'amazon_de'").format(
                sql.Identifier(f"tenant_{acme}")
            )
        )
    assert [row[0] for row in read(database_url, acme, ACCOUNTS)] == ["shopify_uk"]
    assert [row[0] for row in read(database_url, globex, ACCOUNTS)] == ["amazon_de", "shopify_uk"]


def test_a_tenant_without_the_step_waits_for_it_and_the_other_goes_on(
    wiring: Wiring, database_url: str, acme: UUID, globex: UUID
) -> None:
    ended = migrate_tenants(database_url, slugs=["acme"], to="t0004")
    assert [each.error for each in ended] == [None]
    with (
        pytest.raises(SchemaBehind, match="acme is at t0004, this release needs t"),
        wiring.unit_of_work(acme, actor="test")(),
    ):
        raise AssertionError("no unit of work may open")
    with wiring.unit_of_work(globex, actor="test")() as work:
        assert work.credentials.currencies() == {}
