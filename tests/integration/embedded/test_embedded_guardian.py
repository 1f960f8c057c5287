"""The guardian, on small commands instead of servers."""

import ast
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from shared.embedded import Guarded, guardian, process
from shared.errors import ServiceError

START = Callable[..., Guarded]

IGNORES_TERM = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
print("ready", os.getpid() if child == 0 else 0, flush=True)
time.sleep(60)
"""
SAYS_WHICH_SIGNAL = """
import signal, sys, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda got, _: sys.exit(40 + got))
print("ready", flush=True)
time.sleep(60)
"""
LEAVES_A_CHILD = """
import os, time
if os.fork() == 0:
    print(os.getpid(), flush=True)
    time.sleep(60)
time.sleep(0.3)
"""
OWNER = """
import signal, sys, time
from pathlib import Path
from shared.embedded import Guarded
guarded = Guarded([sys.executable, "-c", "import time; time.sleep(60)"], env={}, cwd=Path("/"),
                  log_path=Path(sys.argv[1]), stop_signal=signal.SIGTERM, grace_s=5)
print(guarded.start(), guarded.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "command.log"


@pytest.fixture
def python(log: Path) -> Iterator[START]:
    started: list[Guarded] = []

    def start(code: str, *, stop_signal: int = signal.SIGTERM, grace_s: float = 5) -> Guarded:
        guarded = Guarded(
            [sys.executable, "-c", code],
            env={"SECRET": "hidden-in-env"},
            cwd=log.parent,
            log_path=log,
            stop_signal=signal.Signals(stop_signal),
            grace_s=grace_s,
        )
        started.append(guarded)
        guarded.start()
        return guarded

    yield start
    for guarded in started:
        guarded.stop()


def wait_for_log(log: Path, lines: int = 1) -> list[str]:
    deadline = time.monotonic() + 5
    while len(found := log.read_text().splitlines()) < lines and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def test_the_exit_status_of_the_command_is_the_guardians(python: START) -> None:
    assert python("raise SystemExit(7)").wait(5) == 7


def test_a_command_killed_by_a_signal_gives_128_and_its_number(python: START) -> None:
    assert python("import os; os.kill(os.getpid(), 9)").wait(5) == 137


def test_the_command_runs_in_its_folder_with_its_environment_only(python: START, log: Path) -> None:
    python("import os; print(os.getcwd(), os.environ['SECRET'], 'HOME' in os.environ)").wait(5)
    assert log.read_text() == f"{log.parent} hidden-in-env False\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stop_sends_the_commands_own_stop_signal(python: START, log: Path, number: int) -> None:
    guarded = python(SAYS_WHICH_SIGNAL, stop_signal=number)
    wait_for_log(log)
    assert guarded.stop() == 40 + number
    assert not guarded.is_running()


@pytest.mark.parametrize("asked_by", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_guardian_is_passed_on(python: START, log: Path, asked_by: int) -> None:
    guarded = python(SAYS_WHICH_SIGNAL, stop_signal=signal.SIGINT)
    wait_for_log(log)
    assert guarded.pid is not None
    os.kill(guarded.pid, asked_by)
    assert guarded.wait(5) == 42


def test_after_the_grace_the_whole_group_is_killed(python: START, log: Path) -> None:
    guarded = python(IGNORES_TERM, grace_s=0.3)
    children = [int(line.split()[1]) for line in wait_for_log(log, 2)]
    assert guarded.stop() == 137
    assert process.wait_until_gone(max(children), 2)


def test_a_command_that_ends_leaves_nothing_of_its_group(python: START, log: Path) -> None:
    guarded = python(LEAVES_A_CHILD)
    child = int(wait_for_log(log)[0])
    assert guarded.wait(5) == 0
    assert process.wait_until_gone(child, 2)


def test_an_owner_killed_at_once_takes_the_command_along(log: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(log)], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    pids = [int(word) for word in owner.stdout.readline().split()]
    assert all(process.is_alive(pid) for pid in pids)
    owner.kill()
    owner.communicate()
    assert all(process.wait_until_gone(pid, 3) for pid in pids)


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux signals a child at its parent's end"
)
def test_a_guardian_killed_at_once_takes_the_command_along(python: START) -> None:
    guarded = python("import time; time.sleep(60)")
    assert guarded.pid is not None
    assert guarded.child_pid is not None
    os.kill(guarded.pid, signal.SIGKILL)
    assert process.wait_until_gone(guarded.child_pid, 3)


def test_a_command_is_out_of_reach_of_ctrl_c(python: START) -> None:
    guarded = python("import time; time.sleep(60)")
    assert guarded.pid is not None
    assert guarded.child_pid is not None
    assert len({os.getsid(0), os.getsid(guarded.pid), os.getsid(guarded.child_pid)}) == 3


def test_the_environment_stands_neither_in_the_guardians_arguments_nor_environment(
    python: START,
) -> None:
    guardian_process = psutil.Process(python("import time; time.sleep(60)").pid)
    assert "time.sleep(60)" in str(guardian_process.cmdline())
    assert "hidden-in-env" not in str(guardian_process.cmdline())
    assert "hidden-in-env" not in str(guardian_process.environ())


def test_a_command_that_does_not_exist_is_one_clear_error(log: Path) -> None:
    guarded = Guarded(
        ["/does/not/exist"],
        env={},
        cwd=Path("/"),
        log_path=log,
        stop_signal=signal.SIGTERM,
        grace_s=1,
    )
    with pytest.raises(ServiceError, match=r"^/does/not/exist cannot be started: .*No such file"):
        guarded.start()
    assert not guarded.is_running()
    assert guarded.stop() is None


def test_the_guardian_imports_the_standard_library_alone() -> None:
    tree = ast.parse(Path(guardian.__file__).read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert "json" in imported
    assert imported <= sys.stdlib_module_names
