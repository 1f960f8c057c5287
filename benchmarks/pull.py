"""Pull a large Shopify shop: rows a second, memory, and how much of the vendor's throttle is used.

    python -m benchmarks.pull [--orders 100000] [--rate 200] [--throttled-s 60] [--json]

The shop is the sandbox in a process of its own, over HTTP; the server is durable. The whole pull is the
backfill as a worker runs it: bulk operation, spooled file, mapping, upserts, cursors. Beside it: a bare
COPY of the very same rows into the very same table, and a naive ORM upsert of some of them.
"""

import argparse
import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import redis
from psycopg import sql

from benchmarks import naive_orm
from benchmarks.figures import Figure, print_table
from benchmarks.large_shop import BUCKET, DOMAIN, TOKEN
from benchmarks.scratch import own_servers, scratch_database
from shared.connectors.shopify.client import SMALLEST_QUOTA, ShopifyClient
from shared.connectors.shopify.connector import ShopifyConnector
from shared.connectors.shopify.pages import Paging
from shared.domain.sales import SaleLine
from shared.embedded.ports import free_port
from shared.errors import VendorBusy
from shared.http.client import VendorHttp
from shared.http.limits import SharedLimit
from shared.persistence.database import Database
from shared.persistence.repositories.fees import FeeRepository
from shared.persistence.repositories.sales import COLUMNS, SaleRepository
from shared.persistence.unit_of_work import tenant_transaction, unit_of_work_opener
from shared.sandbox.shopify.large_store import LargeStore
from shared.use_cases.backfill_sales import backfill_sales
from shared.use_cases.ports import OpenUnitOfWork, StoredCredential
from shared.use_cases.pull_sales import BACKFILL

CHANNEL = "shopify_uk"
PAGE = 1_000
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
            written = write_again(database, credential, lines)
        copied = copy(url, credential, lines)
        naive = naive_orm.rows_a_second(url, lines[:NAIVE_ROWS])
        share = use_throttle(own.urls.redis_url, asked.rate, asked.throttled_s)
    figures = compare(pulled, written, copied, naive, share)
    print_table(figures)
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
        _beside("whole pull, rows/s, beside COPY", whole, copied, 0.4),
        _beside("writing alone, rows/s, beside COPY", written, copied, 0.4),
        _beside("whole pull, rows/s, beside naive ORM", whole, naive, 1.0),
        Figure("memory above idle, beside the limit", "MB", grown, 150, "", "≤ 150", grown <= 150),
        Figure(
            "restore rate used, throttled", "", share, 1.0, f"{share:.2f}", "≥ 0.9", share >= 0.9
        ),
    ]


def _beside(what: str, ours: float, peer: float, goal: float) -> Figure:
    ratio = ours / peer
    return Figure(what, "", ours, peer, f"{ratio:.2f}", f"≥ {goal}", ratio >= goal)


@contextmanager
def large_shop(orders: int, rate: float) -> Iterator[str]:
    """The shop in a process of its own; its URL."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.large_shop", str(port), str(orders), str(rate)]
    process = subprocess.Popen(command)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                httpx.get(f"{url}/health", timeout=1.0)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        else:
            raise SystemExit("the shop did not open")
        yield url
    finally:
        process.terminate()
        process.wait()


def state(url: str) -> dict[str, Any]:
    """The shop's bucket, as the sandbox tells it."""
    told: dict[str, Any] = httpx.get(f"{url}/control/state").json()["shops"][DOMAIN]["bucket"]
    return told


def connect(url: str, database: Database) -> tuple[OpenUnitOfWork, StoredCredential]:
    """A tenant with a credential that stands before its backfill."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(TENANT).fetchone()
        assert row is not None
        tenant_id = row[0]
        name = f"tenant_{tenant_id}"
        connection.execute("SELECT public.create_tenant_role(%s)", (name,))
        connection.execute("SELECT public.create_tenant_schema(%s)", (tenant_id,))
    opener = unit_of_work_opener(database, tenant_id, actor="benchmark")
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
    position = {
        "from": (begin - timedelta(days=1)).isoformat(),
        "until": end.isoformat(),
        "size_s": str(400 * 86400),
    }
    with opener() as work:
        work.cursors.move(credential.id, BACKFILL, {}, position)
    with large_shop(orders, UNTHROTTLED) as url, _http(url) as http:
        shop = ShopifyConnector(ShopifyClient(http), http, CHANNEL, now=lambda: end)
        shop.describe_shop()
        idle_mb, began = _peak_mb(), time.perf_counter()
        while True:
            try:
                result = backfill_sales(opener, shop, credential, lambda *_: None)
                break
            except VendorBusy:
                # A worker's job would come back as well.
                time.sleep(1.0)
        seconds = time.perf_counter() - began
        spent = float(state(url)["spent"])
    return Pulled(result.lines_read, seconds, idle_mb, _peak_mb(), spent)


def read_back(database: Database) -> list[SaleLine]:
    """The lines as they were written."""
    with tenant_transaction(database, _tenant(database)) as connection:
        orders = connection.execute("SELECT DISTINCT channel_order_id AS id FROM sales").fetchall()
        return FeeRepository(connection).lines_of(CHANNEL, [row["id"] for row in orders])


def write_again(database: Database, credential: StoredCredential, lines: list[SaleLine]) -> float:
    """Rows a second of the upsert alone, into an emptied table, a page a transaction."""
    tenant = _tenant(database)
    with tenant_transaction(database, tenant) as connection:
        connection.execute("DELETE FROM sales")
    began = time.perf_counter()
    for start in range(0, len(lines), PAGE):
        with tenant_transaction(database, tenant) as connection:
            page = lines[start : start + PAGE]
            SaleRepository(connection).upsert(credential.company_id, page)
    return len(lines) / (time.perf_counter() - began)


def copy(url: str, credential: StoredCredential, lines: list[SaleLine]) -> float:
    """Rows a second of a bare COPY of the same values into the same table, emptied, in one transaction."""
    kept = [name for name in COLUMNS if name not in {"sku", "kind"}]
    names = sql.SQL(", ").join(map(sql.Identifier, ["company_id", "product_id", *kept]))
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'tenant\\_%'"
        ).fetchone()
        assert row is not None
        schema = sql.Identifier(row[0])
        products = dict(
            connection.execute(sql.SQL("SELECT sku, id FROM {}.products").format(schema)).fetchall()
        )
        connection.execute(sql.SQL("TRUNCATE {}.sales").format(schema))
        connection.commit()
        began = time.perf_counter()
        statement = sql.SQL("COPY {}.sales ({}) FROM STDIN").format(schema, names)
        with connection.cursor().copy(statement) as stream:
            for line in lines:
                values = (getattr(line, name) for name in kept)
                stream.write_row([credential.company_id, products.get(line.sku), *values])
        connection.commit()
        return len(lines) / (time.perf_counter() - began)


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
    with _http(url) as http:
        limit = SharedLimit(
            client, f"shopify:{DOMAIN}", SMALLEST_QUOTA, longest_wait_s=60.0, sleep=time.sleep
        )
        paging = Paging(ShopifyClient(http, limit))
        while not stop.is_set():
            for _ in paging.orders("", "UPDATED_AT", None):
                if stop.is_set():
                    return


def _http(url: str) -> VendorHttp:
    return VendorHttp("shopify", f"{url}/shops/{DOMAIN}", {"X-Shopify-Access-Token": TOKEN})


def _tenant(database: Database) -> Any:
    with database.transaction() as connection:
        row = connection.execute("SELECT id FROM public.tenants").fetchone()
    assert row is not None
    return row["id"]


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
