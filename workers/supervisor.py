"""Processes kept alive together: each with its log, started again when it dies, all ended at the end."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.embedded.guarded import Guarded
from shared.errors import ServiceError
from workers.settings import secret_names

GRACE_S = 20.0
# What every program needs, though it is secret; all other secrets go to those who are said to need them.
EVERYBODYS = frozenset({"DATABASE_URL", "REDIS_URL", "BROKER_URL"})
KEPT_BACK = secret_names() - EVERYBODYS
# Who dies sooner than this after its start is started again more and more slowly.
STEADY_S = 30.0
FIRST_REST_S, LONGEST_REST_S = 0.5, 30.0


@dataclass(frozen=True, slots=True)
class Program:
    """One process: its name, its arguments to `capliquify`, and which of `KEPT_BACK` it needs.

    It gives signs of life in the ledger under `presence`, or answers on `page`.
    """

    name: str
    arguments: tuple[str, ...]
    needs: frozenset[str] = frozenset()
    presence: str | None = None
    page: str | None = None

    def environment(self) -> dict[str, str]:
        """What it finds: everything but the secrets that are not its own, or the files that hold them."""
        hidden = KEPT_BACK - self.needs
        return {
            name: value
            for name, value in os.environ.items()
            if name.upper().removesuffix("_FILE") not in hidden
        }


@dataclass(slots=True)
class _Running:
    program: Program
    process: Guarded
    started_at: float
    restarts: int = 0
    rest_s: float = FIRST_REST_S
    restart_at: float | None = None


class Supervisor:
    """Runs programs with `home/logs/<name>.log` each."""

    def __init__(self, home: Path) -> None:
        self._logs = home / "logs"
        self._running: dict[str, _Running] = {}

    def start(self, program: Program) -> None:
        """Starts a program; raises `ServiceError` when it cannot be."""
        self._logs.mkdir(parents=True, exist_ok=True)
        process = Guarded(
            [sys.executable, "-m", "workers", *program.arguments],
            env=program.environment(),
            cwd=Path.cwd(),
            log_path=self.log_of(program.name),
            stop_signal=signal.SIGTERM,
            grace_s=GRACE_S,
        )
        process.start()
        self._running[program.name] = _Running(program, process, time.monotonic())

    def log_of(self, name: str) -> Path:
        """The log file of a program."""
        return self._logs / f"{name}.log"

    def pid_of(self, name: str) -> int | None:
        """The process id of a program."""
        return self._running[name].process.child_pid

    def programs(self) -> Iterator[tuple[Program, int, float]]:
        """Each program that runs, its process id, and for how many seconds it has run."""
        for running in list(self._running.values()):
            pid = running.process.child_pid
            if running.process.is_running() and pid is not None:
                yield running.program, pid, time.monotonic() - running.started_at

    def check(self) -> None:
        """Raises `ServiceError` naming a program that has ended."""
        for name, running in self._running.items():
            if not running.process.is_running():
                raise ServiceError(f"{name}: has ended; see {self.log_of(name)}")

    def revive(self, say: Callable[[str], None]) -> None:
        """Starts again whatever has ended; call it again and again."""
        now = time.monotonic()
        for name, running in list(self._running.items()):
            if running.process.is_running():
                continue
            if running.restart_at is None:
                steady = now - running.started_at > STEADY_S
                running.rest_s = FIRST_REST_S if steady else min(running.rest_s * 2, LONGEST_REST_S)
                running.restart_at = now + running.rest_s
                say(
                    f"{name} has ended; it starts again in {running.rest_s:.1f} s, see {self.log_of(name)}"
                )
            elif now >= running.restart_at:
                self.start(running.program)
                again = self._running[name]
                again.rest_s, again.restarts = running.rest_s, running.restarts + 1
                say(f"{name} runs again: pid {again.process.child_pid}, restart {again.restarts}")

    def stop(self) -> None:
        """Stops all programs, at once, since each may take its grace to end."""
        stopping = [self._running.pop(name).process for name in list(self._running)]
        with ThreadPoolExecutor(max(1, len(stopping))) as pool:
            list(pool.map(Guarded.stop, stopping))


@contextmanager
def supervising(home: Path) -> Iterator[Supervisor]:
    """Programs that end with the block, and with this process however it ends."""
    supervisor = Supervisor(home)
    try:
        yield supervisor
    finally:
        supervisor.stop()
