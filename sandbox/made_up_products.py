"""What the ledger shops are and sell: made up, the same for a seed every time."""

import random
from dataclasses import dataclass
from decimal import Decimal

from sandbox.shop_events import Article, ShopFacts
from shared.errors import InvalidInput

LOCATIONS = ("Main warehouse", "Shop floor")
# Names as shops write them, some with characters of four bytes in UTF-8.
NAMES = (
    "Glass jar",
    "Mug 🫖 large",
    "Crème brûlée set",
    "Tea towel",
    "Candle 🕯️ vanilla",
    "Straßenkarte",
    "Notebook 𝒜5",
    "Cushion, blue",
    'Frame 8" × 10"',
    "Lamp",
    "Doormat",
    "Vase",
)
ARTICLES = 24


@dataclass(frozen=True, slots=True)
class Market:
    """A shop and its rules: tax rates that stand together on a line, and the customers' other money."""

    shop: ShopFacts
    tax_rates: tuple[tuple[Decimal, ...], ...]
    presentment_rate: Decimal


MARKETS = {
    "shopify_uk": Market(
        ShopFacts("shopify_uk", "Gifts UK", "GBP", "Europe/London", True, "EUR"),
        ((Decimal("0.20"),), (Decimal("0.20"),), ()),
        Decimal("1.1734"),
    ),
    "shopify_eu": Market(
        ShopFacts("shopify_eu", "Gifts EU", "EUR", "Europe/Berlin", True, "GBP"),
        ((Decimal("0.19"),), (Decimal("0.19"),), (Decimal("0.07"),)),
        Decimal("0.8522"),
    ),
    "shopify_usa": Market(
        ShopFacts("shopify_usa", "Gifts USA", "USD", "America/New_York", False, "EUR"),
        ((Decimal("0.0625"), Decimal("0.015")), (Decimal("0.04"),), ()),
        Decimal("0.9217"),
    ),
}


def find_market(channel: str) -> Market:
    """The market of a channel; raises `InvalidInput` where there is none."""
    if channel not in MARKETS:
        raise InvalidInput(
            f"channel: {channel!r} is no ledger shop; there are {', '.join(MARKETS)}"
        )
    return MARKETS[channel]


def invent_articles(dice: random.Random, channel: str) -> tuple[Article, ...]:
    """The articles: the last but two shares the first one's SKU, the last but one has none, the last is deleted."""
    skus: list[str | None] = [
        f"{channel[-2:].upper()}-{each:03}" for each in range(1, ARTICLES + 1)
    ]
    skus[-3], skus[-2] = skus[0], None
    return tuple(
        _invent_article(dice, number, sku, deleted=number == ARTICLES)
        for number, sku in enumerate(skus, start=1)
    )


def _invent_article(dice: random.Random, number: int, sku: str | None, *, deleted: bool) -> Article:
    price = Decimal(dice.randint(199, 8999)) / 100
    stock = tuple(dice.randint(0, 300) for _ in LOCATIONS)
    return Article(
        number=number,
        sku=sku,
        name=f"{NAMES[number % len(NAMES)]} {number}",
        price=price,
        cost=(price * dice.randint(40, 60) / 100).quantize(Decimal("0.01")),
        stock=stock,
        reserved=tuple(units // 10 for units in stock),
        deleted=deleted,
    )
