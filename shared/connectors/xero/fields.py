"""Single fields of Xero's JSON; each raises `SkipRecord` naming the field that cannot be read."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from shared.domain.money import parse_money
from shared.errors import SkipRecord

Node = Mapping[str, Any]

MS_DATE = re.compile(r"/Date\((-?\d+)(?:([+-])(\d\d)(\d\d))?\)/")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What a table keeps of a rate: eight places, ten digits before them.
SMALLEST_RATE, LARGEST_RATE = Decimal("0.00000001"), Decimal(10**10)


def read_day(node: Node, field: str) -> date | None:
    """A calendar day, from `DateString` and its like, else from milliseconds; None where there is neither."""
    for name in (f"{field}String", field):
        told = node.get(name)
        if told not in (None, ""):
            return _moment(told, name).date()
    return None


def require_day(node: Node, field: str) -> date:
    """A calendar day that must be there."""
    day = read_day(node, field)
    if day is None:
        raise SkipRecord(f"{field}: is missing")
    return day


def read_instant(node: Node, field: str) -> datetime:
    """An instant in UTC."""
    told = node.get(field)
    if told in (None, ""):
        raise SkipRecord(f"{field}: is missing")
    moment = _moment(told, field)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read_money(node: Node, field: str) -> Decimal:
    """An amount, written as a number as the specification has it, or as text as it sometimes is."""
    return money_of(node.get(field), field)


def money_of(told: object, field: str) -> Decimal:
    """An amount from text or a number; brackets mean less than nothing, as books write it."""
    if isinstance(told, bool) or not isinstance(told, str | int | float):
        raise SkipRecord(f"{field}: is missing or is not an amount")
    text = str(told).strip().replace(",", "")
    if text.startswith("(") and text.endswith(")"):
        text = f"-{text[1:-1]}"
    return parse_money(text, field)


def read_currency(node: Node) -> str:
    """Three capital letters."""
    currency = node.get("CurrencyCode")
    if not isinstance(currency, str) or not re.fullmatch("[A-Z]{3}", currency):
        raise SkipRecord("CurrencyCode: is missing or is not a currency")
    return currency


def read_rate(node: Node, currency: str, base_currency: str) -> Decimal | None:
    """How much of the currency one unit of the books' is; None where they are the same."""
    if currency == base_currency:
        return None
    rate = money_of(node.get("CurrencyRate"), "CurrencyRate")
    if not SMALLEST_RATE <= rate < LARGEST_RATE:
        raise SkipRecord("CurrencyRate: is not a rate")
    return rate


def _moment(told: object, field: str) -> datetime:
    text = str(told)
    found = MS_DATE.fullmatch(text)
    try:
        if found is None:
            return datetime.fromisoformat(text)
        moment = EPOCH + timedelta(milliseconds=int(found[1]))
        if found[2] is None:
            return moment
        offset = timedelta(hours=int(found[3]), minutes=int(found[4]))
        return moment.astimezone(timezone(offset if found[2] == "+" else -offset))
    except (ValueError, OverflowError):
        raise SkipRecord(f"{field}: {text[:40]!r} is not a date") from None
