"""Servers, databases and processes that the tests of faults may break: none is shared with other tests."""

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from shared.domain.quota import Tier
from shared.embedded.services import EmbeddedServices
from shared.embedded.urls import ServiceUrls
from shared.persistence.jobs.contracts import publish
from shared.persistence.migrations.public_line import migrate_public
from shared.persistence.tenants.logins import LOGINS, ensure_logins
from shared.use_cases.register_tenant import NewTenant, register_tenant
from tests.conftest import PASSWORD, environment_of, replace_database, settings_of
from tests.fixtures.fleet import Fleet
from tests.fixtures.numbered import prepare
from tests.fixtures.scene import Scene
from workers.migrate import task_contracts
from workers.wiring import build_wiring

OpenScene = Callable[[], Scene]

TEMPLATE = "capliquify_faults"
ACME = NewTenant("acme", "Acme", Tier.STARTER, "Europe/London", "GBP")
GLOBEX = NewTenant("globex", "Globex", Tier.ENTERPRISE, "America/New_York", "USD")
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="capliquify-faults-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def servers(home: Path) -> Iterator[EmbeddedServices]:
    """Servers that a test may kill, if it starts them again."""
    embedded = EmbeddedServices(home, durable=False)
    embedded.start_owned()
    yield embedded
    embedded.stop()


@pytest.fixture(scope="session")
def services(servers: EmbeddedServices) -> ServiceUrls:
    urls = servers.running_urls()
    assert urls is not None
    return urls


@pytest.fixture(scope="session")
def template_url(services: ServiceUrls) -> str:
    with psycopg.connect(services.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    url = replace_database(services.database_url, TEMPLATE)
    migrate_public(url)
    publish(url, task_contracts())
    ensure_logins(url, dict.fromkeys(LOGINS, PASSWORD))
    prepare(url)
    return url


@pytest.fixture(scope="module")
def open_scene(services: ServiceUrls, template_url: str, home: Path) -> Iterator[OpenScene]:
    """Opens scenes that last as long as the module."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(opened_scene(services, template_url, home))


@pytest.fixture
def scene(services: ServiceUrls, template_url: str, home: Path) -> Iterator[Scene]:
    """Two tenants and no process yet."""
    with opened_scene(services, template_url, home) as opened:
        yield opened


@contextmanager
def opened_scene(services: ServiceUrls, template_url: str, home: Path) -> Iterator[Scene]:
    """A database and a broker of its own with two tenants, at a tenth of the usual lease."""
    number = next(_numbers)
    url = copy_database(services.database_url, template_url, f"scene_{number}")
    redis_url = f"{services.redis_url.rpartition('/')[0]}/{number % 16}"
    folder = home / f"scene-{number}"
    folder.mkdir()
    with build_wiring(settings_of(url, redis_url)) as wiring:
        tenants = [register_tenant(wiring.registry(), each) for each in (ACME, GLOBEX)]
    environment = {
        **environment_of(url, redis_url),
        "CAPLIQUIFY_HOME": str(folder),
        "CAPLIQUIFY_LEASE_S": "3",
        "CAPLIQUIFY_POLL_S": "0.2",
    }
    fleet = Fleet(environment, folder)
    try:
        yield Scene(url, tenants, fleet, folder, redis_url)
    finally:
        fleet.stop()


def copy_database(server_url: str, template_url: str, name: str) -> str:
    """The URL of a copy of the template, which goes with the server."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        for statement in (
            "CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY",
            # The right to create schemas is the database's own and is not copied.
            "GRANT CREATE ON DATABASE {name} TO capliquify_lifecycle",
        ):
            names = {"name": sql.Identifier(name), "template": sql.Identifier(TEMPLATE)}
            connection.execute(sql.SQL(statement).format(**names))
    return replace_database(template_url, name)
