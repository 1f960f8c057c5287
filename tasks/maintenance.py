"""Maintenance: the scans that keep schedules and the ledger of jobs going."""

from datetime import timedelta

from shared.persistence.jobs.dispatching import DispatchLedger
from shared.persistence.jobs.scheduling import ScheduleLedger
from workers.clock import materialise_due
from workers.scan import ScanContext, scan

# Who asks after a job that went well does so soon.
KEEP_WELL_DAYS = 14


@scan(name="schedules.materialise")
def materialise(context: ScanContext) -> int:
    """Makes jobs of the nightly ticks that are due; returns how many."""
    return materialise_due(ScheduleLedger(context.wiring.dispatcher), context.now)


@scan(name="jobs.retire")
def retire(context: ScanContext) -> int:
    """Deletes jobs that ended long ago; returns how many."""
    settings = context.wiring.settings
    keep_days = settings.keep_jobs_days
    return DispatchLedger(context.wiring.dispatcher, settings.lease_s).retire(
        context.now - timedelta(days=keep_days),
        context.now - timedelta(days=min(keep_days, KEEP_WELL_DAYS)),
    )
