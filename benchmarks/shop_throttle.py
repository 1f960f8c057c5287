"""How much of a Shopify shop's restore rate two workers use together, once its bucket is empty."""

import threading
import time

import redis

from benchmarks.large_shop import BUCKET, DOMAIN, large_shop, shop_http, state
from shared.connectors.shopify.client import SMALLEST_QUOTA, ShopifyClient
from shared.connectors.shopify.pages import Paging
from shared.http.limits import SharedLimit


def use_throttle(redis_url: str, rate: float, seconds: float) -> float:
    """The share of the restore rate that two workers together use, once the bucket is empty."""
    with large_shop(20_000, rate) as url, redis.Redis.from_url(redis_url) as client:
        stop = threading.Event()
        workers = [threading.Thread(target=_read_pages, args=(url, client, stop)) for _ in range(2)]
        for worker in workers:
            worker.start()
        while float(state(url)["available"]) > BUCKET / 4:
            time.sleep(0.2)
        spent, elapsed = _spend(url, seconds)
        refused = state(url)["throttled"]
        stop.set()
        for worker in workers:
            worker.join()
    print(f"throttled for {elapsed:.0f} s: {spent:,.0f} points spent, {refused} queries refused")
    return spent / (rate * elapsed)


def _spend(url: str, seconds: float) -> tuple[float, float]:
    """Points and seconds from one query to another: a page comes at once, and is paid for by many seconds."""
    events: list[tuple[float, float]] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        spent = float(state(url)["spent"])
        if not events or spent != events[-1][1]:
            events.append((time.monotonic(), spent))
        time.sleep(0.05)
    (began, before), (ended, after) = events[1], events[-1]
    return after - before, ended - began


def _read_pages(url: str, client: "redis.Redis", stop: threading.Event) -> None:
    with shop_http(url) as http:
        limit = SharedLimit(
            client,
            f"shopify:{DOMAIN}",
            SMALLEST_QUOTA,
            tenant="benchmark",
            longest_wait_s=60.0,
            sleep=time.sleep,
        )
        paging = Paging(ShopifyClient(http, limit))
        while not stop.is_set():
            for _ in paging.orders("", "UPDATED_AT", None):
                if stop.is_set():
                    return
