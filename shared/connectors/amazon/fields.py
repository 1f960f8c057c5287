"""Single values of Amazon's JSON and of its flat files; each raises `SkipRecord` naming the field."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from shared.domain.money import parse_money
from shared.errors import SkipRecord

LARGEST_INT = 2**31 - 1
CURRENCY = re.compile(r"[A-Z]{3}")
DIGITS = re.compile(r"-?\d{1,20}")
LONGEST_SKU, LONGEST_NAME, LONGEST_ID = 100, 255, 255


def part(node: object, name: str) -> Mapping[str, Any]:
    """An object within an object; empty where it is missing or something else."""
    value = node.get(name) if isinstance(node, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def parts(node: object, name: str) -> list[Mapping[str, Any]]:
    """The objects of a list within an object; none where it is missing."""
    value = node.get(name) if isinstance(node, Mapping) else None
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def read_text(value: object, field: str, longest: int) -> str:
    """A text that is there, fits and can be kept."""
    if not isinstance(value, str) or not value.strip():
        raise SkipRecord(f"{field}: is missing")
    text = value.strip()
    if "\0" in text:
        raise SkipRecord(f"{field}: holds a NUL character")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise SkipRecord(f"{field}: holds half a character")
    if len(text) > longest:
        raise SkipRecord(f"{field}: is longer than {longest} characters")
    return text


def read_name(value: object, field: str) -> str:
    """A product's name, cut where it is too long; empty where it is missing."""
    if value is None or value == "":
        return ""
    return read_text(value[:LONGEST_NAME] if isinstance(value, str) else value, field, LONGEST_NAME)


def read_sku(value: object) -> str:
    """The seller's SKU."""
    return read_text(value, "sku", LONGEST_SKU)


def read_count(value: object, field: str) -> int:
    """Units, from a number or from digits."""
    if isinstance(value, str) and DIGITS.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_INT:
        raise SkipRecord(f"{field}: {str(value)[:40]!r} is not a number of units")
    return value


def read_instant(value: object, field: str) -> datetime:
    """An aware instant of ISO 8601."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise SkipRecord(f"{field}: {str(value)[:40]!r} is not an instant")
    return moment


def local_day(moment: datetime, zone: ZoneInfo, field: str) -> date:
    """The day of an instant in the marketplace's zone."""
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        raise SkipRecord(f"{field}: lies outside the calendar") from None


def read_money(node: object, field: str) -> tuple[Decimal, str]:
    """Amount and currency of `Money`, whose amount is a text."""
    if not isinstance(node, Mapping):
        raise SkipRecord(f"{field}: is missing")
    return parse_money(node.get("amount"), field), read_currency(node.get("currencyCode"), field)


def read_currency_amount(node: object, field: str) -> tuple[Decimal, str]:
    """Amount and currency of `Currency`, whose amount is a number."""
    if not isinstance(node, Mapping):
        raise SkipRecord(f"{field}: is missing")
    amount = node.get("currencyAmount")
    if isinstance(amount, bool) or not isinstance(amount, int | float | str):
        raise SkipRecord(f"{field}: {str(amount)[:40]!r} is not an amount")
    return parse_money(str(amount), field), read_currency(node.get("currencyCode"), field)


def read_currency(value: object, field: str) -> str:
    """A currency's three letters."""
    if not isinstance(value, str) or not CURRENCY.fullmatch(value):
        raise SkipRecord(f"{field}: {str(value)[:40]!r} is not a currency")
    return value
