"""Sales: pull products, stock and order lines from a shop."""

from datetime import date

from shared.use_cases.pull_every_shop import ShopsAsked, pull_every_shop
from shared.use_cases.pull_sales import PullResult, SalesPull
from workers.queues import Queue
from workers.task import Arguments, JobContext, task


class PullSales(Arguments):
    """`service` names the credential; `as_of` is the day that the stock counts for."""

    service: str = "shopify_uk"
    as_of: date | None = None


@task(
    name="sales.pull",
    queue=Queue.SYNC,
    arguments=PullSales,
    result=PullResult,
    vendor_argument="service",
)
def pull_sales(context: JobContext, arguments: PullSales) -> PullResult:
    """Brings the tenant's sales, products and stock up to now."""
    with context.open_unit_of_work() as work:
        credential = work.credentials.get(arguments.service)
    with context.wiring.shop(
        context.tenant_id, credential, context.vendor_calls.count
    ) as connector:
        pull = SalesPull(context.open_unit_of_work, connector, credential, context.progress)
        return pull.run(context.now(), arguments.as_of)


class PullEveryShop(Arguments):
    """Takes nothing: the tenant is the job's."""


@task(name="sales.pull_every_shop", queue=Queue.SYNC, arguments=PullEveryShop, result=ShopsAsked)
def pull_every(context: JobContext, _arguments: PullEveryShop) -> ShopsAsked:
    """Asks for a pull of each shop that the tenant has connected."""
    return pull_every_shop(context.open_unit_of_work)
