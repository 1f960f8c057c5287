"""What vendors delivered."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from shared.domain.webhook import Delivery


class Webhooks(Protocol):
    """Deliveries of vendors to this tenant."""

    def get(self, delivery_id: UUID) -> Delivery:
        """A delivery; raises `InvalidInput` for an id that is none."""

    def refuse(self, delivery_id: UUID, at: datetime) -> None:
        """Notes that it is not believed. Its bytes stay for a while, so that it can be judged again."""

    def finish(self, delivery_id: UUID, outcome: str, at: datetime) -> None:
        """Notes its outcome, and forgets its bytes and headers."""
