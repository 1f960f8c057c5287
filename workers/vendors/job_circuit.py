"""A job's view of a vendor's circuit: it asks before its first call, and says what came of it.

When a vendor is away is not decided here but in `shared/persistence/migrations/functions/vendor_circuit.sql`:

- The circuit opens when jobs of three tenants have found the vendor's region away, with no answer reported in
  between and no five minutes without a failure.
- While it is open one job asks for all: after 30 s, then after twice as long each time, at last every five minutes.
  Should that job not come back within two minutes, another one may ask.
- The others get `VendorAway` without a call.
- The first answer closes it. All who wait are queued again, half a second each, spread over ten minutes at most.

How long a job waits on its own account stands in `workers/endings.py`: as long as the outage has lasted so far,
30 s to an hour. That uses up no attempt for a day (`CAPLIQUIFY_VENDOR_PATIENCE_S`).
"""

from uuid import UUID

import structlog

from shared.errors import VendorAway
from shared.persistence.jobs.vendor_circuits import Circuits

log = structlog.get_logger(__name__)


class JobCircuit:
    """`name` is the vendor and its region, such as "amazon eu"."""

    def __init__(self, circuits: Circuits, name: str, tenant_id: UUID, job_id: UUID) -> None:
        self._circuits, self._name = circuits, name
        self._tenant_id, self._job_id = tenant_id, job_id
        self._is_admitted = False
        # The first answer is reported, and the first after a fault; the others cost no round trip.
        self._owes_report = False

    def admit(self) -> None:
        """Raises `VendorAway` where the circuit is open and another job asks.

        It looks into the table before the job's first call, and again after a call that found the vendor away.
        """
        if self._is_admitted:
            return
        away_since = self._circuits.admit(self._name, self._job_id)
        if away_since is not None:
            raise VendorAway(
                f"{self._name}: is away since {away_since:%Y-%m-%d %H:%M} UTC; the job waits until it answers",
                circuit=self._name,
            )
        # It may be the one that asks for all, and an answer makes good what a few others have found.
        self._is_admitted = self._owes_report = True

    def fail(self, error: VendorAway) -> VendorAway:
        """Reports a call that found the vendor away; returns the error to raise.

        Its wait in seconds is the vendor's own; else, for the job that asks for all, the time until the next question;
        else none, and `workers/endings.py` decides.
        """
        self._is_admitted = False
        found = self._circuits.report(self._name, self._tenant_id, self._job_id, error.message)
        if found is not None and found.change == "opened":
            log.error("vendor_away", vendor=self._name, reason=error.message)
        wait_s = error.retry_after_s
        if wait_s is None and found is not None:
            wait_s = found.wait_s
        return VendorAway(error.message, wait_s, circuit=self._name)

    def answer(self) -> None:
        """Reports that the vendor answers: closes the circuit and wakes all who wait for it, if it was open."""
        if not self._owes_report:
            return
        self._owes_report = False
        found = self._circuits.report(self._name, self._tenant_id, self._job_id, None)
        if found is not None and found.change == "closed":
            log.warning(
                "vendor_back",
                vendor=self._name,
                away_s=round(found.away_s),
                woken=found.waiting,
            )
