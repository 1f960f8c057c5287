"""`capliquify up`: everything from nothing, kept running, and gone without a trace."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import httpx
import psutil
import pytest

from shared.embedded.services import EmbeddedServices
from tests.acceptance.test_demo import processes_of

pytestmark = pytest.mark.acceptance

T = TypeVar("T")
PATIENCE_S = 180.0
END_S = 40.0


@pytest.fixture
def up_home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="capliquify-up-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def environment(home: Path) -> dict[str, str]:
    """No server and no key is given: all are the home's own."""
    ours = ("CAPLIQUIFY_", "FLOWER_", "DATABASE_")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(ours) and not name.endswith("_URL")
    }
    # A short lease: what hangs is seen soon.
    return {**kept, "CAPLIQUIFY_HOME": str(home), "COLUMNS": "160", "CAPLIQUIFY_LEASE_S": "4"}


def attempted(
    home: Path, *arguments: str, given: str = "", **settings: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workers", *arguments],
        env={**environment(home), **settings},
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def capliquify(home: Path, *arguments: str) -> str:
    ended = attempted(home, *arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


class Up:
    """The command as it runs in a terminal: a process group of its own, its output in a file."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home, self.output = home, home.parent / f"{home.name}.out"
        with self.output.open("w") as written:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "workers", "up", "--flower-port", "0"],
                env={**environment(home), **settings},
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self, pattern: str) -> str:
        """What the command has said, as soon as it has."""

        def look() -> str | None:
            found = re.search(pattern, self.output.read_text(encoding="utf-8"))
            return found[1] if found else None

        return until(look, f"`up` says {pattern!r}")

    def interrupt(self) -> int:
        """Ctrl-C: the terminal sends it to the whole group; the exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(END_S)

    def kill(self) -> None:
        """For a test that failed: nothing stays behind."""
        self.process.kill()
        self.process.wait()
        self.output.unlink(missing_ok=True)


@pytest.fixture
def up(up_home: Path) -> Iterator[Up]:
    started = Up(up_home)
    yield started
    started.kill()


def until(look: Callable[[], T | None], what: str) -> T:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.1)
    raise AssertionError(f"in vain: {what}")


def answered(url: str, auth: tuple[str, str] | None = None) -> int:
    def ask() -> int | None:
        try:
            return httpx.get(url, auth=auth, timeout=5.0).status_code
        except httpx.TransportError:
            return None

    return until(ask, f"{url} answers")


def is_worker(process: psutil.Process | None) -> bool:
    return process is not None and process.cmdline()[1:4] == ["-m", "workers", "worker"]


def worker_of(home: Path, name: str) -> psutil.Process | None:
    """The main process of the worker of that name; its children have its command line too."""
    for process in processes_of(home):
        try:
            ours = is_worker(process) and name in process.cmdline()
            if ours and not is_worker(process.parent()):
                return process
        except psutil.Error:
            continue
    return None


def test_everything_comes_from_nothing_is_kept_running_and_goes_at_ctrl_c(
    up: Up, up_home: Path
) -> None:
    flower = up.said(r"Flower on (http://127\.0\.0\.1:\d+)")
    secret = up_home / "flower.secret"
    user, _, password = secret.read_text(encoding="utf-8").strip().partition(":")
    assert answered(flower) == 401
    assert answered(flower, (user, "a wrong password")) == 401
    assert answered(flower, (user, password)) == 200
    assert secret.stat().st_mode & 0o777 == 0o600
    assert password not in up.output.read_text(encoding="utf-8")

    # Another command of the same home finds the servers that run.
    capliquify(up_home, "tenants", "create", "acme")
    job_id = capliquify(up_home, "jobs", "enqueue", "usage.sample", "--tenant", "acme")
    assert '"users": 0' in capliquify(up_home, "jobs", "watch", job_id)

    worker, other = worker_of(up_home, "maintenance"), worker_of(up_home, "sync")
    assert worker is not None
    assert other is not None
    # Each knows what its work needs: who talks to vendors may not purge.
    assert {"DATABASE_ADMIN_URL", "DATABASE_DISPATCHER_URL"} <= set(worker.environ())
    assert "DATABASE_ADMIN_URL" not in other.environ()
    assert "DATABASE_DISPATCHER_URL" not in other.environ()
    worker.kill()
    up.said(r"(worker-maintenance has ended; it starts again)")
    restarted = until(lambda: worker_of(up_home, "maintenance"), "the worker is started again")
    assert restarted.pid != worker.pid
    job_id = capliquify(up_home, "jobs", "enqueue", "usage.sample", "--tenant", "acme")
    assert '"users": 0' in capliquify(up_home, "jobs", "watch", job_id)

    second = attempted(up_home, "up", "--flower-port", "0")
    assert (second.returncode, second.stderr) == (
        1,
        f"error: up: runs already on {up_home}; end it first, or set another CAPLIQUIFY_HOME\n",
    )

    assert up.interrupt() == 0
    assert up.said(r"(Down\.)")
    assert "Traceback" not in up.output.read_text(encoding="utf-8")
    assert processes_of(up_home) == []


def test_a_server_that_is_killed_and_a_worker_that_hangs_are_started_again_and_said(
    up: Up, up_home: Path
) -> None:
    up.said(r"Flower on (http://127\.0\.0\.1:\d+)")
    capliquify(up_home, "tenants", "create", "acme")
    for name in ("Valkey", "PostgreSQL"):
        server = next(
            each for each in EmbeddedServices(up_home).status() if each.name == name and each.pid
        )
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        up.said(rf"({name} has ended; it is started again)")
        up.said(rf"running again: (.*{name} pid \d+)")
    hung = until(lambda: worker_of(up_home, "maintenance"), "the worker runs")
    os.killpg(hung.pid, signal.SIGSTOP)
    up.said(r"(worker-maintenance \(pid \d+\) gives no sign of life; it is killed)")
    until(
        lambda: ((found := worker_of(up_home, "maintenance")) and found.pid != hung.pid) or None,
        "another worker runs",
    )
    job_id = capliquify(up_home, "jobs", "enqueue", "usage.sample", "--tenant", "acme")
    assert '"users": 0' in capliquify(up_home, "jobs", "watch", job_id)
    assert up.interrupt() == 0
    assert processes_of(up_home) == []


def test_killed_it_leaves_nothing_behind(up: Up, up_home: Path) -> None:
    up.said(r"Flower on (http://127\.0\.0\.1:\d+)")
    up.process.kill()
    gone = until(lambda: not processes_of(up_home) or None, "every process is gone")
    assert gone
