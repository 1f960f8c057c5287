"""What a vendor delivered without being asked, and what is made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook as it came; `body` is None once it has been read. `channel` names the credential."""

    id: UUID
    channel: str
    topic: str
    headers: Mapping[str, str]
    body: bytes | None = field(repr=False)
    outcome: str | None


class WebhookOutcome(StrEnum):
    """What became of a delivery."""

    PULL_ASKED = "pull_asked"
    GONE_ASKED = "gone_asked"
    DISCONNECTED = "disconnected"
    PRIVACY_NOTED = "privacy_noted"
    IGNORED = "ignored"
    REFUSED = "refused"


# The first part of a topic, or the whole of it, decides.
PULLED = frozenset({"orders", "refunds", "products", "inventory_levels", "inventory_items"})
DELETED = frozenset({"orders/delete"})
DISCONNECTING = frozenset({"app/uninstalled", "shop/redact"})
PRIVACY = frozenset({"customers/redact", "customers/data_request", "shop/redact"})
