"""What a tenant plans."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

from shared.domain.planned_events import EventKind, PlannedEvent


class PlannedEvents(Protocol):
    """Keeps planned events of a tenant by kind, SKU and first day."""

    def list(self, company_id: UUID) -> Sequence[PlannedEvent]:
        """All of a company by first day; SKUs as they are named now."""

    def put(self, company_id: UUID, event: PlannedEvent) -> bool:
        """Writes an event, in place of one of the same kind, SKU and first day; False for an unknown SKU."""

    def remove(self, company_id: UUID, kind: EventKind, sku: str | None, first_day: date) -> bool:
        """Takes an event away; False where there is none."""
