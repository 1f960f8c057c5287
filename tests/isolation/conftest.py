"""Two tenants, each with a row in every table; B's carry a canary."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from shared.domain.quota import Tier
from shared.embedded.urls import ServiceUrls
from shared.persistence.binding import schema_of
from shared.persistence.tenants.logins import login_url
from shared.use_cases.register_tenant import NewTenant, register_tenant
from tests.conftest import PASSWORD, replace_database, settings_of
from tests.fixtures.pgbouncer import pgbouncer_before
from tests.isolation.attacks import CANARY
from workers.wiring import build_wiring

ROWS = (Path(__file__).parents[1] / "fixtures" / "one_row_a_table.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Battlefield:
    """A database with two tenants; `roads` are the worker's URLs, straight and pooled."""

    owner_url: str
    a: UUID
    b: UUID
    roads: dict[str, str]


def lay_out(owner_url: str, redis_url: str) -> tuple[UUID, UUID]:
    """Makes tenants A and B and fills every table of both."""
    with build_wiring(settings_of(owner_url, redis_url)) as wiring:
        a = register_tenant(
            wiring.registry(), NewTenant("tenant-a", "A", Tier.STARTER, "UTC", "GBP")
        )
        b = register_tenant(
            wiring.registry(), NewTenant("tenant-b", CANARY, Tier.STARTER, "UTC", "GBP")
        )
    with psycopg.connect(owner_url) as connection:
        for tenant, word in ((a, "own"), (b, CANARY)):
            fill(connection, tenant, word)
        # An object of B's, and statistics of everything.
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(schema_of(b))))
        connection.execute("SELECT lo_from_bytea(0, %s)", (CANARY.encode(),))
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    return a, b


def fill(connection: psycopg.Connection[Any], tenant: UUID, word: str) -> None:
    """A row in every table of one tenant."""
    schema = sql.Identifier(schema_of(tenant))
    connection.execute(sql.SQL("SET LOCAL search_path = {}").format(schema))
    rows = sql.SQL(ROWS).format(word=sql.Literal(word), tenant=sql.Literal(tenant))
    connection.execute(rows)


def copy_database(services: ServiceUrls, name: str, template: str) -> str:
    """A copy of a database; returns the owner's URL of it."""
    with psycopg.connect(services.database_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        connection.execute(
            sql.SQL(
                "GRANT CREATE ON DATABASE {0} TO capliquify_lifecycle; REVOKE TEMPORARY ON DATABASE {0} FROM PUBLIC"
            ).format(sql.Identifier(name))
        )
    return replace_database(services.database_url, name)


@pytest.fixture(scope="session")
def battlefield(services: ServiceUrls, template_url: str) -> Battlefield:
    """One database for all attacks: each is rolled back."""
    url = copy_database(services, "battlefield", "capliquify_template")
    a, b = lay_out(url, services.redis_url)
    return Battlefield(url, a, b, {"straight": login_url(url, "worker", PASSWORD)})


# Closed at the end of the module: a database that somebody is connected to cannot be copied.
@pytest.fixture(scope="module", params=["straight", "through PgBouncer"])
def road(
    request: pytest.FixtureRequest, battlefield: Battlefield, home: Path
) -> Iterator[psycopg.Connection[Any]]:
    """The worker's connection on which the attacks run."""
    url = battlefield.roads["straight"]
    if request.param == "straight":
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
            yield connection
        return
    with (
        pgbouncer_before(url, home / "pgbouncer-attacks") as pooled,
        psycopg.connect(pooled, autocommit=True, prepare_threshold=None) as connection,
    ):
        yield connection
