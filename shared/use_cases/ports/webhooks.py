"""What vendors delivered."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from shared.domain.webhook import Delivery


class Webhooks(Protocol):
    def get(self, delivery_id: UUID) -> Delivery: ...
    def refuse(self, delivery_id: UUID, at: datetime) -> None: ...
    def finish(self, delivery_id: UUID, outcome: str, at: datetime) -> None:
        """Notes what became of it, and forgets its bytes."""
