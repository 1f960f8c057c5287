"""What was learnt of a tenant's SKUs."""

import hashlib
from datetime import date
from uuid import UUID

from shared.domain.learnt_models import LearntModels
from shared.persistence.database import Connection

GET = """
SELECT model_version, learnt_from, learnt_until, skus, state, checksum, refit_reason FROM forecast_models
WHERE company_id = %s AND horizon_days = %s
"""

# The last to learn is kept, also from an earlier day: the days that a shop has reported whole may become fewer.
PUT = """
INSERT INTO forecast_models (company_id, horizon_days, model_version, learnt_from, learnt_until, skus, state,
                                  checksum)
VALUES (%(company_id)s, %(horizon_days)s, %(version)s, %(learnt_from)s, %(learnt_until)s, %(skus)s, %(state)s,
        %(checksum)s)
ON CONFLICT (company_id, horizon_days) DO UPDATE SET model_version = excluded.model_version,
    learnt_from = excluded.learnt_from, learnt_until = excluded.learnt_until, skus = excluded.skus,
    state = excluded.state, checksum = excluded.checksum, refit_reason = NULL, updated_at = now()
"""

# What was learnt after the week has seen it; the first reason stays until it is obeyed.
ASK_TO_LEARN = """
UPDATE forecast_models SET refit_reason = %s, updated_at = now()
WHERE company_id = %s AND refit_reason IS NULL AND learnt_until < %s
"""


class ForecastModelRepository:
    """Keeps models by company and horizon, sealed by a checksum."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, company_id: UUID, horizon_days: int) -> LearntModels | None:
        """What was learnt last; its state is None where its bytes are not those that were written."""
        row = self._connection.execute(GET, (company_id, horizon_days)).fetchone()
        if row is None:
            return None
        state = bytes(row["state"])
        return LearntModels(
            row["model_version"],
            row["learnt_from"],
            row["learnt_until"],
            row["skus"],
            state if _checksum(state) == bytes(row["checksum"]) else None,
            row["refit_reason"],
        )

    def put(self, company_id: UUID, horizon_days: int, learnt: LearntModels) -> None:
        """Writes it in place of what is there."""
        if learnt.state is None:
            raise ValueError("learnt models: there is no state to keep")
        known = {
            "company_id": company_id,
            "horizon_days": horizon_days,
            "version": learnt.model_version,
            "learnt_from": learnt.learnt_from,
            "learnt_until": learnt.learnt_until,
            "skus": learnt.skus,
            "state": learnt.state,
            "checksum": _checksum(learnt.state),
        }
        self._connection.execute(PUT, known)

    def ask_to_learn(self, company_id: UUID, reason: str, seen_until: date) -> int:
        """Notes why the next run is to learn again, where nobody did and `seen_until` was not learnt yet.

        Returns how many models are asked.
        """
        asked = (reason[:255], company_id, seen_until)
        return self._connection.execute(ASK_TO_LEARN, asked).rowcount


def _checksum(state: bytes) -> bytes:
    return hashlib.sha256(state).digest()
