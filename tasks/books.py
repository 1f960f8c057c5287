"""Books: balances and open invoices from an accounting vendor."""

from shared.use_cases.pull_books import BooksPull, BooksResult
from shared.use_cases.slices import Slice
from workers.definition import Arguments, JobContext
from workers.queues import Queue
from workers.task import task
from workers.vendors.services import BooksName, connected_books


class PullBooks(Arguments):
    """`service` names the credential; `on_demand` may use the half of the vendor's calls that nights leave."""

    service: BooksName = "xero"
    on_demand: bool = False


@task(
    name="books.pull",
    queue=Queue.SYNC,
    arguments=PullBooks,
    result=BooksResult,
    vendor_argument="service",
)
def pull_books(context: JobContext, arguments: PullBooks) -> BooksResult:
    """Brings the tenant's balances up to yesterday, and the invoices that changed."""
    room, service = context.vendor_room, arguments.service
    with connected_books(room, service, on_demand=arguments.on_demand) as (connector, credential):
        pull = BooksPull(context.open_unit_of_work, connector, credential, Slice(context.progress))
        return pull.run(context.now())
