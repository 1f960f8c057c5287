"""Sales: pull products, stock and order lines from a shop."""

from typing import Annotated

from pydantic import StringConstraints

from shared.use_cases.backfill_sales import BackfillResult, backfill_sales
from shared.use_cases.find_gone_orders import GoneResult, find_gone_orders
from shared.use_cases.pull_sales import PullResult, SalesPull
from shared.use_cases.reconcile_fees import ReconcileResult, reconcile_fees
from shared.use_cases.slices import Slice
from workers.definition import Arguments, Day, JobContext
from workers.queues import Queue
from workers.task import task
from workers.vendors.services import ForgettingName, SettlingName, ShopName, connected_shop


class PullSales(Arguments):
    """`service` names the credential; `as_of` is the day that the stock counts for and the past is counted from."""

    service: ShopName = "shopify_uk"
    as_of: Day | None = None


@task(
    name="sales.pull",
    queue=Queue.SYNC,
    arguments=PullSales,
    result=PullResult,
    vendor_argument="service",
)
def pull_sales(context: JobContext, arguments: PullSales) -> PullResult:
    """Brings the tenant's sales, products and stock up to now."""
    with connected_shop(context.vendor_room, arguments.service) as shop:
        report = Slice(context.progress)
        return SalesPull(
            context.open_unit_of_work, shop.connector, shop.credential, report, shop.together
        ).run(context.now(), arguments.as_of)


class BackfillSales(Arguments):
    """`as_of` goes on to what follows; `again` tries for what the credential could not see before."""

    service: ShopName = "shopify_uk"
    as_of: Day | None = None
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
    with connected_shop(context.vendor_room, arguments.service) as shop:
        return backfill_sales(
            context.open_unit_of_work,
            shop.connector,
            shop.credential,
            Slice(context.progress),
            shop.together,
            again=arguments.again,
            as_of=arguments.as_of,
        )


class ReconcileFees(Arguments):
    """`service` names the credential of a channel that reports its settlements."""

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
    with connected_shop(context.vendor_room, arguments.service) as shop:
        return reconcile_fees(
            context.open_unit_of_work,
            shop.connector,
            shop.credential,
            context.progress,
            context.now(),
        )


class FindGoneOrders(Arguments):
    """`order` is the vendor's id of the only order to ask for; all that count are compared if it is left out."""

    service: ForgettingName = "shopify_uk"
    order: Annotated[str, StringConstraints(max_length=235)] | None = None


@task(
    name="sales.find_gone",
    queue=Queue.SYNC,
    arguments=FindGoneOrders,
    result=GoneResult,
    vendor_argument="service",
)
def find_gone(context: JobContext, arguments: FindGoneOrders) -> GoneResult:
    """Finds orders that the shop has deleted; they count no more."""
    with connected_shop(context.vendor_room, arguments.service) as shop:
        suspects = [] if arguments.order is None else [arguments.order]
        return find_gone_orders(
            context.open_unit_of_work, shop.connector, shop.credential, context.progress, suspects
        )
