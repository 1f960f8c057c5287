"""Jobs a second from enqueue to finished, beside plain Celery with results on the same broker.

    python -m benchmarks.throughput [--jobs N] [--tenants 1 100 1000] [--json]

One worker with two processes each. Ours: transaction on the ledger, dispatcher, worker, result in
PostgreSQL, durable. Plain Celery: `apply_async`, worker, result in Valkey.
"""

import argparse
import json
import os
import time

from benchmarks.figures import Figure, print_table
from benchmarks.job_rig import JobRig, job_rig

CONCURRENCY = 2
BATCH = 100
GOAL = 0.5


def main() -> None:
    """Run the benchmark and print the table; with --json the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--jobs", type=int, default=3000)
    parser.add_argument("--tenants", type=int, nargs="+", default=[1, 100, 1000])
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with job_rig() as rig:
        peer = plain(rig, asked.jobs)
        rates = ours(rig, asked.jobs, asked.tenants)
    figures = [
        _figure(f"no-op jobs/s, {size:,} tenants", rate, peer) for size, rate in rates.items()
    ]
    flat = min(rates.values()) / max(rates.values())
    figures.append(
        Figure("slowest size / fastest size", "", flat, 1.0, f"{flat:.2f}", "≥ 0.8", flat >= 0.8)
    )
    print_table(figures)
    if asked.json:
        rows = [{name: getattr(each, name) for name in Figure.__slots__} for each in figures]
        print(json.dumps({"benchmark": "throughput", "jobs": asked.jobs, "figures": rows}))


def ours(rig: JobRig, jobs: int, sizes: list[int]) -> dict[int, float]:
    """Jobs a second at each number of tenants."""
    rig.start_ours(CONCURRENCY)
    rates = {}
    for size in sizes:
        tenants = rig.tenants(size)
        each = max(1, min(BATCH, jobs // size))
        rig.enqueue(tenants[0], 50, 0.0)
        rig.drain()
        began = time.perf_counter()
        for number in range(jobs // each):
            rig.enqueue(tenants[number % size], each, 0.0)
        enqueued = time.perf_counter() - began
        rig.drain()
        rates[size] = jobs // each * each / (time.perf_counter() - began)
        print(
            f"… {size:,} tenants: {rates[size]:.0f} jobs/s, enqueueing took {enqueued:.1f} s",
            flush=True,
        )
    rig.stop()
    return rates


def plain(rig: JobRig, jobs: int) -> float:
    """Jobs a second of plain Celery."""
    os.environ["PLAIN_URL"] = rig.environment["PLAIN_URL"]
    from benchmarks.plain_celery import idle  # noqa: PLC0415 - reads the environment

    rig.start_plain(CONCURRENCY)
    for result in [idle.delay(0.0) for _ in range(50)]:
        result.get(timeout=60)
    began = time.perf_counter()
    results = [idle.delay(0.0) for _ in range(jobs)]
    enqueued = time.perf_counter() - began
    for result in results:
        result.get(timeout=300)
    rate = jobs / (time.perf_counter() - began)
    print(f"… plain Celery: {rate:.0f} jobs/s, enqueueing took {enqueued:.1f} s", flush=True)
    rig.stop()
    return rate


def _figure(what: str, rate: float, peer: float) -> Figure:
    return Figure(what, "/s", rate, peer, f"{rate / peer:.2f} ×", f"≥ {GOAL}", rate / peer >= GOAL)


if __name__ == "__main__":
    main()
