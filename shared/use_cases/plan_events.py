"""Plan events, and take them back."""

from datetime import date

from shared.domain.planned_events import EventKind, PlannedEvent, check_event
from shared.errors import InvalidInput
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork


def plan_event(open_unit_of_work: OpenUnitOfWork, event: PlannedEvent) -> None:
    """Keeps an event; the next forecast counts with it. The same first day again changes it.

    Raises `InvalidInput` for one that cannot be, of an unknown SKU, or that overlaps another.
    """
    check_event(event)
    with open_unit_of_work() as work:
        company_id = work.companies.get().id
        for other in work.planned_events.list(company_id):
            if other.first_day != event.first_day and event.overlaps(other):
                raise InvalidInput(
                    f"first-day: overlaps the {event.kind.lower()} event from {other.first_day}; "
                    "remove that one first"
                )
        if not work.planned_events.put(company_id, event):
            raise InvalidInput(f"sku: there is no product {event.sku!r}")
        work.audit.write("event.planned", "planned_event", None, _named(event))


def remove_event(
    open_unit_of_work: OpenUnitOfWork, kind: EventKind, sku: str | None, first_day: date
) -> None:
    """Takes an event back; raises `InvalidInput` where there is none."""
    with open_unit_of_work() as work:
        if not work.planned_events.remove(work.companies.get().id, kind, sku, first_day):
            of = f"of {sku}" if sku else "of all products"
            raise InvalidInput(f"first-day: no {kind.lower()} event {of} begins on {first_day}")
        event = PlannedEvent(kind, sku, first_day)
        work.audit.write("event.removed", "planned_event", None, _named(event))


def _named(event: PlannedEvent) -> dict[str, str]:
    values = {
        "kind": event.kind,
        "sku": event.sku,
        "first_day": event.first_day,
        "last_day": event.last_day,
        "discount": event.discount,
        "price": event.price,
    }
    return {name: str(value) for name, value in values.items() if value is not None}
