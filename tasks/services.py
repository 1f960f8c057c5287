"""Services: what is done night by night, and week by week, with all that a tenant has connected."""

from shared.use_cases.ask_services import ServicesAsked, pull_everything, reconcile_everything
from workers.queues import Queue
from workers.task import Arguments, JobContext, task
from workers.vendors.catalogue import PULLS, SETTLING


class AllServices(Arguments):
    """Takes nothing: the tenant is the job's."""


@task(name="services.pull", queue=Queue.SYNC, arguments=AllServices, result=ServicesAsked)
def pull(context: JobContext, _arguments: AllServices) -> ServicesAsked:
    """Asks for a pull of each service that the tenant has connected."""
    return pull_everything(context.open_unit_of_work, PULLS)


@task(name="services.reconcile", queue=Queue.SYNC, arguments=AllServices, result=ServicesAsked)
def reconcile(context: JobContext, _arguments: AllServices) -> ServicesAsked:
    """Asks to hold the fees of each connected channel that settles against its settlements."""
    return reconcile_everything(context.open_unit_of_work, SETTLING)
