"""How the embedded servers are set up, and who may talk to them."""

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.embedded import EmbeddedServices, ServiceUrls, running_services
from tests.conftest import EMBEDDED_POSTGRESQL


def forget(home: Path) -> None:
    services = EmbeddedServices(home)
    services.stop()
    data_folder = services.status()[0].data_folder
    shutil.rmtree(data_folder, ignore_errors=True)


@pytest.fixture(scope="module")
def running_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("embedded") / "home"
    with running_services(home, durable=False):
        yield home
    forget(home)


def urls_of(home: Path) -> ServiceUrls:
    urls = EmbeddedServices(home).running_urls()
    assert urls is not None
    return urls


def ask(urls: ServiceUrls, query: str) -> object:
    with psycopg.connect(urls.database_url, autocommit=True) as connection:
        cursor = connection.execute(query)
        row = cursor.fetchone() if cursor.description else None
        return row and row[0]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("server_version", EMBEDDED_POSTGRESQL),
        ("server_encoding", "UTF8"),
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", ""),
        ("max_connections", "100"),
        ("max_locks_per_transaction", "512"),
        ("TimeZone", "UTC"),
        ("log_statement", "none"),
        ("fsync", "off"),
        ("full_page_writes", "off"),
    ],
)
def test_postgresql_is_set_up(running_home: Path, setting: str, value: str) -> None:
    assert ask(urls_of(running_home), f"SHOW {setting}") == value


def test_text_sorts_by_code_point_on_every_machine(running_home: Path) -> None:
    provider = (
        "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'capliquify'"
    )
    assert ask(urls_of(running_home), provider) == "bC.UTF-8"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("appendonly", "yes"),
        ("save", ""),
        ("maxmemory-policy", "noeviction"),
        ("bind", "127.0.0.1"),
    ],
)
def test_valkey_is_set_up(running_home: Path, setting: str, value: str) -> None:
    with redis.Redis.from_url(urls_of(running_home).redis_url, decode_responses=True) as client:
        assert client.config_get(setting) == {setting: value}


def test_both_servers_refuse_a_caller_without_the_password(running_home: Path) -> None:
    postgresql, valkey = EmbeddedServices(running_home).status()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(
            f"postgresql://capliquify_owner:wrong@127.0.0.1:{postgresql.port}/capliquify"
        )
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=valkey.port or 0, retry=Retry(NoBackoff(), 0)).ping()


def test_no_password_stands_on_a_command_line(running_home: Path) -> None:
    lines = " ".join(str(found.info["cmdline"]) for found in psutil.process_iter(["cmdline"]))
    passwords = [path.read_text() for path in running_home.glob("*.password")]
    assert str(EmbeddedServices(running_home).status()[0].port) in lines
    assert len(passwords) == 2
    assert not [password for password in passwords if password in lines]


def test_files_with_a_password_are_readable_by_their_owner_only(running_home: Path) -> None:
    password = (running_home / "valkey.password").read_text()
    secret = [*running_home.glob("*.password"), running_home / "valkey" / "valkey.conf"]
    assert password in secret[-1].read_text()
    assert [stat.S_IMODE(path.stat().st_mode) for path in secret] == [0o600, 0o600, 0o600]
