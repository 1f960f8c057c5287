"""What `up` looks after beside its programs: the home's own servers, and programs that hang."""

import os
import signal
import socket
import time
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPException
from urllib.request import ProxyHandler, build_opener

import psycopg

from shared.embedded.services import EmbeddedServices
from shared.errors import CapLiquifyError, ServiceError
from shared.persistence.jobs.overview import Process, read_processes
from workers.limited import Limited
from workers.news import News, Say
from workers.supervisor import Program, Supervisor
from workers.wiring import Wiring

LOOK_S = 1.0
# A program loads, meets the servers and signs in; one that has not by then hangs.
BEGINS_WITHIN_S = 60.0
PAGE_TIMEOUT_S = 5.0
# The ledger answers in milliseconds; a server that is frozen whole never does.
ANSWER_S = 10.0


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
        self._ledger = Limited[list[Process]](ANSWER_S)
        self._silence_counts_at = 0.0
        self._answered_at: dict[int, float] = {}

    def look(self) -> None:
        """Starts a server that has ended, ends a program that gives no sign of life, says what is new."""
        if time.monotonic() < self._look_at:
            return
        try:
            is_well = self._revive_servers() and self._news.look()
            if is_well:
                self._end_those_that_hang()
        except (CapLiquifyError, psycopg.Error):
            is_well = False
        now = time.monotonic()
        if not is_well:
            # While a server is away nobody can be heard, and for a lease afterwards.
            self._silence_counts_at = now + self._wiring.settings.lease_s
        self._look_at = now + LOOK_S

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
        processes = self._ledger.ask(lambda: read_processes(self._wiring.admin))
        heard = {(each.name, each.pid): each.silent_s for each in processes}
        lease_s = self._wiring.settings.lease_s
        for program, pid, age_s in self._supervisor.programs():
            if program.page is not None:
                silent_s = self._ask(program.page, pid)
            else:
                silent_s = heard.get((f"{program.presence}@{socket.gethostname()}", pid))
            is_silent = age_s > self._begins_within_s if silent_s is None else silent_s > lease_s
            if is_silent and time.monotonic() > self._silence_counts_at:
                self._end(program, pid)

    def _ask(self, page: str, pid: int) -> float | None:
        """For how long the page has been silent; None where it never answered yet."""
        if answers(page):
            self._answered_at[pid] = time.monotonic()
        answered_at = self._answered_at.get(pid)
        return None if answered_at is None else time.monotonic() - answered_at

    def _end(self, program: Program, pid: int) -> None:
        self._say(
            f"{program.name} (pid {pid}) gives no sign of life; it is killed and started again"
        )
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def answers(page: str) -> bool:
    """Whether a page of this machine is there."""
    try:
        # No proxy of the environment's stands between us and ourselves.
        with build_opener(ProxyHandler({})).open(page, timeout=PAGE_TIMEOUT_S) as answer:
            return int(answer.status) == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
