"""Webhooks: what vendors report without being asked."""

from uuid import UUID

from shared.use_cases.process_webhook import WebhookResult, process_webhook
from workers.definition import Arguments, JobContext
from workers.queues import Queue
from workers.task import task
from workers.vendors.shopify import webhook_check


class ProcessWebhook(Arguments):
    """`delivery_id` is what `store_webhook` returned."""

    delivery_id: UUID


@task(
    name="webhooks.process",
    queue=Queue.INTERACTIVE,
    arguments=ProcessWebhook,
    result=WebhookResult,
)
def process(context: JobContext, arguments: ProcessWebhook) -> WebhookResult:
    """Checks a delivery's signature, acts on it and forgets its bytes."""
    check = webhook_check(context.vendor_room)
    return process_webhook(context.open_unit_of_work, arguments.delivery_id, check, context.now())
