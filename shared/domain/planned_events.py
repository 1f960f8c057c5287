"""What a tenant knows of days to come, and of days past, that sales alone do not show."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from shared.errors import InvalidInput

LONGEST_NOTE = 255
LONGEST_DAYS = 366
FIRST_YEAR, LAST_YEAR = 1990, 2200
# Shares have four places.
LEAST_SHARE = Decimal("0.0001")
LARGEST_PRICE = Decimal(10_000_000)


class EventKind(StrEnum):
    """What is planned."""

    PROMOTION = "PROMOTION"
    PRICE_CHANGE = "PRICE_CHANGE"
    CLOSED = "CLOSED"
    LAUNCH = "LAUNCH"
    END_OF_SALE = "END_OF_SALE"


# These begin and do not end.
WITHOUT_END = (EventKind.LAUNCH, EventKind.END_OF_SALE)
WITH_END = (EventKind.PROMOTION, EventKind.CLOSED)
# Of all products at once they would empty a forecast, or give all the same price.
OF_ONE_SKU = (EventKind.LAUNCH, EventKind.END_OF_SALE, EventKind.PRICE_CHANGE)


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """`sku` is None for all that the company sells. Both days belong to it; without `last_day` it has no end.

    `discount` is a share of the price, 0.2 is 20 %; `price` is money a unit from then on.
    """

    kind: EventKind
    sku: str | None
    first_day: date
    last_day: date | None = None
    discount: Decimal | None = None
    price: Decimal | None = None
    note: str | None = None

    def covers(self, day: date) -> bool:
        """Whether the day belongs to it."""
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)

    def overlaps(self, other: "PlannedEvent") -> bool:
        """Whether both are the same kind of event of the same SKU and have a day in common.

        A price holds until the next one: price changes follow one another.
        """
        same = (self.kind, self.sku) == (other.kind, other.sku)
        meet = self.covers(other.first_day) or other.covers(self.first_day)
        return same and meet and self.kind is not EventKind.PRICE_CHANGE


def check_event(event: PlannedEvent) -> None:
    """Raises `InvalidInput` for an event that cannot be; the line names the option and the fix."""
    wrong = _wrong_scope(event) or _wrong_days(event) or _wrong_amounts(event)
    if wrong:
        raise InvalidInput(wrong)


def _wrong_scope(event: PlannedEvent) -> str | None:
    if event.sku is None and event.kind in OF_ONE_SKU:
        return f"sku: {event.kind.lower()} is of one product; name it"
    return None


def _wrong_days(event: PlannedEvent) -> str | None:
    kind, last = event.kind.lower(), event.last_day
    for name, day in (("first-day", event.first_day), ("last-day", last)):
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            return f"{name}: {day} is no day of a plan; give one from {FIRST_YEAR} to {LAST_YEAR}"
    if event.kind in WITH_END and last is None:
        return f"last-day: a {kind} event needs its last day"
    if event.kind in WITHOUT_END and last is not None:
        return f"last-day: {kind} has no end; leave it out"
    if last is not None and last < event.first_day:
        return f"last-day: {last} is before {event.first_day}; give the earlier day as the first"
    if event.kind is EventKind.PROMOTION and last and (last - event.first_day).days >= LONGEST_DAYS:
        return f"last-day: a promotion of more than {LONGEST_DAYS} days is a price change"
    return None


def _wrong_amounts(event: PlannedEvent) -> str | None:
    if (event.discount is not None) != (event.kind is EventKind.PROMOTION):
        return "discount: a promotion needs one, such as 0.2 for 20 %, and nothing else takes one"
    if event.discount is not None and not LEAST_SHARE <= event.discount <= 1 - LEAST_SHARE:
        return f"discount: {event.discount} is no share; write 20 % as 0.2"
    if (event.price is not None) != (event.kind is EventKind.PRICE_CHANGE):
        return "price: a price change needs the new price, and nothing else takes one"
    if event.price is not None and not 0 <= event.price <= LARGEST_PRICE:
        return f"price: {event.price} is no price; write one like 12.50"
    if event.note is not None and len(event.note) > LONGEST_NOTE:
        return f"note: has {len(event.note)} characters; {LONGEST_NOTE} are kept"
    return None
