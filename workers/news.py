"""What `up` says as it happens: jobs that end badly, vendors that go and come back, servers that do not answer."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import psycopg

from shared.domain.job_id import short_id
from shared.embedded.services import EmbeddedServices
from shared.errors import CapLiquifyError
from shared.persistence.operations.all_tenants import BadEnding, read_bad_endings, read_vendors_away
from shared.persistence.operations.doctor import Verdict
from shared.security.redaction import redact
from workers.health import examine_broker
from workers.limited import Limited
from workers.wiring import Wiring

Say = Callable[[str], None]
# How often servers are asked, and how long for. Twice without an answer is no hiccup.
ASK_S, ANSWER_S, TWICE = 5.0, 3, 2
MOST_LINES = 5
LEDGER_S = 10.0
# An end is written down a moment after it is dated.
OVERLAP = timedelta(minutes=1)


class News:
    """Call `look` again and again; each thing is said once."""

    def __init__(self, servers: EmbeddedServices | None, wiring: Wiring, say: Say) -> None:
        self._servers, self._wiring, self._say = servers, wiring, say
        self._ask_at = 0.0
        self._unanswered = {"PostgreSQL": 0, "broker": 0}
        self._since: dict[str, float] = {}
        self._began_at: datetime | None = None
        self._jobs_since: datetime | None = None
        self._said_jobs: set[UUID] = set()
        self._away: dict[str, datetime] = {}
        self._questions = Limited[None](ANSWER_S + 2.0)
        self._ledger = Limited[None](LEDGER_S)

    def look(self) -> bool:
        """Says what is new; returns whether both servers answer. Raises what the database raises."""
        self._ask_servers()
        if "PostgreSQL" in self._since:
            return False
        self._ledger.ask(self._report)
        return not self._since

    def _ask_servers(self) -> None:
        if time.monotonic() < self._ask_at:
            return
        self._note("PostgreSQL", self._database_fault())
        broker = examine_broker(self._wiring, ANSWER_S)
        self._note("broker", broker.found if broker.verdict is Verdict.BAD else None)
        self._ask_at = time.monotonic() + ASK_S

    def _database_fault(self) -> str | None:
        try:
            self._questions.ask(self._ask_database)
        except (psycopg.Error, CapLiquifyError) as error:
            return redact(str(error).splitlines()[0].rpartition(": ")[2])
        return None

    def _ask_database(self) -> None:
        """A login of its own and a question on it: a server may be out of the one, or frozen at the other."""
        url = self._wiring.settings.url_of("admin") or ""
        with psycopg.connect(url, connect_timeout=ANSWER_S) as connection:
            connection.execute("SELECT 1")

    def _note(self, server: str, fault: str | None) -> None:
        self._unanswered[server] = 0 if fault is None else self._unanswered[server] + 1
        if fault is None and server in self._since:
            lasted_s = time.monotonic() - self._since.pop(server)
            self._say(f"{server} answers again, after {lasted_s:.0f} s")
        elif self._unanswered[server] == TWICE:
            self._since[server] = time.monotonic()
            self._say(f"{server} cannot be used ({fault}); {self._fix(server, fault or '')}")

    def _fix(self, server: str, fault: str) -> str:
        name = "Valkey" if server == "broker" else server
        may_hang = any(word in fault for word in ("imeout", "not answer"))
        for each in self._servers.status() if self._servers and may_hang else ():
            if each.name == name and each.pid is not None:
                return f"if it hangs, end {name} (pid {each.pid}) and it is started again"
        setting = "REDIS_URL or BROKER_URL" if server == "broker" else "DATABASE_URL"
        return f"see the server that {setting} names; jobs wait until it is back"

    def _report(self) -> None:
        self._report_bad_endings()
        self._report_vendors()

    def _report_bad_endings(self) -> None:
        # The first look only learns the time: what ended before is not news.
        now, ended = read_bad_endings(self._wiring.admin, self._jobs_since)
        self._began_at = self._began_at or now
        self._jobs_since = max(self._began_at, now - OVERLAP)
        new = [each for each in ended if each.id not in self._said_jobs]
        self._said_jobs = {each.id for each in ended}
        for each in new[:MOST_LINES]:
            self._say(_describe(each))
        if len(new) > MOST_LINES:
            more = len(new) - MOST_LINES
            self._say(
                f"and {more} more jobs ended badly: `capliquify jobs list --state failed --state dead`"
            )

    def _report_vendors(self) -> None:
        away = {each["vendor"]: each for each in read_vendors_away(self._wiring.admin)}
        for vendor in away.keys() - self._away.keys():
            why = away[vendor]["why"]
            self._say(f"{vendor} is away: {why}; its jobs wait, and go on when it answers")
        for vendor in self._away.keys() - away.keys():
            self._say(f"{vendor} answers again; its jobs go on")
        self._away = {vendor: each["opened_at"] for vendor, each in away.items()}


def _describe(job: BadEnding) -> str:
    service = f" {job.service}" if job.service else ""
    fix = f"see `capliquify jobs show {short_id(job.id)}`"
    return f"{job.name}{service} of {job.tenant} is {job.state}: {job.error}; {fix}"
