"""Read a webhook once: believe it only if it is signed, act on it, and forget its bytes.

A webhook is a hint that something changed. What changed is pulled, so that one code maps the vendor's
records, and a delivery that is lost costs no more than the wait for the next pull.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.domain.webhook import DELETED, DISCONNECTING, PRIVACY, PULLED, Delivery, WebhookOutcome
from shared.errors import InvalidInput
from shared.use_cases.ports import OpenUnitOfWork, UnitOfWork

ORDER_ID = re.compile(r"[0-9]{1,40}")
# The vendor's search lags behind what it tells; and a burst of webhooks becomes one pull.
PULL_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class WebhookResult:
    """The topic, and what became of the delivery."""

    topic: str
    outcome: WebhookOutcome


def process_webhook(
    open_unit_of_work: OpenUnitOfWork,
    delivery_id: UUID,
    is_signed: Callable[[Delivery], bool],
    now: datetime,
) -> WebhookResult:
    """Acts on a delivery; again is harmless. Raises `InvalidInput` for one that is not signed as it must be."""
    with open_unit_of_work() as work:
        delivery = work.webhooks.get(delivery_id)
    if delivery.outcome is not None:
        return WebhookResult(delivery.topic, WebhookOutcome(delivery.outcome))
    signed = is_signed(delivery)
    with open_unit_of_work() as work:
        outcome = _act(work, delivery, now) if signed else WebhookOutcome.REFUSED
        work.webhooks.finish(delivery.id, outcome, now)
    if not signed:
        raise InvalidInput(
            f"webhook: the signature of {delivery.topic} does not fit; "
            "store the app's secret as webhook_secret of the credential"
        )
    return WebhookResult(delivery.topic, outcome)


def _act(work: UnitOfWork, delivery: Delivery, now: datetime) -> WebhookOutcome:
    outcome = WebhookOutcome.IGNORED
    if delivery.topic in DELETED:
        order = _deleted_order(delivery.body)
        arguments: dict[str, object] = {"service": delivery.channel}
        arguments |= {} if order is None else {"order": order}
        work.jobs.enqueue_unless_waiting("sales.find_gone", arguments, now)
        outcome = WebhookOutcome.GONE_ASKED
    elif delivery.topic.partition("/")[0] in PULLED:
        work.jobs.enqueue_unless_waiting(
            "sales.pull", {"service": delivery.channel}, now + PULL_AFTER
        )
        outcome = WebhookOutcome.PULL_ASKED
    if delivery.topic in DISCONNECTING:
        work.credentials.disconnect(delivery.channel, reconnect=True)
        work.audit.write(
            "credential.disconnected", "credential", None, {"service_name": delivery.channel}
        )
        outcome = WebhookOutcome.DISCONNECTED
    if delivery.topic in PRIVACY:
        # Nothing of a customer is kept: sales have no names, addresses or mail.
        work.audit.write("privacy.request", "webhook", delivery.id, {"topic": delivery.topic})
        if outcome is WebhookOutcome.IGNORED:
            outcome = WebhookOutcome.PRIVACY_NOTED
    return outcome


def _deleted_order(body: bytes | None) -> str | None:
    """The id of the order that a delivery names; None where it cannot be read: then all are compared."""
    try:
        reported = json.loads(body or b"")
    except (ValueError, RecursionError):
        return None
    identity = reported.get("id") if isinstance(reported, dict) else None
    text = (
        str(identity) if isinstance(identity, int) and not isinstance(identity, bool) else identity
    )
    return text if isinstance(text, str) and ORDER_ID.fullmatch(text) else None
