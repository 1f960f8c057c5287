"""Real servers for all tests: one PostgreSQL and one Valkey a run, a database a test."""

import itertools
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from hypothesis import settings as hypothesis_settings
from psycopg import sql

from shared.domain.events import nothing_follows
from shared.domain.quota import Tier
from shared.embedded.services import EmbeddedServices
from shared.embedded.urls import ServiceUrls
from shared.forecasting.threads import limit_to_one_thread
from shared.persistence.jobs.contracts import publish
from shared.persistence.migrations.public_line import migrate_public
from shared.persistence.tenants.logins import LOGINS, ensure_logins, login_url
from shared.persistence.unit_of_work import unit_of_work_opener
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from shared.use_cases.register_tenant import NewTenant, register_tenant
from workers.migrate import task_contracts
from workers.settings import Settings
from workers.wiring import Wiring, build_wiring

pytest_plugins = ("tests.fixtures.served_shop", "tests.fixtures.board", "tests.fixtures.browser")

# As forecast workers do. With a thread a core, fits of short series take many times the CPU.
limit_to_one_thread()

# A busy machine is no fault of an example.
hypothesis_settings.register_profile("house", deadline=None)
hypothesis_settings.load_profile("house")

TEMPLATE = "capliquify_template"
PASSWORD = "a password of tests"
# What the newest wheel for this Python brings.
EMBEDDED_POSTGRESQL = "18.6" if sys.version_info >= (3, 12) else "18.1"
VAULT_KEYS = "test:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """A data folder of this run alone; readable by the account that PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="capliquify-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def services(home: Path) -> Iterator[ServiceUrls]:
    """PostgreSQL and Valkey that end with this run."""
    embedded = EmbeddedServices(home, durable=False)
    yield embedded.start_owned()
    embedded.stop()


@pytest.fixture(scope="session")
def template_url(services: ServiceUrls) -> str:
    """The URL of a database that is migrated once and copied for each test."""
    with psycopg.connect(services.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    url = replace_database(services.database_url, TEMPLATE)
    migrate_public(url)
    publish(url, task_contracts())
    ensure_logins(url, dict.fromkeys(LOGINS, PASSWORD))
    return url


@pytest.fixture
def database_url(services: ServiceUrls, template_url: str) -> Iterator[str]:
    """The URL of a migrated database of this test alone."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(services.database_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(TEMPLATE)
            )
        )
        # Grants on the database are its own and are not copied.
        connection.execute(
            sql.SQL(
                "GRANT CREATE ON DATABASE {0} TO capliquify_lifecycle; REVOKE TEMPORARY ON DATABASE {0} FROM PUBLIC"
            ).format(sql.Identifier(name))
        )
    yield replace_database(template_url, name)
    with psycopg.connect(services.database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def wiring(database_url: str, services: ServiceUrls) -> Iterator[Wiring]:
    """What a process works with, over this test's database, each part under its own login."""
    with build_wiring(settings_of(database_url, services.redis_url)) as built:
        yield built


@pytest.fixture
def acme(wiring: Wiring) -> UUID:
    """A tenant."""
    return register_tenant(
        wiring.registry(), NewTenant("acme", "Acme", Tier.STARTER, "Europe/London", "GBP")
    )


@pytest.fixture
def globex(wiring: Wiring) -> UUID:
    """Another tenant, who must never be touched by what acme does."""
    return register_tenant(
        wiring.registry(), NewTenant("globex", "Globex", Tier.ENTERPRISE, "America/New_York", "USD")
    )


@pytest.fixture
def unit_of_work_of(wiring: Wiring) -> Callable[[UUID], OpenUnitOfWork]:
    """Opens units of work of a tenant."""

    def opener(tenant_id: UUID) -> OpenUnitOfWork:
        return unit_of_work_opener(wiring.database, tenant_id, react=nothing_follows, actor="test")

    return opener


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A vendor's fault is tried again at once: so many of them would only take time."""
    for wait in ("FIRST_WAIT_S", "SPREAD_S"):
        monkeypatch.setattr(f"shared.http.client.{wait}", 0.01)


def replace_database(url: str, name: str) -> str:
    """The same server's URL with another database."""
    return f"{url.rpartition('/')[0]}/{name}"


def environment_of(database_url: str, redis_url: str) -> dict[str, str]:
    """What a process finds in its environment: a login for each kind of work."""
    return {
        "DATABASE_URL": login_url(database_url, "worker", PASSWORD),
        "DATABASE_DISPATCHER_URL": login_url(database_url, "dispatcher", PASSWORD),
        "DATABASE_ADMIN_URL": login_url(database_url, "admin", PASSWORD),
        "DATABASE_DIRECT_URL": database_url,
        "REDIS_URL": redis_url,
        "CAPLIQUIFY_VAULT_KEYS": VAULT_KEYS,
        "CAPLIQUIFY_VENDOR_ATTEMPTS": "1",
    }


def settings_of(database_url: str, redis_url: str) -> Settings:
    """Settings as a process would read them from its environment."""
    return Settings.model_validate(environment_of(database_url, redis_url))
