"""One reader for the values of vendors' records; pure.

Each raises `SkipRecord` that names the field and what is wrong with it. The bounds are those of the tables:
what is read here can be written.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from shared.domain.money import LARGEST, round_money
from shared.errors import SkipRecord

Node = Mapping[str, Any]

LARGEST_INT = 2**31 - 1
# numeric(15, 4): eleven digits before the point.
LARGEST_COST = Decimal("99999999999.9999")
LONGEST_SKU, LONGEST_NAME, LONGEST_ID = 100, 255, 255
# PostgreSQL keeps more; figures of such days can be nothing but mistakes.
FIRST_YEAR, LAST_YEAR = 1990, 2200
SHOWN = 40
CURRENCY = re.compile(r"[A-Z]{3}")
DIGITS = re.compile(r"-?[0-9]{1,20}")
DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


def part(node: object, name: str) -> Node:
    """An object within an object; empty where it is missing or something else."""
    value = node.get(name) if isinstance(node, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def parts(node: object, name: str) -> list[Node]:
    """The objects of a list within an object; none where it is missing."""
    value = node.get(name) if isinstance(node, Mapping) else None
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def require_node(value: object, field: str) -> Node:
    """A record, which must be an object."""
    if not isinstance(value, Mapping):
        raise SkipRecord(f"{field}: {show(value)} is not an object")
    return value


def read_text(value: object, field: str, longest: int) -> str:
    """A text that is there, fits and can be kept."""
    if not isinstance(value, str) or not value.strip():
        raise SkipRecord(f"{field}: is missing")
    text = value.strip()
    if "\0" in text:
        raise SkipRecord(f"{field}: holds a NUL character; remove it at the vendor")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise SkipRecord(f"{field}: holds half a character; write it again at the vendor")
    if len(text) > longest:
        raise SkipRecord(f"{field}: is longer than {longest} characters; shorten it at the vendor")
    return text


def read_name(value: object, field: str, longest: int = LONGEST_NAME) -> str:
    """A name for people, cut where it is too long; empty where it is missing."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return ""
    return read_text(value[:longest] if isinstance(value, str) else value, field, longest)


def read_sku(value: object, field: str = "sku") -> str:
    """A SKU that must be there."""
    return read_text(value, field, LONGEST_SKU)


def read_optional_sku(value: object, field: str = "sku") -> str | None:
    """A SKU, or None where there is none."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return read_sku(value, field)


def read_count(value: object, field: str) -> int:
    """Units, none or more, from a number or from digits."""
    units = read_integer(value, field)
    if units < 0:
        raise SkipRecord(f"{field}: {units} is not a number of units")
    return units


def read_integer(value: object, field: str) -> int:
    """A whole number that a column can hold, from a number or from digits."""
    if isinstance(value, str) and DIGITS.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise SkipRecord(f"{field}: {show(value)} is not a number of units")
    if abs(value) > LARGEST_INT:
        raise SkipRecord(f"{field}: {show(value)} is more than {LARGEST_INT} units")
    return value


def read_instant(value: object, field: str) -> datetime:
    """An aware instant of ISO 8601."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise SkipRecord(f"{field}: {show(value)} is not an instant")
    if moment.tzinfo is None:
        raise SkipRecord(f"{field}: {show(value)} names no time zone")
    return check_year(moment, field)


def check_year(moment: datetime, field: str) -> datetime:
    """The instant itself; raises where it lies far outside of any business."""
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise SkipRecord(f"{field}: the year {moment.year} cannot be meant")
    return moment


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The day of an instant in a zone."""
    return moment.astimezone(zone).date()


def read_currency(value: object, field: str) -> str:
    """A currency's three capital letters."""
    if not isinstance(value, str) or not _is_currency(value):
        raise SkipRecord(f"{field}: {show(value)} is not a currency")
    return value


def read_amount(value: object, field: str, largest: Decimal = LARGEST) -> Decimal:
    """An exact amount from a text or a number, at most `largest` either way."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise SkipRecord(f"{field}: {show(value)} is not an amount")
    text = value.strip() if isinstance(value, str) else repr(value)
    if len(text) > SHOWN or not DECIMAL.fullmatch(text):
        raise SkipRecord(f"{field}: {show(value)} is not an amount")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise SkipRecord(f"{field}: {show(value)} is not an amount") from None
    if abs(amount) > largest:
        raise SkipRecord(f"{field}: {show(value)} does not fit an amount of money")
    return amount


def read_price(value: object, field: str, largest: Decimal = LARGEST) -> Decimal:
    """An amount that is not below zero."""
    amount = read_amount(value, field, largest)
    if amount < 0:
        raise SkipRecord(f"{field}: {show(value)} is below zero")
    return amount


def fit_money(amount: Decimal, field: str) -> Decimal:
    """A computed amount at two places, as the tables keep it; raises where it does not fit."""
    if abs(amount) > LARGEST:
        raise SkipRecord(f"{field}: {show(str(amount))} does not fit an amount of money")
    return round_money(amount)


def utc(moment: datetime) -> datetime:
    """The same instant in UTC."""
    return moment.astimezone(UTC)


def show(value: object) -> str:
    """A value for a person, cut short; what may be deep or long is only named."""
    if isinstance(value, list | Mapping):
        return "a list" if isinstance(value, list) else "an object"
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


@lru_cache(256)
def _is_currency(text: str) -> bool:
    return CURRENCY.fullmatch(text) is not None
