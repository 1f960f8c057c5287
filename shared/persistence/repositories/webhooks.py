"""Deliveries of vendors, kept until they are read."""

from datetime import datetime, timedelta
from uuid import UUID

from shared.domain.webhook import Delivery
from shared.errors import InvalidInput
from shared.persistence.database import Connection

# A refused delivery may be garbage that a stranger sent: it is kept as long as a secret may be put right.
KEPT_REFUSED = timedelta(days=30)
FORGET_REFUSED = """
UPDATE webhook_deliveries SET body = NULL, headers = '{}'
WHERE outcome = 'refused' AND body IS NOT NULL AND received_at < now() - %s
"""


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

    def refuse(self, delivery_id: UUID, at: datetime) -> None:
        """Notes that it is not believed; what it said stays, until it is judged again or grows old."""
        self._connection.execute(
            "UPDATE webhook_deliveries SET outcome = 'refused', processed_at = %s WHERE id = %s",
            (at, delivery_id),
        )
        self._connection.execute(FORGET_REFUSED, (KEPT_REFUSED,))

    def finish(self, delivery_id: UUID, outcome: str, at: datetime) -> None:
        """Notes what became of it, and forgets what it said."""
        self._connection.execute(
            "UPDATE webhook_deliveries SET outcome = %s, processed_at = %s, body = NULL, headers = '{}' "
            "WHERE id = %s",
            (outcome, at, delivery_id),
        )
