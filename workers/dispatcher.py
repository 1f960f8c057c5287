"""The dispatcher: gives the broker what is due, fairly and only as much as the workers will soon take.

PostgreSQL says what waits; a notification is a hint to look, a poll makes up for those that are lost.
Any number of dispatchers may run, and each may die at any line: what it took and did not send is
taken back when its time runs out.
"""

import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from uuid import UUID

import psycopg
import structlog

from shared.domain.dispatch_window import Window
from shared.domain.job import JobState
from shared.errors import CapLiquifyError, DatabaseUnavailable
from shared.persistence.jobs.dispatching import Caps, Delivery, DispatchLedger
from shared.persistence.jobs.notifications import Listener
from workers.broker import Broker, BrokerAway
from workers.presence import Name, full_name, own_instance
from workers.queues import Queue
from workers.settings import Settings
from workers.wiring import Wiring

ALL_QUEUES = tuple(queue.value for queue in Queue)
# Where no cap of its own is set for a queue, a tenant may fill the window.
NO_CAP = 1_000_000
REST_AFTER_ERROR_S = 1.0
# Rounds do not follow each other faster: what happens meanwhile is one round, not many.
ROUND_S = 0.05

log = structlog.get_logger(__name__)


class Outage:
    """PostgreSQL or the broker is away: one line when it begins, one when it ends, however long it takes."""

    def __init__(self) -> None:
        self._since: float | None = None

    def begin(self, reason: str) -> None:
        """Says it once."""
        if self._since is None:
            self._since = time.monotonic()
            log.error("outage_began", reason=reason, fix="nothing is sent until it answers")

    def end(self) -> None:
        """Says how long it was, if it was."""
        if self._since is not None:
            log.warning("outage_ended", lasted_s=round(time.monotonic() - self._since, 1))
            self._since = None


class Dispatcher:
    """One dispatcher; `run` returns soon after `stop`."""

    def __init__(
        self,
        ledger: DispatchLedger,
        broker: Broker,
        listener: Listener,
        settings: Settings,
        name: str | None = None,
    ) -> None:
        self._ledger = ledger
        self._broker = broker
        self._listener = listener
        self._settings = settings
        self._caps = Caps(settings.tenant_caps, settings.vendor_caps, NO_CAP)
        self._windows = {queue: Window() for queue in ALL_QUEUES}
        self._turns: dict[str, UUID | None] = {}
        self._stopping = threading.Event()
        self._outage = Outage()
        # The living must be heard before anybody is taken for dead.
        self._reap_at = time.monotonic() + settings.heartbeat_s
        self._poll_at = self._sign_at = 0.0
        self._name, self._instance = full_name("dispatcher", name), own_instance()
        self._taken = Name(self._name)

    def stop(self) -> None:
        """Asks the loop to end."""
        self._stopping.set()

    def run(self) -> None:
        """Dispatches until it is asked to stop; what fails is tried again."""
        log.info("dispatcher_started", lease_s=self._settings.lease_s)
        sent = 0
        while not self._stopping.is_set():
            try:
                began = time.monotonic()
                # While there is work the next round comes soon, with or without a notification.
                sent = self.step(self._listener.wait(ROUND_S if sent else self._settings.poll_s))
                took_s = time.monotonic() - began
                self._outage.end()
                if took_s > self._settings.poll_s + self._settings.heartbeat_s:
                    self._let_the_living_speak()
                self._stopping.wait(ROUND_S - took_s)
            except (CapLiquifyError, psycopg.Error) as error:
                self._let_the_living_speak()
                self._outage.begin(getattr(error, "message", type(error).__name__))
                self._stopping.wait(REST_AFTER_ERROR_S)
        with suppress(CapLiquifyError):
            self._ledger.sign_out(self._name, self._instance)
        self._broker.close()
        self._listener.close()
        log.info("dispatcher_stopped")

    def step(self, hinted: Iterable[str]) -> int:
        """One round: what was lost, then every queue hinted at (all if none is); returns how many
        were sent, more than none also where a look around was not finished."""
        if time.monotonic() >= self._reap_at:
            self._reap_at = time.monotonic() + self._settings.lease_s / 10
            self._reap()
        queues = self._queues_to_look_at(set(hinted))
        load = self._ledger.load(queues, seen_within_s=self._settings.lease_s)
        sent = 0
        for queue in queues:
            free = self._windows[queue].free(load[queue].out, load[queue].places, time.monotonic())
            if free > 0:
                sent += self._fill(queue, free)
        return sent

    def _let_the_living_speak(self) -> None:
        """After an outage nobody is taken for dead before he could have been heard again."""
        self._reap_at = time.monotonic() + REST_AFTER_ERROR_S + self._settings.heartbeat_s

    def _queues_to_look_at(self, hinted: set[str]) -> tuple[str, ...]:
        # Jobs that become due give no hint, and hints of a busy queue must not hide them.
        if not hinted or time.monotonic() >= self._poll_at:
            self._poll_at = time.monotonic() + self._settings.poll_s
            if time.monotonic() >= self._sign_at:
                self._sign_at = time.monotonic() + self._settings.heartbeat_s
                self._taken.is_taken(self._ledger.sign_in(self._name, self._instance))
            self._ledger.promote()
            return ALL_QUEUES
        return tuple(queue for queue in ALL_QUEUES if queue in hinted)

    def _fill(self, queue: str, free: int) -> int:
        claim = self._ledger.claim(queue, free, self._turns.get(queue), self._caps)
        self._turns[queue] = claim.turn
        if claim.deliveries:
            self._send(queue, claim.deliveries)
            self._windows[queue].sent(len(claim.deliveries), time.monotonic())
        # A walk that was cut short is gone on with soon, as if it had found something.
        return len(claim.deliveries) or int(not claim.complete)

    def _send(self, queue: str, deliveries: Sequence[Delivery]) -> None:
        for number, delivery in enumerate(deliveries):
            try:
                self._broker.send(queue, delivery)
            except BrokerAway:
                # Those that are not sent wait in PostgreSQL again; failing that too, their time runs out.
                with suppress(DatabaseUnavailable):
                    self._ledger.give_back([each.lease for each in deliveries[number:]])
                raise

    def _reap(self) -> None:
        for reaped in self._ledger.reap(recheck_s=self._settings.lease_s / 6):
            event = "lease_reclaimed" if reaped.was is JobState.RUNNING else "message_reclaimed"
            log.warning(
                event,
                job=str(reaped.job_id),
                tenant=str(reaped.tenant_id),
                slug=reaped.tenant_slug,
                task=reaped.name,
                service=reaped.service,
                state=reaped.state,
            )


def open_dispatcher(wiring: Wiring, name: str | None = None) -> Dispatcher:
    """A dispatcher over this process's logins and broker; without a name it has one of its own."""
    from workers.app import app  # noqa: PLC0415 - reads the environment

    settings = wiring.settings
    listen_url = settings.url_of("listen")
    assert listen_url is not None  # noqa: S101 - the wiring was built with it
    return Dispatcher(
        DispatchLedger(wiring.dispatcher, settings.lease_s),
        Broker(app),
        Listener(listen_url),
        settings,
        name,
    )
