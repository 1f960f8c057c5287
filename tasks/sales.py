"""Sales: pull products, stock and order lines from a shop."""

from datetime import date

from shared.use_cases.backfill_sales import BackfillResult, backfill_sales
from shared.use_cases.pull_sales import PullResult, SalesPull
from shared.use_cases.reconcile_fees import ReconcileResult, reconcile_fees
from shared.use_cases.slices import Slice
from workers.queues import Queue
from workers.task import Arguments, JobContext, task
from workers.vendors.catalogue import SettlingName, ShopName, connected_shop


class PullSales(Arguments):
    """`service` names the credential; `as_of` is the day that the stock counts for and the past is counted from."""

    service: ShopName = "shopify_uk"
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
    with connected_shop(context.vendor_room, arguments.service) as (connector, credential):
        pull = SalesPull(context.open_unit_of_work, connector, credential, Slice(context.progress))
        return pull.run(context.now(), arguments.as_of)


class BackfillSales(Arguments):
    """`as_of` goes on to what follows; `again` tries for what the credential could not see before."""

    service: ShopName = "shopify_uk"
    as_of: date | None = None
    again: bool = False


@task(
    name="sales.backfill",
    queue=Queue.SYNC,
    arguments=BackfillSales,
    result=BackfillResult,
    vendor_argument="service",
)
def backfill(context: JobContext, arguments: BackfillSales) -> BackfillResult:
    """Brings the two years of sales before the shop was connected, newest first."""
    with connected_shop(context.vendor_room, arguments.service) as (connector, credential):
        return backfill_sales(
            context.open_unit_of_work,
            connector,
            credential,
            Slice(context.progress),
            again=arguments.again,
        )


class ReconcileFees(Arguments):
    """`service` names the credential of a channel that tells its settlements."""

    service: SettlingName = "amazon_uk"


@task(
    name="sales.reconcile_fees",
    queue=Queue.SYNC,
    arguments=ReconcileFees,
    result=ReconcileResult,
    vendor_argument="service",
)
def reconcile(context: JobContext, arguments: ReconcileFees) -> ReconcileResult:
    """Holds the fees of a channel against its settlements of the last ninety days."""
    with connected_shop(context.vendor_room, arguments.service) as (connector, credential):
        return reconcile_fees(
            context.open_unit_of_work, connector, credential, context.progress, context.now()
        )
