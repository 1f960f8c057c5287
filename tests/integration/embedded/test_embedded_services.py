"""The embedded servers as their users meet them: start, find, stop, start again."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from shared.embedded import EmbeddedServices, ServiceUrls, launch, process, running_services
from shared.embedded.tcp_ports import free_port
from tests.conftest import EMBEDDED_POSTGRESQL

ATTACHES = """
import sys
from pathlib import Path
from shared.embedded import running_services
with running_services(Path(sys.argv[1]), durable=False) as urls:
    print(urls.database_url, urls.redis_url)
"""


def forget(home: Path) -> None:
    services = EmbeddedServices(home)
    services.stop()
    data_folder = services.status()[0].data_folder
    shutil.rmtree(data_folder, ignore_errors=True)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    forget(tmp_path / "home")


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


def pids(home: Path) -> list[int]:
    return [status.pid for status in EmbeddedServices(home).status() if status.pid is not None]


def ask(urls: ServiceUrls, query: str) -> object:
    with psycopg.connect(urls.database_url, autocommit=True) as connection:
        cursor = connection.execute(query)
        row = cursor.fetchone() if cursor.description else None
        return row and row[0]


def store(urls: ServiceUrls, value: str) -> None:
    ask(urls, f"CREATE TABLE kept AS SELECT '{value}'::text AS value")
    with redis.Redis.from_url(urls.redis_url) as client:
        client.set("kept", value)


def stored(urls: ServiceUrls) -> tuple[object, object]:
    with redis.Redis.from_url(urls.redis_url, decode_responses=True) as client:
        return ask(urls, "SELECT value FROM kept"), client.get("kept")


def test_a_fresh_start_has_pgcrypto(running_home: Path) -> None:
    urls = urls_of(running_home)
    ask(urls, "CREATE EXTENSION pgcrypto")
    assert ask(urls, "SELECT pgp_sym_decrypt(pgp_sym_encrypt('a','k'),'k')") == "a"


def test_status_names_both_servers(running_home: Path) -> None:
    postgresql, valkey = EmbeddedServices(running_home).status()
    assert (postgresql.name, postgresql.running, postgresql.version) == (
        "PostgreSQL",
        True,
        f"{EMBEDDED_POSTGRESQL}.0",
    )
    assert (valkey.name, valkey.running) == ("Valkey", True)
    assert (valkey.version or "").startswith("9.1.")
    assert valkey.data_folder == running_home / "valkey"


def test_a_second_start_returns_the_same_servers(running_home: Path) -> None:
    before = urls_of(running_home), pids(running_home)
    assert EmbeddedServices(running_home, durable=False).start_owned() == before[0]
    assert (urls_of(running_home), pids(running_home)) == before


def test_a_second_process_attaches_and_leaves_the_servers_alone(running_home: Path) -> None:
    before = pids(running_home)
    ended = subprocess.run(
        [sys.executable, "-c", ATTACHES, str(running_home)],
        capture_output=True,
        text=True,
        check=True,
    )
    urls = urls_of(running_home)
    assert ended.stdout.split() == [urls.database_url, urls.redis_url]
    assert pids(running_home) == before


def test_a_restart_keeps_data_and_ports_and_stops_are_clean(home: Path) -> None:
    services, children = EmbeddedServices(home), psutil.Process().children()
    assert services.status()[0].running is False
    assert services.stop() is False
    first = services.start_owned()
    assert ask(first, "SHOW fsync") == "on"
    store(first, "of the first start")
    was_running = pids(home)
    assert services.stop() is True
    assert services.stop() is False
    assert psutil.Process().children() == children
    assert not any(process.is_alive(pid) for pid in was_running)
    second = EmbeddedServices(home).start_owned()
    assert stored(second) == ("of the first start", "of the first start")
    assert second == first
    assert "not properly shut down" not in (home / "logs" / "postgresql.log").read_text()


def test_servers_killed_at_once_come_back_with_committed_data(home: Path) -> None:
    services = EmbeddedServices(home)
    store(services.start_detached(), "committed")
    for pid in (killed := pids(home)):
        os.kill(pid, signal.SIGKILL)
    assert all(process.wait_until_gone(pid, 5) for pid in killed)
    assert stored(services.start_owned()) == ("committed", "committed")
    assert "not properly shut down" in (home / "logs" / "postgresql.log").read_text()


def test_only_the_server_that_is_missing_is_started(home: Path) -> None:
    services = EmbeddedServices(home, durable=False)
    before = services.start_owned()
    postgresql, valkey = pids(home)
    os.kill(valkey, signal.SIGKILL)
    assert process.wait_until_gone(valkey, 5)
    assert services.running_urls() is None
    assert services.start_owned() == before
    assert pids(home)[0] == postgresql
    assert pids(home)[1] != valkey


def test_two_homes_live_side_by_side(home: Path, running_home: Path) -> None:
    with running_services(home, durable=False) as urls:
        store(urls, "of this home")
        neighbour = urls_of(running_home)
        assert ask(neighbour, "SELECT to_regclass('kept')") is None
        assert not {*pids(home)} & {*pids(running_home)}
        assert urls.database_url != neighbour.database_url
    assert EmbeddedServices(home).running_urls() is None
    assert len(pids(running_home)) == 2


def test_a_start_that_loses_its_port_takes_another(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        offers = [taken, free_port(), taken, free_port()]
        offered = iter(offers)
        monkeypatch.setattr(launch, "free_port", lambda _: next(offered))
        with running_services(home, durable=False):
            ports = [status.port for status in EmbeddedServices(home).status()]
    assert ports == [offers[1], offers[3]]
    assert "Address already in use" in (home / "logs" / "postgresql.log").read_text()


def test_two_starts_at_once_share_one_pair_of_servers(home: Path) -> None:
    starters = [EmbeddedServices(home, durable=False) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(EmbeddedServices.start_owned, starters)
    assert first == second == urls_of(home)
    assert (home / "logs" / "valkey.log").read_text().count("Ready to accept") == 1
    assert starters[0].stop() is True
