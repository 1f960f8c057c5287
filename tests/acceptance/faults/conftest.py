"""Servers, a database and processes that the tests of faults may break: none is shared with other tests."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from shared.embedded.services import EmbeddedServices
from shared.embedded.urls import ServiceUrls
from shared.persistence.contracts import publish
from shared.persistence.logins import ensure_logins
from shared.persistence.migrations.public_line import migrate_public
from tests.conftest import PASSWORD, TEMPLATE, environment_of, replace_database
from tests.fixtures.fleet import Fleet
from tests.fixtures.numbered import prepare
from tests.fixtures.scene import Scene
from workers.migrate import task_contracts


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
    ensure_logins(url, PASSWORD)
    prepare(url)
    return url


@pytest.fixture
def fleet(database_url: str, services: ServiceUrls, tmp_path: Path) -> Iterator[Fleet]:
    """The processes of a test, at a tenth of the usual lease."""
    environment = {
        **environment_of(database_url, services.redis_url),
        "CAPLIQUIFY_HOME": str(tmp_path),
        "CAPLIQUIFY_LEASE_S": "3",
        "CAPLIQUIFY_POLL_S": "0.2",
    }
    started = Fleet(environment, tmp_path)
    yield started
    started.stop()


@pytest.fixture
def scene(
    database_url: str, services: ServiceUrls, acme: UUID, globex: UUID, fleet: Fleet, tmp_path: Path
) -> Scene:
    """Two tenants and no process yet."""
    return Scene(database_url, (acme, globex), fleet, tmp_path, services.redis_url)
