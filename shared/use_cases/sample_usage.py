"""Sample what a tenant uses, and record where it is over its tier."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.events import QuotaCrossed
from shared.domain.quota import effective_limits, find_breaches
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork


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
        new = work.usage.record_breaches(breaches, now)
        for each in new:
            work.events.publish(QuotaCrossed(each.meter, each.limit, each.used))
    over = tuple(breach.meter.value for breach in breaches)
    return UsageResult(usage.users, usage.entities, usage.storage_mb, over, len(new))
