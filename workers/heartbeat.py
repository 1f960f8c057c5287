"""The heartbeat of a worker process: one thread that keeps the leases of the jobs that run here."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from shared.domain.job import Lease
from shared.errors import CapLiquifyError
from shared.persistence.jobs.leases import Held, Leases

log = structlog.get_logger(__name__)


class Heartbeat:
    """Renews every lease that is kept here each `every_s` seconds. The thread begins with the first lease."""

    def __init__(self, leases: Leases, every_s: float) -> None:
        self._leases = leases
        self._every_s = every_s
        self._kept: dict[Lease, Held] = {}
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    @contextmanager
    def keep(self, lease: Lease) -> Iterator[Callable[[], Held]]:
        """Keeps a lease alive for the block; gives what the ledger said of it last."""
        self._kept[lease] = Held.HELD
        if self._thread is None:
            self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
            self._thread.start()
        try:
            yield lambda: self._kept[lease]
        finally:
            del self._kept[lease]

    def stop(self) -> None:
        """Ends the thread."""
        self._stopping.set()

    def _beat(self) -> None:
        while not self._stopping.wait(self._every_s):
            for lease in list(self._kept):
                self._renew(lease)

    def _renew(self, lease: Lease) -> None:
        try:
            held = self._leases.renew(lease)
        except CapLiquifyError as error:
            # The next beat may reach the server; until then nobody knows better.
            log.warning("heartbeat_missed", job=str(lease.job_id), reason=error.message)
            return
        except Exception:
            log.exception("heartbeat_failed", job=str(lease.job_id))
            return
        if lease in self._kept:
            self._kept[lease] = held
