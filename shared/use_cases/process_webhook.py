"""Read a webhook once: believe it only if it is signed and of this shop, act on it, and forget its bytes.

That the app was removed is believed when the vendor itself refuses the credential: an old delivery proves
nothing of today. What is refused is kept, so that it can be judged again once the right secret is stored.

A webhook is a hint that something changed. What changed is pulled, so that one code maps the vendor's
records, and a delivery that is lost costs no more than the wait for the next pull.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.domain.credential import StoredCredential
from shared.domain.events import OrderDeleted, RecordsChanged
from shared.domain.webhook import DELETED, DISCONNECTING, PRIVACY, PULLED, Delivery, WebhookOutcome
from shared.errors import InvalidInput
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork, UnitOfWork

ORDER_ID = re.compile(r"[0-9]{1,40}")


@dataclass(frozen=True, slots=True)
class WebhookResult:
    """The topic, and what became of the delivery."""

    topic: str
    outcome: WebhookOutcome


@dataclass(frozen=True, slots=True)
class WebhookCheck:
    """What the vendor's connector knows of deliveries.

    `find_fault` says what is wrong with one, or None; `has_left` asks the vendor whether it refuses the credential.
    """

    find_fault: Callable[[Delivery], str | None]
    has_left: Callable[[StoredCredential], bool]


def process_webhook(
    open_unit_of_work: OpenUnitOfWork, delivery_id: UUID, check: WebhookCheck, now: datetime
) -> WebhookResult:
    """Acts on a delivery; again is harmless. One that was refused is judged again.

    Raises `InvalidInput` for one that is not believed.
    """
    with open_unit_of_work() as work:
        delivery = work.webhooks.get(delivery_id)
        stored = work.credentials.find(delivery.channel)
    if delivery.outcome not in (None, WebhookOutcome.REFUSED):
        return WebhookResult(delivery.topic, WebhookOutcome(delivery.outcome))
    fault = check.find_fault(delivery)
    if fault is not None:
        with open_unit_of_work() as work:
            work.webhooks.refuse(delivery.id, now)
        raise InvalidInput(fault)
    leaving = delivery.topic in DISCONNECTING and stored is not None
    gone = stored if leaving and stored is not None and check.has_left(stored) else None
    with open_unit_of_work() as work:
        outcome = _act(work, delivery, gone)
        work.webhooks.finish(delivery.id, outcome, now)
    return WebhookResult(delivery.topic, outcome)


def _act(work: UnitOfWork, delivery: Delivery, gone: StoredCredential | None) -> WebhookOutcome:
    outcome = WebhookOutcome.IGNORED
    if delivery.topic in DELETED:
        work.events.publish(OrderDeleted(delivery.channel, _deleted_order(delivery.body)))
        outcome = WebhookOutcome.GONE_ASKED
    elif delivery.topic.partition("/")[0] in PULLED:
        work.events.publish(RecordsChanged(delivery.channel))
        outcome = WebhookOutcome.PULL_ASKED
    if gone is not None and _is_still(work, gone):
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


def _is_still(work: UnitOfWork, asked: StoredCredential) -> bool:
    """Whether the credential that the vendor refused is the one that is kept now."""
    found = work.credentials.find(asked.service_name)
    return found is not None and found.sealed == asked.sealed


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
