"""Usage: sample every tenant and check it against its tier."""

from shared.use_cases.sample_usage import UsageResult, sample_usage
from workers.definition import Arguments, JobContext
from workers.queues import Queue
from workers.task import task


class SampleUsage(Arguments):
    """Takes nothing: the tenant is the job's."""


@task(name="usage.sample", queue=Queue.MAINTENANCE, arguments=SampleUsage, result=UsageResult)
def sample(context: JobContext, _arguments: SampleUsage) -> UsageResult:
    """Samples one tenant and records what is over its tier."""
    return sample_usage(context.open_unit_of_work, context.now())
