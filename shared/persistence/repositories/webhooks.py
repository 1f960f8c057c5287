"""Deliveries of vendors, kept until they are read."""

from datetime import datetime
from uuid import UUID

from shared.domain.webhook import Delivery
from shared.errors import InvalidInput
from shared.persistence.database import Connection


class WebhookRepository:
    """What vendors delivered to this tenant."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, delivery_id: UUID) -> Delivery:
        """A delivery; raises `InvalidInput` for an id that is none."""
        row = self._connection.execute(
            "SELECT id, channel, topic, headers, body, outcome FROM webhook_deliveries WHERE id = %s",
            (delivery_id,),
        ).fetchone()
        if row is None:
            raise InvalidInput(f"delivery_id: {delivery_id} is no delivery")
        body = None if row["body"] is None else bytes(row["body"])
        return Delivery(**{**row, "body": body})

    def finish(self, delivery_id: UUID, outcome: str, at: datetime) -> None:
        """Notes what became of it, and forgets what it said."""
        self._connection.execute(
            "UPDATE webhook_deliveries SET outcome = %s, processed_at = %s, body = NULL, headers = '{}' "
            "WHERE id = %s",
            (outcome, at, delivery_id),
        )
