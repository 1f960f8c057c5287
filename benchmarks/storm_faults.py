"""What a storm breaks, and how it is mended."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress

import psycopg
import redis

from shared.embedded.guarded import Guarded
from shared.embedded.services import EmbeddedServices
from shared.embedded.urls import ServiceUrls
from tests.fixtures.breaking import end_server, start_again
from tests.fixtures.fleet import Fleet, children_of, kill_whole

WORKERS = 3
DISPATCHERS = 2
# A frozen process sleeps beyond its lease.
FROZEN_S = (1.0, 6.0)
TERMINATE = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE usename IN ('capliquify_worker', 'capliquify_dispatcher') AND random() < 0.5
"""


class Storm:
    """Breaks something in every round, and starts again what has ended."""

    def __init__(
        self,
        fleet: Fleet,
        servers: EmbeddedServices,
        urls: ServiceUrls,
        chance: random.Random,
    ) -> None:
        self._fleet, self._servers, self._urls, self._chance = fleet, servers, urls, chance
        self._workers: dict[str, Guarded] = {}
        self._dispatchers: dict[str, Guarded] = {}
        self._frozen: dict[int, float] = {}
        self.faults: Counter[str] = Counter()
        self._ways: dict[str, tuple[int, Callable[[], bool]]] = {
            "worker's child killed": (6, self._kill_child),
            "worker killed": (3, self._kill_worker),
            "worker told to stop": (1, self._stop_worker),
            "dispatcher killed": (2, self._kill_dispatcher),
            "worker's child frozen": (4, self._freeze_child),
            "worker frozen whole": (1, lambda: self._freeze_whole(self._workers)),
            "dispatcher frozen": (1, lambda: self._freeze_whole(self._dispatchers)),
            "Valkey emptied": (1, self._empty_valkey),
            "Valkey killed": (1, self._kill_valkey),
            "PostgreSQL's sessions ended": (1, self._end_sessions),
            "PostgreSQL restarted": (1, self._restart_postgresql),
        }

    def begin(self) -> None:
        """Starts workers and dispatchers."""
        self.revive()

    def round(self) -> None:
        """Wakes who has slept enough, starts who has ended, and breaks one thing."""
        self.revive()
        weights = [weight for weight, _ in self._ways.values()]
        name = self._chance.choices(list(self._ways), weights)[0]
        if self._ways[name][1]():
            self.faults[name] += 1

    def revive(self) -> None:
        """Starts again what has ended, and wakes who has slept enough."""
        self._wake(time.monotonic())
        for number in range(1, WORKERS + 1):
            name = f"worker-{number}"
            if name not in self._workers or not self._workers[name].is_running():
                self._workers[name] = self._fleet.worker(name)
        for number in range(1, DISPATCHERS + 1):
            name = f"dispatcher-{number}"
            if name not in self._dispatchers or not self._dispatchers[name].is_running():
                self._dispatchers[name] = self._fleet.dispatcher(name)

    def calm(self) -> None:
        """Wakes everybody: nothing more is broken."""
        self._wake(float("inf"))

    def _wake(self, now: float) -> None:
        for pid, until in list(self._frozen.items()):
            if until <= now:
                del self._frozen[pid]
                _signal(pid, signal.SIGCONT)

    def _child(self) -> int | None:
        children = [
            pid
            for worker in self._workers.values()
            if worker.is_running()
            for pid in children_of(worker)
        ]
        return self._chance.choice(children) if children else None

    def _kill_child(self) -> bool:
        pid = self._child()
        return pid is not None and _signal(pid, signal.SIGKILL)

    def _freeze_child(self) -> bool:
        pid = self._child()
        return pid is not None and self._freeze(pid)

    def _freeze_whole(self, processes: Mapping[str, Guarded]) -> bool:
        pid = self._chance.choice(list(processes.values())).child_pid
        # A negative number means the process's group.
        return pid is not None and self._freeze(-pid)

    def _freeze(self, pid: int) -> bool:
        if pid in self._frozen or not _signal(pid, signal.SIGSTOP):
            return False
        self._frozen[pid] = time.monotonic() + self._chance.uniform(*FROZEN_S)
        return True

    def _kill_worker(self) -> bool:
        kill_whole(self._chance.choice(list(self._workers.values())))
        return True

    def _stop_worker(self) -> bool:
        pid = self._chance.choice(list(self._workers.values())).child_pid
        return pid is not None and _signal(pid, signal.SIGTERM)

    def _kill_dispatcher(self) -> bool:
        kill_whole(self._chance.choice(list(self._dispatchers.values())))
        return True

    def _empty_valkey(self) -> bool:
        with redis.Redis.from_url(self._urls.redis_url) as client:
            return bool(client.flushall())

    def _kill_valkey(self) -> bool:
        end_server(self._servers, "Valkey", signal.SIGKILL)
        time.sleep(self._chance.uniform(0, 1))
        start_again(self._servers)
        return True

    def _end_sessions(self) -> bool:
        with psycopg.connect(self._urls.database_url) as connection:
            connection.execute(TERMINATE)
        return True

    def _restart_postgresql(self) -> bool:
        end_server(self._servers, "PostgreSQL", signal.SIGINT)
        time.sleep(self._chance.uniform(0, 1))
        start_again(self._servers)
        return True


def _signal(pid: int, number: signal.Signals) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False
