"""What `up` looks after beside its programs: the home's own servers, and workers that hang."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import psycopg

from shared.embedded.services import EmbeddedServices
from shared.errors import CapLiquifyError, ServiceError
from shared.persistence.job_overview import read_processes
from workers.queues import Queue
from workers.supervisor import Supervisor
from workers.wiring import Wiring

LOOK_S = 1.0
Say = Callable[[str], None]


class Care:
    """Call `look` again and again. `servers` is None where the servers are somebody else's."""

    def __init__(
        self, servers: EmbeddedServices | None, supervisor: Supervisor, wiring: Wiring, say: Say
    ) -> None:
        self._servers, self._supervisor, self._wiring, self._say = servers, supervisor, wiring, say
        self._look_at = 0.0
        self._silent_since: dict[str, float] = {}

    def look(self) -> None:
        """Starts a server that has ended; ends a worker that gives no sign of life, to be started again."""
        if time.monotonic() < self._look_at:
            return
        if not self._revive_servers():
            # Nobody could be heard meanwhile.
            self._silent_since.clear()
        else:
            try:
                self._end_those_that_hang()
            except (CapLiquifyError, psycopg.Error):
                # The database is away: nobody can be heard.
                self._silent_since.clear()
        self._look_at = time.monotonic() + LOOK_S

    def _revive_servers(self) -> bool:
        """Whether all ran."""
        if self._servers is None:
            return True
        ended = [each.name for each in self._servers.status() if not each.running]
        if not ended:
            return True
        self._say(f"{' and '.join(ended)} has ended; it is started again")
        try:
            self._servers.start_owned()
        except ServiceError as error:
            self._say(error.message)
        else:
            pids = ", ".join(f"{each.name} pid {each.pid}" for each in self._servers.status())
            self._say(f"running again: {pids}")
        return False

    def _end_those_that_hang(self) -> None:
        lease_s = self._wiring.settings.lease_s
        living = {
            each.name.partition("@")[0]: each.silent_s < lease_s
            for each in read_processes(self._wiring.admin)
            if each.queues
        }
        for queue in Queue:
            if living.get(queue, True):
                self._silent_since.pop(queue, None)
                continue
            since = self._silent_since.setdefault(queue, time.monotonic())
            # A lease to be heard again, after an outage of the database too.
            if time.monotonic() - since > lease_s:
                del self._silent_since[queue]
                self._end(f"worker-{queue}")

    def _end(self, program: str) -> None:
        pid = self._supervisor.pid_of(program)
        if pid is None:
            return
        self._say(f"{program} (pid {pid}) gives no sign of life; it is killed and started again")
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
