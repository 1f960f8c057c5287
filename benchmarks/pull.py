"""Pull a large Shopify shop: rows a second, memory, and how much of the vendor's throttle is used.

    python -m benchmarks.pull [--orders 100000] [--rate 200] [--throttled-s 60] [--json]

The shop is the sandbox in a process of its own, over HTTP; the server is durable. The whole pull is the
backfill as a worker runs it, from the moment that the vendor has its file ready: download, spool, refunds
asked for, mapping, writing, cursors. Beside it: a bare COPY of the very same rows into the very same table,
and a naive ORM upsert of some of them.
"""

import argparse
import gc
import json
import resource
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import psycopg

from benchmarks import naive_orm
from benchmarks.figures import Figure, print_table
from benchmarks.large_shop import large_shop, shop_http, state
from benchmarks.sale_writing import CHANNEL, copy, read_back, write_again
from benchmarks.scratch import own_servers, scratch_database
from benchmarks.shop_throttle import use_throttle
from sandbox.shopify.large_store import LargeStore
from shared.connectors.shopify.bulk import BulkRunner
from shared.connectors.shopify.client import ShopifyClient
from shared.connectors.shopify.connector import ShopifyConnector
from shared.domain.credential import StoredCredential
from shared.domain.events import nothing_follows
from shared.domain.stream_positions import Backward
from shared.errors import Snooze, VendorBusy
from shared.persistence.database import Database
from shared.persistence.unit_of_work import unit_of_work_opener
from shared.use_cases.backfill_sales import backfill_sales
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from shared.use_cases.pull_sales import BACKFILL
from shared.use_cases.slices import Slice

NAIVE_ROWS = 5_000
# Faster than any plan, so that only our own work is measured.
UNTHROTTLED = 1_000_000.0
TENANT = """
INSERT INTO public.tenants (slug, name) VALUES ('bench', 'Bench') RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What the whole pull came to."""

    rows: int
    seconds: float
    vendor_s: float
    idle_mb: float
    peak_mb: float
    points: float


def main() -> None:
    """Run the benchmark and print the table; with --json the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--throttled-s", type=float, default=60.0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with own_servers() as own, scratch_database(own.urls.database_url) as url:
        with Database(url) as database:
            opener, credential = connect(url, database)
            pulled = pull_whole(opener, credential, asked.orders)
            lines = read_back(database)
            written = write_again(url, database, credential, lines)
        copied = copy(url, credential, lines)
        naive = naive_orm.rows_a_second(url, lines[:NAIVE_ROWS])
        share = use_throttle(own.urls.redis_url, asked.rate, asked.throttled_s)
    figures = compare(pulled, written, copied, naive, share)
    print_table(figures)
    print(
        f"the vendor took {pulled.vendor_s:.1f} s for its file, we {pulled.seconds:.1f} s for the rest"
    )
    print(
        f"{asked.orders:,} orders came in {pulled.rows:,} rows and cost {pulled.points:,.0f} points: "
        f"at the smallest plan's 100 points/s the throttle alone asks for {pulled.points / 6000:.1f} minutes."
    )
    if asked.json:
        rows = [{name: getattr(each, name) for name in Figure.__slots__} for each in figures]
        print(json.dumps({"benchmark": "pull", "orders": asked.orders, "figures": rows}))


def compare(
    pulled: Pulled, written: float, copied: float, naive: float, share: float
) -> list[Figure]:
    """The figures beside their peers and goals."""
    whole = pulled.rows / pulled.seconds
    grown = pulled.peak_mb - pulled.idle_mb
    return [
        _beside("pull of a ready file, rows/s, beside COPY", whole, copied, 0.4),
        _beside("writing alone, rows/s, beside COPY", written, copied, 0.4),
        _beside("pull of a ready file, rows/s, beside naive ORM", whole, naive, 1.0),
        Figure("memory above idle, beside the limit", "MB", grown, 150, "", "≤ 150", grown <= 150),
        Figure(
            "restore rate used, throttled", "", share, 1.0, f"{share:.2f}", "≥ 0.9", share >= 0.9
        ),
    ]


def _beside(what: str, ours: float, peer: float, goal: float) -> Figure:
    ratio = ours / peer
    return Figure(what, "", ours, peer, f"{ratio:.2f}", f"≥ {goal}", ratio >= goal)


def connect(url: str, database: Database) -> tuple[OpenUnitOfWork, StoredCredential]:
    """A tenant with a credential that stands before its backfill."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(TENANT).fetchone()
        assert row is not None
        tenant_id = row[0]
        name = f"tenant_{tenant_id}"
        connection.execute("SELECT public.create_tenant_role(%s)", (name,))
        connection.execute("SELECT public.create_tenant_schema(%s)", (tenant_id,))
    opener = unit_of_work_opener(database, tenant_id, react=nothing_follows, actor="benchmark")
    with opener() as work:
        company = work.companies.ensure("Bench", "GBP", "Europe/London")
        identity = work.credentials.reserve(company.id, CHANNEL, "ecommerce")
        work.credentials.store(identity, "sealed")
    with opener() as work:
        return opener, work.credentials.get(CHANNEL)


def pull_whole(opener: OpenUnitOfWork, credential: StoredCredential, orders: int) -> Pulled:
    """The backfill of all orders in one window, as a worker runs it."""
    store = LargeStore(1, orders)
    begin, end = store.now() - timedelta(days=1) - 2 * orders * timedelta(minutes=1), store.now()
    position = Backward(begin - timedelta(days=1), end, size=timedelta(days=400))
    with opener() as work:
        work.cursors.move(credential.id, BACKFILL, None, position)
    with large_shop(orders, UNTHROTTLED) as url, shop_http(url) as http:
        shop = ShopifyConnector(ShopifyClient(http), http, CHANNEL, now=lambda: end)
        shop.describe_shop()
        # As a worker's process does.
        gc.freeze()
        idle_mb, began = _peak_mb(), time.perf_counter()
        prepare(opener, shop, credential, BulkRunner(ShopifyClient(http), http, time.sleep))
        ready = time.perf_counter()
        result = backfill_sales(opener, shop, credential, lambda *_: None)
        seconds = time.perf_counter() - ready
        spent = float(state(url)["spent"])
    return Pulled(result.lines_read, seconds, ready - began, idle_mb, _peak_mb(), spent)


def prepare(
    opener: OpenUnitOfWork, shop: ShopifyConnector, credential: StoredCredential, bulk: BulkRunner
) -> None:
    """Has the vendor write its file: the first slice of the job asks for it, and it takes what it takes."""
    with suppress(Snooze):
        backfill_sales(opener, shop, credential, Slice(lambda *_: None, seconds=-1.0))
    with opener() as work:
        position = work.cursors.get(credential.id, BACKFILL, Backward)
    assert position is not None
    assert position.window is not None
    after = position.window.after
    assert after is not None
    while True:
        try:
            bulk.wait(json.loads(after)["bulk"])
            return
        except VendorBusy:
            time.sleep(1.0)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
