"""Makes the events of a shop by a seed: the common and all that is awkward, in turns."""

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sandbox.made_up_products import find_market, invent_articles
from sandbox.scenarios import SCENARIOS, Scribe
from sandbox.shop_ledger import Ledger
from shared.errors import InvalidInput

# Local times around which a day, or the night of a change of clocks, goes wrong. 01:30 may come twice.
EDGES = (time(23, 30), time(0, 30), time(1, 30), time(1, 30, fold=1), time(2, 30), time(3, 30))
FIRST_NUMBER = 5_000_001


def make_ledger(seed: int, channel: str, *, orders: int, first_day: date, last_day: date) -> Ledger:
    """A shop with so many orders between two local days; its clock stands at the end of the last one.

    What happens to an order later, such as a refund, may lie behind the clock. From 30 orders on each
    of the awkward cases is there.
    """
    if orders < 1 or first_day > last_day:
        raise InvalidInput("orders: at least one, and the first day no later than the last")
    market = find_market(channel)
    dice = random.Random(f"capliquify:{seed}:{channel}")  # noqa: S311 - made-up orders, the same every time
    articles = invent_articles(dice, channel)
    zone = ZoneInfo(market.shop.timezone)
    instants = _choose_instants(dice, zone, orders, first_day, last_day)
    # Each channel has numbers of its own: the ids of two shops never meet.
    numbers = itertools.count(FIRST_NUMBER + 10_000_000 * (1 + _place_of(channel)))
    scribe = Scribe(dice, market, articles, numbers)
    for place, at in enumerate(instants):
        SCENARIOS[place % len(SCENARIOS)](scribe, at)
    clock = datetime.combine(last_day, time(23, 59, 59), zone).astimezone(UTC)
    return Ledger(market.shop, articles, scribe.events, clock)


def _place_of(channel: str) -> int:
    return ("shopify_uk", "shopify_eu", "shopify_usa").index(channel)


def _choose_instants(
    dice: random.Random, zone: ZoneInfo, orders: int, first_day: date, last_day: date
) -> list[datetime]:
    edges = list(_edge_instants(zone, first_day, last_day))
    # Where all of them would leave no room for common days, some are left out evenly.
    if len(edges) > orders // 2:
        edges = edges[:: max(1, len(edges) * 2 // orders)][: max(1, orders // 2)]
    start = datetime.combine(first_day, time(), zone).astimezone(UTC)
    end = datetime.combine(last_day + timedelta(days=1), time(), zone).astimezone(UTC)
    seconds = int((end - start).total_seconds())
    common = [
        start + timedelta(seconds=dice.randrange(seconds)) for _ in range(orders - len(edges))
    ]
    return sorted(edges + common)


def _edge_instants(zone: ZoneInfo, first_day: date, last_day: date) -> Iterator[datetime]:
    days = [first_day + timedelta(days=each) for each in range((last_day - first_day).days + 1)]
    nights = [day for day in days if _changes_clocks(zone, day)]
    for day in nights:
        yield from (datetime.combine(day, edge, zone).astimezone(UTC) for edge in EDGES)
        if day > first_day:
            yield datetime.combine(day - timedelta(days=1), EDGES[0], zone).astimezone(UTC)
    for day in days[:2]:
        yield from (datetime.combine(day, edge, zone).astimezone(UTC) for edge in EDGES[:2])


def _changes_clocks(zone: ZoneInfo, day: date) -> bool:
    midnight = datetime.combine(day, time(), zone)
    return midnight.utcoffset() != datetime.combine(day, time(12), zone).utcoffset()
