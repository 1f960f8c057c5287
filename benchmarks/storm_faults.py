"""What a storm breaks, and how it is fixed."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

import psycopg
import redis

from shared.embedded.guarded import Guarded
from shared.embedded.services import EmbeddedServices
from shared.embedded.urls import ServiceUrls
from tests.fixtures.breaking import end_server, start_again
from tests.fixtures.fleet import Fleet, children_of, kill_whole
from tests.fixtures.hostile_messages import GARBAGE, as_bytes
from workers.queues import Queue

WORKERS = 3
DISPATCHERS = 2
BEATS = 2
QUEUES = ",".join(Queue)
FORGED_AT_ONCE = 6
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
        self._beats: dict[str, Guarded] = {}
        self._ended_by_us: set[int] = set()
        # Processes that ended although nobody had ended them.
        self.crashes: Counter[str] = Counter()
        self._frozen: dict[int, float] = {}
        self.faults: Counter[str] = Counter()
        self._ways: dict[str, tuple[int, Callable[[], bool]]] = {
            "worker's child killed": (6, self._kill_child),
            "worker killed": (3, lambda: self._kill(self._workers)),
            "worker asked to stop": (1, self._stop_worker),
            "dispatcher killed": (2, lambda: self._kill(self._dispatchers)),
            "beat killed": (1, lambda: self._kill(self._beats)),
            "garbage and forged messages": (3, self._forge_messages),
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
        worker = partial(self._fleet.worker, queues=QUEUES)
        self._keep(self._workers, "worker", WORKERS, worker)
        self._keep(self._dispatchers, "dispatcher", DISPATCHERS, self._fleet.dispatcher)
        self._keep(self._beats, "beat", BEATS, self._fleet.beat)

    def _keep(
        self, kept: dict[str, Guarded], kind: str, number: int, start: Callable[[str], Guarded]
    ) -> None:
        for name in (f"{kind}-{n}" for n in range(1, number + 1)):
            process = kept.get(name)
            if process is not None and process.is_running():
                continue
            if process is not None and id(process) not in self._ended_by_us:
                self.crashes[name] += 1
            kept[name] = start(name)

    def calm(self) -> None:
        """Wakes everybody: nothing more is broken. Beats begin again, for a scan may have died with the broker."""
        self._wake(float("inf"))
        for beat in self._beats.values():
            self._ended_by_us.add(id(beat))
            kill_whole(beat)

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

    def _kill(self, processes: Mapping[str, Guarded]) -> bool:
        process = self._chance.choice(list(processes.values()))
        self._ended_by_us.add(id(process))
        kill_whole(process)
        return True

    def _stop_worker(self) -> bool:
        process = self._chance.choice(list(self._workers.values()))
        self._ended_by_us.add(id(process))
        return process.child_pid is not None and _signal(process.child_pid, signal.SIGTERM)

    def _forge_messages(self) -> bool:
        with redis.Redis.from_url(self._urls.redis_url) as client:
            for queue in Queue:
                for what in self._chance.sample(GARBAGE, FORGED_AT_ONCE):
                    client.lpush(queue, as_bytes(what))
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
