"""Orders that a marketplace's app has copied into the shop; pure.

The marketplace sold them, and reports them itself where it is connected. So they are no sales of the shop.
"""

import re
from functools import lru_cache

from shared.domain.fields import Node, show
from shared.errors import SkipRecord

AMAZON = "amazon"
# The first word of a source such as `amazon-us` or `channel:ebay_de`.
MARKETPLACES = frozenset(
    {
        AMAZON,
        "allegro",
        "bol",
        "cdiscount",
        "ebay",
        "etsy",
        "fruugo",
        "kaufland",
        "mercadolibre",
        "newegg",
        "onbuy",
        "otto",
        "rakuten",
        "shein",
        "target",
        "temu",
        "walmart",
        "wayfair",
        "zalando",
    }
)
AMAZON_ORDER = re.compile(r"[0-9]{3}-[0-9]{7}-[0-9]{7}")
WORD = re.compile(r"(?:channel:)?([a-z0-9]*)")
# A marketplace that is only known to be one.
UNNAMED = "marketplace"


def marketplace_of(order: Node) -> str | None:
    """The marketplace that an order was copied from, in lower case; None for an order of the shop itself."""
    source = order.get("sourceName")
    named = _marketplace(source if type(source) is str else _text(order, "sourceName"))
    if named is not None:
        return named
    # Of most orders none of the rest is there.
    if order.get("sourceIdentifier") and _is_amazon_order(_text(order, "sourceIdentifier")):
        return AMAZON
    if order.get("attribution"):
        named = _marketplace(_text(_object(order, "attribution"), "handle"))
    return _by_channel(order) if named is None and order.get("channelInformation") else named


def _by_channel(order: Node) -> str | None:
    """By the channel's own definition, which the vendor is about to drop."""
    definition = _object(_object(order, "channelInformation"), "channelDefinition")
    handle = _text(definition, "handle")
    if definition.get("isMarketplace") is True:
        return _first_word(handle) or UNNAMED
    return _marketplace(handle)


@lru_cache(1024)
def _marketplace(source: str) -> str | None:
    word = _first_word(source)
    return word if word in MARKETPLACES else None


def _first_word(source: str) -> str:
    found = WORD.match(source.strip()[:40].lower())
    return found[1] if found else ""


def _is_amazon_order(identifier: str) -> bool:
    return len(identifier) == 19 and AMAZON_ORDER.fullmatch(identifier) is not None


def _text(node: Node, field: str) -> str:
    value = node.get(field)
    if value is None or isinstance(value, str):
        return value or ""
    raise SkipRecord(f"{field}: {show(value)} is not a name")


def _object(node: Node, field: str) -> Node:
    value = node.get(field)
    if value is None or isinstance(value, dict):
        return value or {}
    raise SkipRecord(f"{field}: {show(value)} is not an object")
