"""Days, ISO weeks and calendar months as periods."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class PeriodType(StrEnum):
    """How long a period of a metric or forecast is."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


@dataclass(frozen=True, slots=True)
class Period:
    """A day, an ISO week (Monday to Sunday) or a calendar month; both ends belong to it."""

    type: PeriodType
    start: date
    end: date

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.end - self.start).days + 1


def period_of(day: date, period_type: PeriodType) -> Period:
    """The period of that type which the day lies in."""
    if period_type is PeriodType.DAILY:
        return Period(period_type, day, day)
    if period_type is PeriodType.WEEKLY:
        monday = day - timedelta(days=day.weekday())
        return Period(period_type, monday, monday + timedelta(days=6))
    first = day.replace(day=1)
    next_first = (first + timedelta(days=31)).replace(day=1)
    return Period(period_type, first, next_first - timedelta(days=1))


def periods_touching(first: date, last: date, period_type: PeriodType) -> Iterator[Period]:
    """All periods of that type with at least one day from `first` to `last`, in order."""
    day = first
    while day <= last:
        period = period_of(day, period_type)
        yield period
        day = period.end + timedelta(days=1)


def find_zone(*names: str | None) -> ZoneInfo:
    """The first of these time zones that exists; UTC where none does."""
    for name in names:
        try:
            return ZoneInfo(name or "")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")
