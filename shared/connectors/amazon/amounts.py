"""Amounts and dates of flat files, which each marketplace writes in its own way."""

import re
from datetime import UTC, datetime
from decimal import Decimal

from shared.domain.fields import check_year, read_amount
from shared.errors import SkipRecord

# The last separator is the decimal one, unless three digits follow the only kind of separator.
LAST_SEPARATOR = re.compile(r"[.,](?=\d*$)")
DATE_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%Y/%m/%d")
TIME_FORMATS = ("%H:%M:%S %Z", "%H:%M:%S", "%H:%M")


def parse_amount(text: str, field: str) -> Decimal:
    """An amount with a point or a comma before the pennies; raises `SkipRecord` naming the field."""
    compact = re.sub(r"[\s\u00a0\u202f'’]", "", text)
    last = LAST_SEPARATOR.search(compact)
    if last is None:
        return read_amount(compact, field)
    whole, pennies = compact[: last.start()], compact[last.end() :]
    repeated = last.group() in whole
    if repeated or (last.group() == "," and len(pennies) == 3 and "." not in whole):
        return read_amount(re.sub(r"[.,]", "", compact), field)
    return read_amount(f"{re.sub(r'[.,]', '', whole)}.{pennies}", field)


def parse_posted(day: str, instant: str, field: str) -> datetime:
    """When a row was posted, from its instant or else its day, in UTC; raises `SkipRecord`."""
    for text in (instant.strip(), day.strip()):
        moment = _parse(text)
        if moment is not None:
            return check_year(moment, field)
    raise SkipRecord(f"{field}: {(instant or day)[:40]!r} is no date")


def _parse(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    except ValueError:
        pass
    else:
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    for day in DATE_FORMATS:
        for form in (day, *(f"{day} {time}" for time in TIME_FORMATS)):
            try:
                return datetime.strptime(text, form).replace(tzinfo=UTC)
            except ValueError:
                continue
    return None
