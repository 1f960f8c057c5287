"""The statement of `jobs list`: only the conditions that are asked for stand in it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from shared.domain.job import JobState
from shared.persistence.jobs.rows import COLUMNS
from shared.persistence.tables.public.jobs import jobs


def jobs_matching(
    *,
    tenant_id: UUID | None,
    name: str | None,
    queue: str | None,
    states: Sequence[JobState] | None,
    limit: int,
) -> Select[*tuple[Any, ...]]:
    """Jobs that match all that is given, the newest first, at most `limit`; None lets everything pass."""
    statement = select(*(jobs.c[column] for column in COLUMNS.split(", ")))
    for column, wanted in (
        (jobs.c.tenant_id, tenant_id),
        (jobs.c.name, name),
        (jobs.c.queue, queue),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    if states is not None:
        statement = statement.where(jobs.c.state.in_([state.value for state in states]))
    return statement.order_by(jobs.c.created_at.desc(), jobs.c.id).limit(limit)
