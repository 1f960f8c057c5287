"""A job's view of a vendor's circuit: it asks before its first call, and says what came of it.

When a circuit opens and closes is decided in SQL, for all workers at once: `report_call` and `admit_call` in
`shared/persistence/migrations/functions/vendor_circuit.sql`. Failures of three tenants, with no five minutes
without one, open it. One job then asks the vendor for all: after 30 s, then after twice as long each time, up to
300 s. Its first answer closes the circuit and wakes the jobs that wait.
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
        """Raises `VendorAway` without a call, while another job asks."""
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
        """Reports it; the job that asks for all comes back when it is time to ask again."""
        self._is_admitted = False
        found = self._circuits.report(self._name, self._tenant_id, self._job_id, error.message)
        if found is not None and found.change == "opened":
            log.error("vendor_away", vendor=self._name, reason=error.message)
        wait_s = error.retry_after_s
        if wait_s is None and found is not None:
            wait_s = found.wait_s
        return VendorAway(error.message, wait_s, circuit=self._name)

    def answer(self) -> None:
        """Wakes everybody who waited, if anybody did."""
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
