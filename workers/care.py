"""What `up` looks after beside its programs: the home's own servers, and programs that hang."""

import math
import os
import signal
import socket
import time
from contextlib import suppress
from http import HTTPStatus
from urllib.error import URLError
from urllib.request import urlopen

import psycopg

from shared.embedded.services import EmbeddedServices
from shared.errors import CapLiquifyError, ServiceError
from shared.persistence.job_overview import read_processes
from workers.news import News, Say
from workers.supervisor import Program, Supervisor
from workers.wiring import Wiring

LOOK_S = 1.0
# A program loads, meets the servers and signs in; one that has not by then hangs.
BEGINS_WITHIN_S = 60.0
PAGE_TIMEOUT_S = 5.0


class Care:
    """Call `look` again and again. `servers` is None where the servers are somebody else's."""

    def __init__(
        self,
        servers: EmbeddedServices | None,
        supervisor: Supervisor,
        wiring: Wiring,
        say: Say,
        begins_within_s: float = BEGINS_WITHIN_S,
    ) -> None:
        self._servers, self._supervisor, self._wiring, self._say = servers, supervisor, wiring, say
        self._begins_within_s = begins_within_s
        self._news = News(servers, wiring, say)
        self._look_at = 0.0
        self._silent_since: dict[str, float] = {}
        # Processes whose page has answered: from then on silence counts.
        self._have_answered: set[int] = set()

    def look(self) -> None:
        """Starts a server that has ended, ends a program that gives no sign of life, says what is new."""
        if time.monotonic() < self._look_at:
            return
        try:
            # While a server is away nobody can be heard.
            if self._revive_servers() and self._news.look():
                self._end_those_that_hang()
            else:
                self._silent_since.clear()
        except (CapLiquifyError, psycopg.Error):
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
        heard = {
            (each.name, each.pid): each.silent_s for each in read_processes(self._wiring.admin)
        }
        lease_s = self._wiring.settings.lease_s
        for program, pid, age_s in self._supervisor.programs():
            if program.page is not None:
                silent_s = self._ask(program.page, pid)
            else:
                silent_s = heard.get((f"{program.presence}@{socket.gethostname()}", pid))
            if not (age_s > self._begins_within_s if silent_s is None else silent_s > lease_s):
                self._silent_since.pop(program.name, None)
                continue
            since = self._silent_since.setdefault(program.name, time.monotonic())
            # A lease to be heard again, after an outage of the database too.
            if time.monotonic() - since > lease_s:
                del self._silent_since[program.name]
                self._end(program, pid)

    def _ask(self, page: str, pid: int) -> float | None:
        """For how long the page is silent: not at all, for ever, or nobody knows, since it never answered yet."""
        if _answers(page):
            self._have_answered.add(pid)
            return 0.0
        return math.inf if pid in self._have_answered else None

    def _end(self, program: Program, pid: int) -> None:
        self._say(
            f"{program.name} (pid {pid}) gives no sign of life; it is killed and started again"
        )
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _answers(page: str) -> bool:
    try:
        with urlopen(page, timeout=PAGE_TIMEOUT_S) as answer:  # noqa: S310 - our own, on loopback
            return int(answer.status) == HTTPStatus.OK
    except (URLError, OSError):
        return False
