"""How far a job has come, and whether it is to go on: written to the ledger, but not at every step."""

import time
from collections.abc import Callable

from shared.domain.job import Lease
from shared.errors import JobCancelled, LeaseLost
from shared.persistence.jobs.leases import Held, Leases

# A watcher sees no more than this; each report is a write.
EVERY_S = 0.25


class Progress:
    """The reports of one job. `held` is what the heartbeat heard last."""

    def __init__(self, leases: Leases, lease: Lease, held: Callable[[], Held]) -> None:
        self._leases = leases
        self._lease = lease
        self._held = held
        self._pending: tuple[int, int | None, str] | None = None
        self._written_at = float("-inf")

    def __call__(self, done: int, total: int | None, message: str) -> None:
        """Says how far the job is; `total` is None while nobody can know. Raises `StopWork`."""
        self.check()
        self._pending = (done, total, message)
        if time.monotonic() - self._written_at >= EVERY_S or done == total:
            self.flush()

    def check(self) -> None:
        """Raises `JobCancelled` or `LeaseLost` as the last heartbeat had it."""
        self._refuse(self._held())

    def flush(self) -> None:
        """Writes what was said last, if it is not written yet."""
        if self._pending is None:
            return
        pending, self._pending = self._pending, None
        self._written_at = time.monotonic()
        self._refuse(self._leases.report(self._lease, *pending))

    def _refuse(self, held: Held) -> None:
        if held is Held.CANCELLED:
            raise JobCancelled(f"job: {self._lease.job_id} is cancelled")
        if held is Held.LOST:
            raise LeaseLost(f"job: the lease of {self._lease.job_id} is lost")
