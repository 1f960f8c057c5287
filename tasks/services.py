"""Services: a nightly pull of all that a tenant has connected."""

from shared.use_cases.pull_everything import ServicesAsked, pull_everything
from workers.queues import Queue
from workers.task import Arguments, JobContext, task


class PullEverything(Arguments):
    """Takes nothing: the tenant is the job's."""


@task(name="services.pull", queue=Queue.SYNC, arguments=PullEverything, result=ServicesAsked)
def pull(context: JobContext, _arguments: PullEverything) -> ServicesAsked:
    """Asks for a pull of each service that the tenant has connected."""
    return pull_everything(context.open_unit_of_work)
