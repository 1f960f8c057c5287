"""Ctrl-C while a command starts: exit status 130, no traceback, and nothing is left running."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from shared.embedded.services import EmbeddedServices
from tests.acceptance.test_demo import processes_of
from tests.acceptance.test_up import PATIENCE_S, environment

pytestmark = pytest.mark.acceptance

# In the order in which they are loaded; the last one is the whole command line.
LOADED = ("logging", "typer", "psycopg", "workers.platform", "workers.cli.commands")
COMMANDS = (("up", "--flower-port", "0"), ("services", "start"), ("tenants", "list"))
# Once it is loaded, `up` goes down in its own way.
MOMENTS = [(each, name) for each in COMMANDS for name in (LOADED[:-1] if "up" in each else LOADED)]
LOADING = "import time:"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A home that is not there yet; PostgreSQL's account can reach it."""
    above = Path(tempfile.mkdtemp(prefix="capliquify-interrupts-"))
    above.chmod(0o755)
    yield above / "home"
    EmbeddedServices(above / "home").stop()
    shutil.rmtree(above, ignore_errors=True)


def begin(home: Path, *options: str, command: Sequence[str]) -> subprocess.Popen[str]:
    """The command as in a terminal: a process group of its own."""
    return subprocess.Popen(
        [sys.executable, *options, "-m", "workers", *command],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What a process writes beyond this waits for the reader: it cannot run far ahead of it.
        pipesize=4096,
        start_new_session=True,
        # Who runs the tests in the background ignores Ctrl-C, and what he starts inherits that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )


def assert_interrupted(process: subprocess.Popen[str]) -> None:
    """Sends what the terminal sends at Ctrl-C, to the whole group, and looks at how it ends."""
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE_S)
    lines = [line for line in said.splitlines() if not line.startswith(LOADING)]
    assert (process.returncode, lines) == (130, [])


@pytest.mark.parametrize(("command", "module"), MOMENTS)
def test_a_command_that_is_still_loading_ends_at_once_and_has_made_nothing(
    folder: Path, command: tuple[str, ...], module: str
) -> None:
    process = begin(folder, "-X", "importtime", command=command)
    assert process.stderr is not None
    for line in process.stderr:
        if line.rpartition("|")[2].strip() == module:
            break
    assert_interrupted(process)
    assert processes_of(folder) == []
    assert not (folder / "postgresql").exists()


SIGNS: dict[str, Callable[[Path], bool]] = {
    "the home is made": lambda home: home.exists(),
    "initdb works": lambda home: any(home.glob(".postgresql-new-*/base")),
    "the data are in place": lambda home: (home / "postgresql" / "PG_VERSION").exists(),
    "PostgreSQL is started": lambda home: (home / "logs" / "postgresql.log").exists(),
    "PostgreSQL has its pid": lambda home: (home / "postgresql" / "postmaster.pid").exists(),
    "Valkey is started": lambda home: (home / "logs" / "valkey.log").exists(),
}


def await_sign(home: Path, sign: str, process: subprocess.Popen[str]) -> None:
    """Until the sign is seen: some last a few milliseconds only."""
    deadline = time.monotonic() + PATIENCE_S
    while not SIGNS[sign](home):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, sign
        time.sleep(0.002)


@pytest.mark.parametrize("sign", SIGNS)
def test_servers_that_are_being_started_do_not_stay(folder: Path, sign: str) -> None:
    process = begin(folder, command=("services", "start"))
    await_sign(folder, sign, process)
    assert_interrupted(process)
    assert processes_of(folder) == []
    # What was cut off is in nobody's way.
    EmbeddedServices(folder).start_owned()


@pytest.mark.parametrize("sign", ["PostgreSQL has its pid", "Valkey is started"])
def test_a_short_command_takes_the_servers_with_it_that_it_started(folder: Path, sign: str) -> None:
    EmbeddedServices(folder).start_detached()
    EmbeddedServices(folder).stop()
    for log in (folder / "logs").iterdir():
        log.unlink()
    process = begin(folder, command=("tenants", "list"))
    await_sign(folder, sign, process)
    assert_interrupted(process)
    assert processes_of(folder) == []


@pytest.mark.parametrize("sign", ["initdb works", "PostgreSQL has its pid"])
def test_up_that_is_still_starting_goes_down_without_a_traceback(folder: Path, sign: str) -> None:
    process = begin(folder, command=("up", "--flower-port", "0"))
    await_sign(folder, sign, process)
    os.killpg(process.pid, signal.SIGINT)
    said, problems = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, problems) == (0, "")
    assert said.endswith("Down.\n")
    assert processes_of(folder) == []
