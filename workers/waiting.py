"""Why a job has not begun, in words."""

from collections.abc import Iterator

from shared.domain.job import Job, JobState, Outcome
from shared.persistence.jobs.overview import read_processes
from shared.persistence.jobs.waits import Standing, read_standing
from shared.persistence.operations.doctor import Verdict
from workers.health import examine_broker
from workers.wiring import Wiring


def explain_waiting(wiring: Wiring, job: Job, tenant_slug: str) -> list[str]:
    """Everything that stands between the job and its turn, one reason a line; nothing for a job that does not wait."""
    if job.state is JobState.DISPATCHED:
        return ["its message is on its way to a worker", *_missing(wiring, job)]
    standing = read_standing(wiring.admin, job.id)
    if job.state is not JobState.QUEUED or standing is None:
        return []
    if not standing.is_due:
        return list(_not_yet(job, standing))
    return [*_missing(wiring, job), *_turn(wiring, job, standing, tenant_slug)]


def _not_yet(job: Job, standing: Standing) -> Iterator[str]:
    why = f": {job.error_message}" if job.error_message else ""
    if standing.opened_at is not None:
        asked = (
            f", it is asked again at {standing.probe_at:%H:%M:%S} UTC" if standing.probe_at else ""
        )
        yield f"{job.waits_for} is away since {standing.opened_at:%Y-%m-%d %H:%M} UTC{asked}"
    word = "is snoozed" if job.outcome == Outcome.SNOOZED else "is not due"
    yield f"it {word} until {job.run_at:%Y-%m-%d %H:%M:%S} UTC{why}"


def _missing(wiring: Wiring, job: Job) -> Iterator[str]:
    """Who would have to live for it to begin, and does not."""
    lease_s = wiring.settings.lease_s
    living = [each for each in read_processes(wiring.admin) if each.is_living(lease_s)]
    if not any(job.queue in each.queues for each in living):
        yield f"no worker takes queue {job.queue}: start `capliquify worker --queues {job.queue}`"
    if not any(not each.queues for each in living):
        yield "no dispatcher gives a sign of life: start `capliquify dispatcher`"
    broker = examine_broker(wiring)
    if broker.verdict is Verdict.BAD:
        yield f"the broker {broker.found}: {broker.fix}"


def _turn(wiring: Wiring, job: Job, standing: Standing, tenant_slug: str) -> Iterator[str]:
    cap = wiring.settings.tenant_caps.get(job.queue)
    if cap is not None and standing.tenant_out >= cap:
        yield f"{tenant_slug} is at its cap: {standing.tenant_out} of {cap} jobs of queue {job.queue} are out"
    vendor_cap = wiring.settings.vendor_caps.get(standing.vendor or "")
    if vendor_cap is not None and standing.vendor_out >= vendor_cap:
        yield f"{standing.vendor} is at its cap: {standing.vendor_out} of {vendor_cap} jobs are out"
    yield (
        f"place {standing.ahead + 1} among the waiting jobs of {tenant_slug} in queue {job.queue}; "
        f"{standing.other_tenants} other tenants wait there and take turns with it"
    )
