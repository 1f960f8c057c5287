"""A shop made of real orders: UCI Online Retail, with a cost and a stock made up by a seeded rule."""

import csv
import gzip
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

DATA = Path(__file__).parent / "data" / "online_retail.csv.gz"
ZONE = ZoneInfo("Europe/London")
PENNY = Decimal("0.01")


@dataclass(slots=True)
class Line:
    """One article of an invoice."""

    number: int
    sku: str
    quantity: int
    unit_price: Decimal


@dataclass(slots=True)
class Refund:
    """Units of one line given back; not always at the price that was paid."""

    number: int
    line: Line
    quantity: int
    amount: Decimal
    at: datetime


@dataclass(slots=True)
class Order:
    """One invoice; `number` is unique and grows with time. Instants are aware."""

    number: int
    at: datetime
    lines: list[Line] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)

    @property
    def updated_at(self) -> datetime:
        """When the order last changed."""
        return max([self.at, *(refund.at for refund in self.refunds)])


@dataclass(frozen=True, slots=True)
class Article:
    """What the shop sells; cost and stock are made up."""

    number: int
    sku: str
    unit_price: Decimal
    unit_cost: Decimal
    on_hand: int
    reserved: int


@dataclass(frozen=True, slots=True)
class RetailShop:
    """All articles, and all orders in the order of their last change."""

    articles: tuple[Article, ...]
    orders: tuple[Order, ...]


@cache
def load_shop(path: Path = DATA) -> RetailShop:
    """The shop of the shipped slice."""
    with gzip.open(path, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    orders = _read_orders(rows)
    by_change = sorted(orders.values(), key=lambda order: (order.updated_at, order.number))
    return RetailShop(_read_articles(rows), tuple(by_change))


def _read_orders(rows: list[dict[str, str]]) -> dict[str, Order]:
    orders: dict[str, Order] = {}
    for number, row in enumerate(rows, start=1):
        at = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=ZONE)
        quantity, price = int(row["Quantity"]), Decimal(row["UnitPrice"])
        if not row["RefundOf"]:
            order = orders.setdefault(row["InvoiceNo"], Order(int(row["InvoiceNo"]), at))
            order.lines.append(Line(number, row["StockCode"], quantity, price))
            continue
        order = orders[row["RefundOf"]]
        line = next(each for each in order.lines if each.sku == row["StockCode"])
        order.refunds.append(Refund(number, line, -quantity, -quantity * price, at))
    return orders


def _read_articles(rows: list[dict[str, str]]) -> tuple[Article, ...]:
    prices: dict[str, list[Decimal]] = defaultdict(list)
    units: dict[str, int] = defaultdict(int)
    for row in rows:
        prices[row["StockCode"]].append(Decimal(row["UnitPrice"]))
        units[row["StockCode"]] += int(row["Quantity"])
    days = len({row["InvoiceDate"][:10] for row in rows})
    return tuple(
        _invent_article(number, sku, median(prices[sku]), units[sku] / days)
        for number, sku in enumerate(sorted(prices), start=1)
    )


def _invent_article(number: int, sku: str, price: Decimal, daily_units: float) -> Article:
    """Cost: 40–60 % of the median price; stock: 20–70 days of mean sales; a tenth of it reserved."""
    dice = random.Random(f"capliquify:{sku}")  # noqa: S311 - a made-up figure, the same every time
    cost = price * Decimal(dice.randint(40, 60)) / 100
    on_hand = round(daily_units * dice.randint(20, 70))
    return Article(
        number=number,
        sku=sku,
        unit_price=price.quantize(PENNY, rounding=ROUND_HALF_UP),
        unit_cost=cost.quantize(PENNY, rounding=ROUND_HALF_UP),
        on_hand=on_hand,
        reserved=on_hand // 10,
    )
