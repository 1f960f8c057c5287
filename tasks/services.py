"""Services: what is done night by night, and week by week, with all that a tenant has connected."""

from functools import partial

from shared.domain.events import GoneOrdersDue, SettlementsDue
from shared.use_cases.ask_services import ServicesAsked, ask_everywhere, pull_everything
from workers.definition import Arguments, JobContext
from workers.queues import Queue
from workers.task import task
from workers.vendors.services import FORGETTING, SETTLING, TYPES, one_of_each_account


class AllServices(Arguments):
    """Takes nothing: the tenant is the job's."""


@task(name="services.pull", queue=Queue.SYNC, arguments=AllServices, result=ServicesAsked)
def pull(context: JobContext, _arguments: AllServices) -> ServicesAsked:
    """Asks for a pull of each service that the tenant has connected."""
    accounts = partial(one_of_each_account, context.vendor_room)
    return pull_everything(context.open_unit_of_work, TYPES, accounts)


@task(name="services.reconcile", queue=Queue.SYNC, arguments=AllServices, result=ServicesAsked)
def reconcile(context: JobContext, _arguments: AllServices) -> ServicesAsked:
    """Asks to hold the fees of each connected channel that settles against its settlements."""
    return ask_everywhere(context.open_unit_of_work, SettlementsDue, SETTLING)


@task(name="services.find_gone", queue=Queue.SYNC, arguments=AllServices, result=ServicesAsked)
def find_gone(context: JobContext, _arguments: AllServices) -> ServicesAsked:
    """Asks to compare the orders of each connected shop that can delete some."""
    return ask_everywhere(context.open_unit_of_work, GoneOrdersDue, FORGETTING)
