"""Who ends the embedded servers, and who does not."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from shared.embedded import EmbeddedServices, process, running_services

STARTS = """
import sys, time
from pathlib import Path
from shared.embedded import EmbeddedServices
services = EmbeddedServices(Path(sys.argv[1]), durable=False)
getattr(services, sys.argv[2])()
print("started", flush=True)
time.sleep(float(sys.argv[3]))
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    services = EmbeddedServices(tmp_path / "home")
    services.stop()
    shutil.rmtree(services.status()[0].data_folder, ignore_errors=True)


def starter(home: Path, how: str, stay_s: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", STARTS, str(home), how, str(stay_s)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stdout.readline() == "started\n"
    return running


def server_pids(home: Path) -> list[int]:
    return [status.pid for status in EmbeddedServices(home).status() if status.pid is not None]


def test_an_owner_killed_at_once_leaves_no_process(home: Path) -> None:
    owner = starter(home, "start_owned", 60)
    left = [child.pid for child in psutil.Process(owner.pid).children(recursive=True)]
    assert {*server_pids(home)} < {*left}
    owner.kill()
    owner.communicate()
    assert all(process.wait_until_gone(pid, 8) for pid in left)
    assert "database system is shut down" in (home / "logs" / "postgresql.log").read_text()


def test_an_owner_that_ends_normally_leaves_no_process(home: Path) -> None:
    owner = starter(home, "start_owned", 0.2)
    left = [child.pid for child in psutil.Process(owner.pid).children(recursive=True)]
    assert len(left) > 4
    owner.communicate()
    assert not [pid for pid in left if process.is_alive(pid)]


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux signals a child at its parent's end"
)
def test_guardians_killed_at_once_leave_no_process(home: Path) -> None:
    EmbeddedServices(home, durable=False).start_owned()
    servers = [psutil.Process(pid) for pid in server_pids(home)]
    left = [child.pid for server in servers for child in server.children(recursive=True)]
    for server in servers:
        os.kill(server.ppid(), signal.SIGKILL)
    assert len(left) > 4
    assert all(process.wait_until_gone(pid, 8) for pid in [*server_pids(home), *left])
    assert EmbeddedServices(home).running_urls() is None


def test_detached_servers_outlive_their_starter_until_somebody_stops_them(home: Path) -> None:
    starter(home, "start_detached", 0).communicate()
    pids = server_pids(home)
    with running_services(home, durable=False) as urls, psycopg.connect(urls.database_url):
        assert server_pids(home) == pids
    assert len(pids) == 2
    assert server_pids(home) == pids
    assert EmbeddedServices(home).stop() is True
    assert not [pid for pid in pids if process.is_alive(pid)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as another user")
def test_root_keeps_data_where_its_servers_user_can_reach_it(home: Path) -> None:
    home.mkdir(mode=0o700)
    with running_services(home, durable=False):
        status = EmbeddedServices(home).status()[0]
        assert status.data_folder.parent == Path("/var/lib/capliquify")
        assert psutil.Process(status.pid).username() == "nobody"
    recorded = json.loads((home / "state.json").read_text())["postgresql_data_folder"]
    assert recorded == str(status.data_folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as another user")
def test_data_of_a_removed_home_is_set_aside_not_lost(home: Path) -> None:
    home.mkdir(mode=0o700)
    with running_services(home, durable=False) as urls, psycopg.connect(urls.database_url) as one:
        one.execute("CREATE TABLE kept ()")
    shutil.rmtree(home)
    home.mkdir(mode=0o700)
    with running_services(home, durable=False) as urls, psycopg.connect(urls.database_url) as one:
        assert one.execute("SELECT to_regclass('kept')").fetchone() == (None,)
        data = EmbeddedServices(home).status()[0].data_folder
    aside = list(data.parent.glob(f"{data.name}.left-*"))
    assert [(folder / "PG_VERSION").read_text() for folder in aside] == ["18\n"]
    shutil.rmtree(aside[0])
