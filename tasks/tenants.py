"""Tenants: the daily purge of those whose days are over."""

import structlog

from shared.use_cases.purge_due_tenants import purge_due_tenants
from workers.scan import ScanContext, scan

log = structlog.get_logger(__name__)


@scan(name="tenants.purge_due")
def purge_due(context: ScanContext) -> int:
    """Purges what is approved and due; reports what waits for an approval."""
    lifecycle = context.wiring.lifecycle("scan:tenants.purge_due")
    report = purge_due_tenants(lifecycle.list(deleted=True), lifecycle.purge_by_id, context.now)
    log.warning("purges", purged=report.purged, waiting=report.waiting, failed=report.failed)
    return len(report.purged)
