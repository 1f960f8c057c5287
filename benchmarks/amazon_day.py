"""A day's Amazon orders at the vendor's published rates, in simulated time: no sleeping, no network.

Ours is the real connector over the sandbox's ledger, once by the order report and once by searchOrders;
each request and each wait moves the clock, and the sums are held against the ledger's truth. Beside it
the plain loop over Orders v0: getOrders, and getOrderItems for each order, as fast as its buckets allow.
How long Amazon takes to prepare a report is not published: it is an assumption, `--report-s`.

    python -m benchmarks.amazon_day [--orders 20000] [--report-s 900] [--json]
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from sandbox.amazon.account_ledger import Ledger, Writer
from sandbox.amazon.api import AmazonSandbox
from sandbox.amazon.buckets import Bucket
from sandbox.amazon.clock import SandboxClock
from sandbox.amazon.operations import read_instant
from shared.connectors.amazon.connector import AmazonConnector
from shared.connectors.amazon.report_files import LOOK_AGAIN_S
from shared.domain.limit import Limit, Quota
from shared.domain.window_steps import Basis, SyncWindow
from shared.errors import RateLimited, VendorBusy
from shared.use_cases.vendors import Answer, Call

DAY = datetime(2026, 3, 1, tzinfo=UTC)
V0 = {"getOrders": (20, 0.0167), "getOrderItems": (30, 0.5)}
ORDERS_A_PAGE = 100
# One request, there and back; a report of a day comes at ten megabytes a second.
REQUEST_S, DOWNLOAD_S = 0.4, 2.0
GOAL = 10.0


@dataclass
class Way:
    """How a day was read: requests, simulated time, and what our own process needed of it."""

    requests: int
    seconds: float
    cpu_s: float = 0.0


class InProcess:
    """The sandbox without a socket; a request that comes too early is refused as over the network."""

    def __init__(self, sandbox: AmazonSandbox) -> None:
        self.sandbox = sandbox
        self.requests = 0

    def send(self, call: Call) -> Answer:
        self.requests += 1
        self.sandbox.clock.advance(REQUEST_S)
        operation, answer = self._find(call)
        if not self.sandbox.buckets.take(operation):
            raise RateLimited("amazon: the rate limit is used up")
        return Answer(202 if call.method == "POST" else 200, {}, answer())

    @contextmanager
    def download(self, url: str) -> Iterator[Iterator[bytes]]:
        self.sandbox.clock.advance(DOWNLOAD_S)
        content = self.sandbox.desk.fetch(url) or b""
        yield (content[start : start + 65_536] for start in range(0, len(content), 65_536))

    def _find(self, call: Call) -> tuple[str, Callable[[], object]]:
        desk, last = self.sandbox.desk, call.path.rpartition("/")[2]
        if call.method == "POST":
            body: Any = call.json
            since, until = (read_instant(body[f"data{e}Time"], e) for e in ("Start", "End"))
            asked = body["reportType"], body["marketplaceIds"], since, until
            return "createReport", lambda: {"reportId": desk.create(*asked)}
        if "/documents/" in call.path:
            return "getReportDocument", lambda: {"url": desk.open_document(last)}
        if "/reports/" in call.path:
            return "getReport", lambda: desk.look(last)
        return "searchOrders", lambda: self.sandbox.operations.search_orders(call.params)


@dataclass
class Waiting:
    """A limit that lets the clock pass instead of sleeping."""

    clock: SandboxClock
    bucket: Bucket

    def reserve(self, cost: float) -> None:
        while not self.bucket.take(self.clock.now()):
            # Slow by a thousandth: clocks differ, and a refusal costs more than it saves.
            self.clock.advance((1 - self.bucket.left) / self.bucket.rate * 1.001)

    def settle(self, reserved: float, actual: float, available: float, quota: Quota) -> None:
        """The published rate is the true one here."""

    def give_back(self, cost: float) -> None:
        """Nothing to do: no login is refused here."""


def read_day(ledger: Ledger, report_s: float, windows: list[SyncWindow]) -> Way:
    """The day by the real connector; fails if the sums are not the truth."""
    clock = SandboxClock(DAY + timedelta(days=10))
    sandbox = AmazonSandbox(ledger, clock)
    sandbox.desk.looks = round(report_s / (LOOK_AGAIN_S + REQUEST_S))
    api, started_at, cpu_s = InProcess(sandbox), clock.now(), time.process_time()

    def limit_of(_operation: str, quota: Quota) -> Limit:
        return Waiting(clock, Bucket(quota.maximum, quota.rate, clock.now()))

    connector = AmazonConnector(api, "amazon_uk", limit_of, clock.now)
    units: dict[tuple[str, str], tuple[int, Decimal]] = {}
    for window in windows:
        cursor, ended = None, False
        while not ended:
            try:
                for page in connector.sale_pages(window, cursor):
                    cursor = page.next_cursor
                    for line in page.records:
                        key = line.channel_order_id, line.channel_line_id
                        units[key] = line.quantity, line.total_amount
                ended = True
            except VendorBusy as error:
                clock.advance(error.retry_after_s or 0)
    truth = ledger.truth(DAY + timedelta(days=10)).values()
    sold = sum(each.units for each in truth)
    assert sum(each[0] for each in units.values()) == sold, "units differ from the truth"
    assert sum(each[1] for each in units.values()) == sum(each.revenue for each in truth)
    cpu_s = time.process_time() - cpu_s
    return Way(api.requests, (clock.now() - started_at).total_seconds() + cpu_s, cpu_s)


@dataclass
class V0Loop:
    """Simulated time of the plain loop."""

    clock: SandboxClock = field(default_factory=lambda: SandboxClock(DAY))
    requests: int = 0

    def run(self, orders: int) -> Way:
        """getOrders, and getOrderItems for each order of the page."""
        buckets = {name: Bucket(*quota, DAY) for name, quota in V0.items()}
        for start in range(0, orders, ORDERS_A_PAGE):
            self._call(buckets["getOrders"])
            for _ in range(min(ORDERS_A_PAGE, orders - start)):
                self._call(buckets["getOrderItems"])
        return Way(self.requests, (self.clock.now() - DAY).total_seconds())

    def _call(self, bucket: Bucket) -> None:
        while not bucket.take(self.clock.now()):
            self.clock.advance((1 - bucket.left) / bucket.rate)
        self.clock.advance(REQUEST_S)
        self.requests += 1


def write_day(orders: int) -> Ledger:
    """A day of so many orders; without refunds, which the finances report."""
    ledger = Writer(orders=orders, first=DAY, days=1).write()
    for order in ledger.orders:
        order.refunds.clear()
    return ledger


def main() -> None:
    """Print the table, and with `--json` one JSON object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--report-s", type=float, default=900.0, help="assumed time of a report")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    ledger = write_day(options.orders)
    slices = [DAY + timedelta(hours=hours) for hours in (0, 5, 10, 15, 20, 24)]
    searched = [SyncWindow(Basis.CREATED, *each) for each in pairwise(slices)]
    day = [SyncWindow(Basis.CREATED, DAY, DAY + timedelta(days=1))]
    loop, ours = V0Loop().run(options.orders), read_day(ledger, options.report_s, day)
    ways = {
        "Orders v0, order by order": loop,
        "ours by searchOrders, short windows": read_day(ledger, 0, searched),
        f"ours by report (ready in {options.report_s / 60:.0f} min)": ours,
        "ours by report (ready in 60 min)": read_day(ledger, 3600.0, day),
    }
    print(f"{options.orders} orders of one day at the published rates, simulated\n")
    print(f"{'way':<38}{'requests':>9}{'hours':>8}{'own CPU s':>11}{'times faster':>14}")
    for name, way in ways.items():
        faster = loop.seconds / way.seconds
        hours = way.seconds / 3600
        print(f"{name:<38}{way.requests:>9}{hours:>8.2f}{way.cpu_s:>11.1f}{faster:>14.1f}")
    ratio = loop.seconds / ours.seconds
    print(f"\ngoal: {GOAL:.0f} times; {'met' if ratio >= GOAL else 'MISSED'}")
    if options.json:
        reported: dict[str, object] = {"benchmark": "amazon_day", "orders": options.orders}
        reported |= {"report_s": options.report_s, "goal": GOAL}
        reported |= {name: round(way.seconds, 1) for name, way in ways.items()}
        print(json.dumps(reported | {"ratio": round(ratio, 1), "met": ratio >= GOAL}))


if __name__ == "__main__":
    main()
