"""In a folder without servers a command says so, and makes none by mistake."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.embedded.services import EmbeddedServices
from shared.embedded.tcp_ports import free_port
from tests.acceptance.test_command_line import assert_one_line
from tests.acceptance.test_demo import processes_of
from tests.acceptance.test_up import PATIENCE_S, environment

pytestmark = pytest.mark.acceptance

JOB = "7d9c2a51-4a8e-4f0e-9a55-0f6f5f2d1c11"
COMMANDS = (
    "tenants list",
    "tenants create acme",
    "tenants backup acme copy.tar",
    "credentials list --tenant acme",
    "jobs list",
    f"jobs show {JOB}",
    "audit",
    "rejected acme",
    "rules show --tenant acme",
    "figures show acme",
    "stock advice acme",
    "run usage.sample --tenant acme",
    "migrate",
    "migrate --plan",
    "worker",
    "dispatcher",
    "beat",
    "flower --port {port}",
)


@pytest.fixture
def here() -> Iterator[Path]:
    """The folder in which the commands are typed."""
    folder = Path(tempfile.mkdtemp(prefix="capliquify-folder-"))
    folder.chmod(0o755)
    yield folder
    EmbeddedServices(folder / ".capliquify").stop()
    shutil.rmtree(folder, ignore_errors=True)


def typed(here: Path, command: str) -> subprocess.CompletedProcess[str]:
    given = environment(here)
    del given["CAPLIQUIFY_HOME"]
    return subprocess.run(
        [sys.executable, "-m", "workers", *command.format(port=free_port()).split()],
        cwd=here,
        env=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_where_there_are_no_servers_a_command_says_so_and_makes_nothing(
    here: Path, command: str
) -> None:
    ended = typed(here, command)
    assert_one_line(
        ended, 1, "the folder .capliquify has no servers", "services start", "DATABASE_URL"
    )
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("command", ["jobs status", "status", "doctor"])
def test_a_command_that_looks_says_that_nothing_runs_and_makes_nothing(
    here: Path, command: str
) -> None:
    ended = typed(here, command)
    assert ended.returncode == 2, ended.stderr
    assert "does not run on .capliquify" in ended.stdout
    assert list(here.iterdir()) == []


def test_a_folder_that_holds_something_else_is_not_taken_for_servers(here: Path) -> None:
    (here / ".capliquify" / "logs").mkdir(parents=True)
    (here / ".capliquify" / "up.lock").touch()
    assert_one_line(typed(here, "tenants list"), 1, "the folder .capliquify has no servers")
    assert sorted(each.name for each in (here / ".capliquify").iterdir()) == ["logs", "up.lock"]


def test_servers_that_are_there_but_stopped_are_started_for_the_command_alone(here: Path) -> None:
    servers = EmbeddedServices(here / ".capliquify")
    servers.start_detached()
    servers.stop()
    migrated = typed(here, "migrate")
    assert migrated.returncode == 0, migrated.stderr
    created = typed(here, "tenants create acme")
    assert created.returncode == 0, created.stderr
    assert "acme" in typed(here, "tenants list").stdout
    assert processes_of(here) == []
