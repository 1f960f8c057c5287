"""Sample what a tenant uses, and record where it is over its tier."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.events import QuotaCrossed
from shared.domain.quota import MeterReading, effective_limits, find_breaches, newly_over
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork, UnitOfWork


@dataclass(frozen=True, slots=True)
class UsageResult:
    """What was found, and the meters above their limit. Storage in MB."""

    users: int
    entities: int
    storage_mb: int
    over: tuple[str, ...]
    newly_over: int


def sample_usage(open_unit_of_work: OpenUnitOfWork, now: datetime) -> UsageResult:
    """Writes users, entities and storage into the period of `now`; audits each breach once a period."""
    with open_unit_of_work() as work:
        usage = work.usage.sample(now)
        limits = effective_limits(work.tenant.tier, work.tenant.overrides)
        breaches = find_breaches(limits, usage)
        new = newly_over(breaches, work.usage.audited_breaches(now)) if breaches else ()
        for each in new:
            _report(work, each)
    over = tuple(breach.meter.value for breach in breaches)
    return UsageResult(usage.users, usage.entities, usage.storage_mb, over, len(new))


def _report(work: UnitOfWork, crossed: MeterReading) -> None:
    changes = {"meter": crossed.meter.value, "limit": crossed.limit, "used": crossed.used}
    work.audit.write("quota.exceeded", "tenant", work.tenant.id, changes, "WARNING")
    work.events.publish(QuotaCrossed(crossed.meter, crossed.limit, crossed.used))
