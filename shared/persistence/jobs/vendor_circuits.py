"""Which vendors are away, shared by all workers: `public.vendor_circuits`.

When a circuit opens and who asks again is decided in `migrations/functions/vendor_circuit.sql`.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.persistence.database import Database

ADMIT = "SELECT public.admit_call(%s, %s) AS away_since"
REPORT = "SELECT change, away_s, wait_s, waiting FROM public.report_call(%s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class CircuitChange:
    """What a report came to. `change` is "opened", "closed" or None; `wait_s` is None where another job asks."""

    change: str | None
    away_s: float
    wait_s: float | None
    waiting: int


class Circuits:
    """One round trip each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def admit(self, name: str, job_id: UUID) -> datetime | None:
        """None where the job may call; otherwise since when the vendor is away."""
        found: datetime | None = self._database.call(ADMIT, (name, job_id))[0]["away_since"]
        return found

    def report(
        self, name: str, tenant_id: UUID, job_id: UUID, error: str | None
    ) -> CircuitChange | None:
        """Says what came of a call; None where nothing follows from it."""
        rows = self._database.call(REPORT, (name, tenant_id, job_id, error))
        return CircuitChange(**rows[0]) if rows else None
