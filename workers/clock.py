"""The clock's hand: makes jobs of the ticks that are due, each once, whoever else does the same."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from schedules.nightly import NIGHTLIES, Nightly, due_ticks
from shared.errors import DatabaseUnavailable, InvalidInput
from shared.persistence.jobs.scheduling import LastTick, ScheduleLedger
from shared.use_cases.register_tenant import check_timezone

log = structlog.get_logger(__name__)


def materialise_due(
    ledger: ScheduleLedger, now: datetime, nightlies: Sequence[Nightly] = NIGHTLIES
) -> int:
    """Enqueues a job for each tick of each tenant up to `now` (aware); returns how many were new.

    A tenant whose zone is wrong, or that was suspended a moment ago, is named and passed over.
    """
    by_name = {nightly.name: nightly for nightly in nightlies}
    made = 0
    forgotten = ledger.forget_future()
    if forgotten:
        log.error("ticks_in_future", schedules=forgotten, fix="a machine's clock is or was ahead")
    for last in ledger.last_ticks(list(by_name)):
        try:
            made += _materialise(ledger, by_name[last.schedule], last, now)
        except DatabaseUnavailable:
            raise
        except Exception as error:
            # Whatever it is, it is this tenant's.
            reason = error.message if isinstance(error, InvalidInput) else type(error).__name__
            log.warning(
                "tick_skipped", tenant=last.tenant_slug, schedule=last.schedule, reason=reason
            )
            ledger.note_refused(last.tenant_id, last.schedule, reason)
    return made


def _materialise(ledger: ScheduleLedger, nightly: Nightly, last: LastTick, now: datetime) -> int:
    check_timezone(last.timezone)
    ticks = due_ticks(nightly, last.tenant_id, ZoneInfo(last.timezone), last.at, now)
    jobs = [
        ledger.materialise(last.tenant_id, nightly.name, tick, nightly.task, nightly.arguments)
        for tick in ticks
    ]
    return sum(job is not None for job in jobs)
