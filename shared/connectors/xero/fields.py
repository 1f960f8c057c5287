"""How Xero writes its values; each reader raises `SkipRecord` naming the field that cannot be read."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from shared.domain.fields import FIRST_YEAR, LAST_YEAR, check_year, read_amount, show
from shared.domain.money import round_money
from shared.errors import SkipRecord

Node = Mapping[str, Any]

MS_DATE = re.compile(r"/Date\((-?[0-9]{1,18})(?:([+-])([0-9]{2})([0-9]{2}))?\)/")
# A comma parts thousands, and nothing else: a decimal comma would be a hundred times too much.
THOUSANDS = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# numeric(18, 8): ten digits before the point.
RATE_STEP, LARGEST_RATE = Decimal("0.00000001"), Decimal("9999999999.99999999")


def read_day(node: Node, field: str) -> date | None:
    """A calendar day, from `DateString` and its like, else from milliseconds; None where there is neither."""
    for name in (f"{field}String", field):
        reported = node.get(name)
        if reported is not None and reported != "":
            return _moment(reported, name).date()
    return None


def business_day(node: Node, field: str) -> date | None:
    """A calendar day on which something can have happened; None where there is none."""
    day = read_day(node, field)
    if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise SkipRecord(f"{field}: the year {day.year} cannot be meant")
    return day


def require_day(node: Node, field: str) -> date:
    """A calendar day that must be there."""
    day = business_day(node, field)
    if day is None:
        raise SkipRecord(f"{field}: is missing")
    return day


def read_instant(node: Node, field: str) -> datetime:
    """An instant in UTC."""
    reported = node.get(field)
    if reported is None or reported == "":
        raise SkipRecord(f"{field}: is missing")
    moment = check_year(_moment(reported, field), field)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read_money(node: Node, field: str) -> Decimal:
    """An amount to the penny; a number as the specification has it, or a text as it sometimes is."""
    return round_money(money_of(node.get(field), field))


def money_of(reported: object, field: str) -> Decimal:
    """An amount from text or a number; brackets mean less than nothing, as books write it."""
    if not isinstance(reported, str):
        return read_amount(reported, field)
    text = reported.strip()
    if text.startswith("(") and text.endswith(")"):
        text = f"-{text[1:-1]}"
    if THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    return read_amount(text, field)


def read_rate(node: Node, currency: str, base_currency: str) -> Decimal | None:
    """How much of the currency one unit of the books' is; None where they are the same."""
    if currency == base_currency:
        return None
    reported = node.get("CurrencyRate")
    rate = read_amount(reported, "CurrencyRate", LARGEST_RATE).quantize(RATE_STEP, ROUND_HALF_UP)
    if not 0 < rate <= LARGEST_RATE:
        raise SkipRecord(f"CurrencyRate: {show(reported)} is not a rate")
    return rate


def _moment(reported: object, field: str) -> datetime:
    found = MS_DATE.fullmatch(reported) if isinstance(reported, str) else None
    try:
        if found is None:
            return datetime.fromisoformat(reported if isinstance(reported, str) else "")
        moment = EPOCH + timedelta(milliseconds=int(found[1]))
        if found[2] is None:
            return moment
        offset = timedelta(hours=int(found[3]), minutes=int(found[4]))
        return moment.astimezone(timezone(offset if found[2] == "+" else -offset))
    except (ValueError, OverflowError):
        raise SkipRecord(f"{field}: {show(reported)} is not a date") from None
