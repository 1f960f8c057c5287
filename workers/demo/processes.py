"""The processes that a demo runs, all of which end with it."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from shared.embedded.guarded import Guarded
from shared.embedded.ports import free_port
from shared.errors import ServiceError

START_DEADLINE_S = 30.0
GRACE_S = 15.0


class DemoProcesses:
    """Sandbox, two workers, beat and Flower, each with a log file in `home/logs`."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._running: dict[str, Guarded] = {}
        self.sandbox_url = ""
        self.flower_url = ""

    def start_sandbox(self) -> None:
        """Starts the vendors' stand-in and waits until it answers."""
        port = free_port()
        self._start("sandbox", "sandbox", "--port", str(port))
        self.sandbox_url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + START_DEADLINE_S
        while time.monotonic() < deadline:
            self.check()
            try:
                httpx.get(f"{self.sandbox_url}/health", timeout=1.0)
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        raise ServiceError(f"sandbox: did not answer in time; see {self._log('sandbox')}")

    def start_celery(self) -> None:
        """Starts the workers, the clock and the operators' view."""
        self._start(
            "worker-sync",
            "worker",
            "--queues",
            "interactive,sync,maintenance",
            "--concurrency",
            "2",
            "--name",
            "sync",
        )
        self._start(
            "worker-forecast",
            "worker",
            "--queues",
            "forecast",
            "--concurrency",
            "1",
            "--name",
            "forecast",
        )
        self._start("beat", "beat")
        port = free_port()
        self._start("flower", "flower", "--port", str(port))
        self.flower_url = f"http://127.0.0.1:{port}"

    def check(self) -> None:
        """Raises `ServiceError` naming the process that has ended."""
        for name, process in self._running.items():
            if not process.is_running():
                raise ServiceError(f"{name}: has ended; see {self._log(name)}")

    def stop(self) -> None:
        """Stops everything, the last started first."""
        while self._running:
            _, process = self._running.popitem()
            process.stop()

    def _log(self, name: str) -> Path:
        return self._home / "logs" / f"{name}.log"

    def _start(self, name: str, *arguments: str) -> None:
        self._log(name).parent.mkdir(parents=True, exist_ok=True)
        process = Guarded(
            [sys.executable, "-m", "workers", *arguments],
            env=dict(os.environ),
            cwd=Path.cwd(),
            log_path=self._log(name),
            stop_signal=signal.SIGTERM,
            grace_s=GRACE_S,
        )
        process.start()
        self._running[name] = process


@contextmanager
def demo_processes(home: Path) -> Iterator[DemoProcesses]:
    """Processes that end with the block, and with this process however it ends."""
    processes = DemoProcesses(home)
    with ExitStack() as stack:
        stack.callback(processes.stop)
        yield processes
