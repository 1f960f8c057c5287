"""What a tenant plans: promotions, prices, closed days, launches, ends of sale."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from shared.domain.planned_events import EventKind, PlannedEvent
from shared.persistence.database import Connection

LIST = """
SELECT e.kind, p.sku, e.first_day, e.last_day, e.discount, e.price, e.note
FROM planned_events e LEFT JOIN products p ON p.id = e.product_id
WHERE e.company_id = %s
ORDER BY e.first_day, e.kind, p.sku NULLS FIRST
"""
# A SKU that nobody knows would be an event of all.
PUT = """
INSERT INTO planned_events (company_id, product_id, kind, first_day, last_day, discount, price, note)
SELECT %(company_id)s, p.id, %(kind)s, %(first_day)s, %(last_day)s, %(discount)s, %(price)s, %(note)s
FROM (SELECT NULL::uuid AS id WHERE %(sku)s::text IS NULL
      UNION ALL SELECT id FROM products WHERE sku = %(sku)s::text AND company_id = %(company_id)s) p
ON CONFLICT (company_id, product_id, kind, first_day) DO UPDATE SET last_day = excluded.last_day,
    discount = excluded.discount, price = excluded.price, note = excluded.note, updated_at = now()
"""
REMOVE = """
DELETE FROM planned_events WHERE company_id = %(company_id)s AND kind = %(kind)s AND first_day = %(first_day)s
AND product_id IS NOT DISTINCT FROM (SELECT id FROM products WHERE sku = %(sku)s::text)
AND (%(sku)s::text IS NULL OR product_id IS NOT NULL)
"""


class PlannedEventRepository:
    """Writes events by company, SKU, kind and first day."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, company_id: UUID) -> Sequence[PlannedEvent]:
        """All events of a company by first day."""
        return [
            PlannedEvent(
                EventKind(row["kind"]),
                row["sku"],
                row["first_day"],
                row["last_day"],
                row["discount"],
                row["price"],
                row["note"],
            )
            for row in self._connection.execute(LIST, (company_id,))
        ]

    def put(self, company_id: UUID, event: PlannedEvent) -> bool:
        """Writes an event; False where the company has no such SKU."""
        known = {
            "company_id": company_id,
            "sku": event.sku,
            "kind": event.kind,
            "first_day": event.first_day,
            "last_day": event.last_day,
            "discount": event.discount,
            "price": event.price,
            "note": event.note,
        }
        return self._connection.execute(PUT, known).rowcount == 1

    def remove(self, company_id: UUID, kind: EventKind, sku: str | None, first_day: date) -> bool:
        """Takes an event away; False where there is none."""
        known = {"company_id": company_id, "kind": kind, "sku": sku, "first_day": first_day}
        return self._connection.execute(REMOVE, known).rowcount == 1
