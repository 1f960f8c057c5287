"""Single fields of Shopify's JSON; each raises `SkipRecord` naming the field that cannot be read."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from shared.domain.money import parse_money
from shared.domain.rejections import collect as collect_nodes
from shared.domain.sales import RejectedRecord
from shared.errors import SkipRecord

RecordT = TypeVar("RecordT")
Node = Mapping[str, Any]

LARGEST_INT = 2**31 - 1
MARKETS = {"shopify_uk": "UK", "shopify_eu": "EU", "shopify_usa": "USA"}


def collect(
    nodes: Iterable[Node], read: Callable[[Node], RecordT]
) -> tuple[list[RecordT], list[RejectedRecord]]:
    """What could be read of the nodes, and what was set aside under its id."""
    return collect_nodes(nodes, lambda node: node.get("id") or "?", read)


def short_id(gid: str) -> str:
    """The number at the end of a global id such as `gid://shopify/Order/1`."""
    return gid.rpartition("/")[2].partition("?")[0]


def read_instant(node: Node, field: str) -> datetime:
    """An aware instant, from ISO 8601."""
    text = str(node.get(field))
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise SkipRecord(f"{field}: {text[:40]!r} is not an instant") from None
    if instant.tzinfo is None:
        raise SkipRecord(f"{field}: {text[:40]!r} names no time zone")
    return instant


def local_day(node: Node, field: str, zone: ZoneInfo) -> date:
    """The day of an instant in the shop's zone."""
    return read_instant(node, field).astimezone(zone).date()


def require_sku(node: Node) -> str:
    """The SKU of a product, which must have one."""
    sku = read_sku(node)
    if sku is None:
        raise SkipRecord("sku: is missing; give the product a SKU in the shop")
    return sku


def read_sku(node: Node) -> str | None:
    """The SKU, trimmed, or None."""
    sku = clean_text(str(node.get("sku") or "")).strip()
    if len(sku) > 100:
        raise SkipRecord("sku: is longer than 100 characters; shorten it in the shop")
    return sku or None


def clean_text(text: str) -> str:
    """Text that PostgreSQL keeps: neither a NUL character nor half of a surrogate pair."""
    if "\0" in text:
        raise SkipRecord("text: holds a NUL character; remove it in the shop")
    return text.encode("utf-8", "replace").decode()


def read_quantity(node: Node, field: str = "quantity") -> int:
    """A quantity that a table can hold."""
    quantity = node.get(field)
    if not isinstance(quantity, int) or not 0 <= quantity <= LARGEST_INT:
        raise SkipRecord(f"{field}: {quantity!r} is not a number of units")
    return quantity


def shop_money(node: Node, field: str) -> tuple[Decimal, str]:
    """An amount in the shop's currency, and that currency."""
    return _money(node, field, "shopMoney")


def customer_money(node: Node, field: str) -> tuple[Decimal, str]:
    """An amount in the customer's currency, and that currency."""
    return _money(node, field, "presentmentMoney")


def read_money(money: Node, field: str) -> tuple[Decimal, str]:
    """An amount and its currency."""
    currency = str(money.get("currencyCode"))
    if not _is_currency(currency):
        raise SkipRecord(f"{field}: {currency[:10]!r} is not a currency")
    return parse_money(money.get("amount"), field), currency


def _money(node: Node, field: str, side: str) -> tuple[Decimal, str]:
    money = (node.get(field) or {}).get(side)
    if not money:
        raise SkipRecord(f"{field}: is missing")
    return read_money(money, field)


@lru_cache(64)
def _is_currency(text: str) -> bool:
    return len(text) == 3 and text.isalpha() and text.isupper()
