"""What is Shopify's own in its JSON: global ids, money bags, and names cut in the middle of a character.

All other values are read by `shared.domain.fields`. Each reader raises `SkipRecord` that names the field.
"""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple, TypeGuard, TypeVar

from shared.domain.fields import (
    LARGEST_INT,
    LONGEST_ID,
    LONGEST_NAME,
    SHOWN,
    Node,
    read_amount,
    read_count,
    read_currency,
    read_optional_sku,
    read_text,
    show,
)
from shared.domain.fields import read_name as read_whole_name
from shared.domain.rejections import collect as collect_nodes
from shared.domain.sales import RejectedRecord
from shared.errors import SkipRecord

RecordT = TypeVar("RecordT")

MARKETS = {"shopify_uk": "UK", "shopify_eu": "EU", "shopify_usa": "USA"}
GID = re.compile(r"gid://shopify/([A-Za-z]+)/[0-9]{1,40}")
# Lines are named after their kind: `refund-shipping-1`.
LONGEST_PREFIX = len("refund-shipping-")


class Money(NamedTuple):
    """An amount in the shop's currency, and the same in the customer's."""

    shop: Decimal
    currency: str
    customer: Decimal
    customer_currency: str


def collect(
    nodes: Iterable[Any], read: Callable[[Any], RecordT], owner: str = "?"
) -> tuple[list[RecordT], list[RejectedRecord]]:
    """What could be read of the nodes, and what was set aside under its id, or under its owner's."""
    return collect_nodes(nodes, lambda node: key_of(node, owner), read)


def key_of(node: object, owner: str = "?") -> str:
    """The id of a record, for people; that of its owner where it has none."""
    given = node.get("id") if isinstance(node, dict) else None
    return given if isinstance(given, str) and given.strip() else owner


def short_id(gid: object, field: str = "id") -> str:
    """The number at the end of a global id such as `gid://shopify/Order/1`."""
    if type(gid) is str:
        number = gid[gid.rfind("/") + 1 :]
        if number.isdecimal() and number.isascii() and len(number) <= SHOWN:
            return number
        gid = number.partition("?")[0]
    return read_text(gid, field, LONGEST_ID - LONGEST_PREFIX)


def is_gid(value: object, kind: str) -> TypeGuard[str]:
    """Whether the vendor can be asked for it: a global id of this kind."""
    found = GID.fullmatch(value) if isinstance(value, str) else None
    return found is not None and found[1] == kind


def read_nodes(node: Node, field: str) -> list[Any]:
    """A list, whatever is in it; empty where it is null."""
    value = node.get(field)
    if value is None:
        return []
    if not isinstance(value, list):
        raise SkipRecord(f"{field}: {show(value)} is not a list")
    return value


def read_flag(node: Node, field: str) -> bool:
    """True or false; false where it is null."""
    value = node.get(field)
    if value is True or value is False or value is None:
        return value is True
    raise SkipRecord(f"{field}: {show(value)} is neither true nor false")


def read_units(node: Node, field: str = "quantity") -> int:
    """Units, none or more; the vendor writes them as a number."""
    value = node.get(field)
    if type(value) is int and 0 <= value <= LARGEST_INT:
        return value
    if isinstance(value, str | float):
        raise SkipRecord(f"{field}: {show(value)} is not a number of units")
    return read_count(value, field)


def read_goods(item: Node) -> tuple[str | None, str]:
    """The SKU and the name of what was sold, which thousands of lines share."""
    sku, name = item.get("sku"), item.get("name")
    if type(sku) is type(name) is str and len(sku) + len(name) <= LONGEST_ID:
        return _known_goods(sku, name)
    return read_optional_sku(sku), read_name(name, "name", LONGEST_NAME)


@lru_cache(16_384)
def _known_goods(sku: str, name: str) -> tuple[str | None, str]:
    return read_optional_sku(sku), read_name(name, "name", LONGEST_NAME)


def read_name(value: object, field: str, longest: int) -> str:
    """A name for people; half of a character, where the shop has cut it, is replaced."""
    if isinstance(value, str) and not value.isascii():
        value = value.encode("utf-8", "replace").decode()
    return read_whole_name(value, field, longest)


def read_bag(node: Node, field: str) -> Money:
    """An amount that the vendor writes in both currencies."""
    bag = node.get(field)
    if type(bag) is not dict or not bag:
        raise SkipRecord(f"{field}: is missing")
    given, paid = bag.get("shopMoney"), bag.get("presentmentMoney")
    found = _read(given, field)
    # Most customers pay in the shop's own money: it need not be read twice.
    if paid == given:
        return found
    customer = _read(paid, field)
    return Money(found.shop, found.currency, customer.shop, customer.currency)


def read_shop_money(node: Node, field: str) -> Decimal:
    """An amount in the shop's currency alone."""
    bag = node.get(field)
    return _read(bag.get("shopMoney") if isinstance(bag, dict) else None, field).shop


def read_money(money: object, field: str) -> tuple[Decimal, str]:
    """An amount and its currency."""
    found = _read(money, field)
    return found.shop, found.currency


def read_decimal(value: object, field: str) -> Decimal:
    """An exact amount; the vendor writes it as text, so that a number has lost something on its way."""
    if not isinstance(value, str):
        raise SkipRecord(f"{field}: {show(value)} is not an amount written as text")
    return read_amount(value, field)


def _read(money: object, field: str) -> Money:
    if type(money) is not dict:
        raise SkipRecord(f"{field}: is missing")
    amount, currency = money.get("amount"), money.get("currencyCode")
    if type(amount) is type(currency) is str and len(amount) <= SHOWN >= len(currency):
        known = _known_money(amount, currency)
        if known is not None:
            return known
    read_decimal(amount, field)
    read_currency(currency, field)
    raise SkipRecord(f"{field}: {show(money)} is not an amount of money")


@lru_cache(16_384)
def _known_money(amount: str, currency: str) -> Money | None:
    """The same few thousand prices come again and again; None for what is none."""
    try:
        shop, own = read_amount(amount, "amount"), read_currency(currency, "currency")
    except SkipRecord:
        return None
    return Money(shop, own, shop, own)
