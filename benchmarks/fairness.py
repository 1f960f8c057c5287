"""Ten jobs of tenant B behind ten thousand of tenant A, beside plain Celery with one queue.

    python -m benchmarks.fairness [--crowd N] [--json]

Each job takes 5 ms; one worker with two processes. B's wait is from enqueueing its ten to the end of the
last; on an empty system it is measured first.
"""

import argparse
import json
import os
import time
from dataclasses import dataclass
from uuid import UUID

from benchmarks.figures import Figure, print_table
from benchmarks.job_rig import JobRig, job_rig

CONCURRENCY = 2
MILLISECONDS = 5.0
FEW = 10
BATCH = 500
GOAL_S, GOAL_RATE = 1.0, 0.8


@dataclass(frozen=True, slots=True)
class Measured:
    """B's wait alone and behind the crowd, in seconds; the crowd's jobs a second."""

    alone_s: float
    behind_s: float
    rate: float


def main() -> None:
    """Run the benchmark and print the table; with --json the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--crowd", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with job_rig() as rig:
        peer = plain(rig, asked.crowd)
        found = ours(rig, asked.crowd)
    behind, times = found.behind_s, found.behind_s / found.alone_s
    share = found.rate / peer.rate
    figures = [
        Figure("B's wait, empty system", "s", found.alone_s, peer.alone_s, "", "", None),
        Figure(
            f"B's wait behind {asked.crowd:,} of A",
            "s",
            behind,
            peer.behind_s,
            f"{times:.1f} × empty",
            f"≤ {GOAL_S:.0f} s",
            behind <= GOAL_S,
        ),
        Figure(
            "A's throughput, 5 ms jobs",
            "/s",
            found.rate,
            peer.rate,
            f"{share:.2f} ×",
            f"≥ {GOAL_RATE}",
            share >= GOAL_RATE,
        ),
    ]
    print_table(figures)
    if asked.json:
        rows = [{name: getattr(each, name) for name in Figure.__slots__} for each in figures]
        print(json.dumps({"benchmark": "fairness", "crowd": asked.crowd, "figures": rows}))


def ours(rig: JobRig, crowd: int) -> Measured:
    """Ledger, dispatcher, worker."""
    first, second = rig.tenants(2)
    rig.start_ours(CONCURRENCY)
    rig.enqueue(first, 50, MILLISECONDS)
    rig.drain()
    alone_s = _wait_of(rig, second)
    began = time.perf_counter()
    for _ in range(crowd // BATCH):
        rig.enqueue(first, BATCH, MILLISECONDS)
    behind_s = _wait_of(rig, second)
    rig.drain()
    rate = crowd / (time.perf_counter() - began)
    rig.stop()
    return Measured(alone_s, behind_s, rate)


def _wait_of(rig: JobRig, tenant_id: UUID) -> float:
    began = time.perf_counter()
    rig.enqueue(tenant_id, FEW, MILLISECONDS)
    rig.drain(tenant_id)
    return time.perf_counter() - began


def plain(rig: JobRig, crowd: int) -> Measured:
    """Plain Celery: first come, first served."""
    os.environ["PLAIN_URL"] = rig.environment["PLAIN_URL"]
    from benchmarks.plain_celery import idle  # noqa: PLC0415 - reads the environment

    def few() -> float:
        asked = time.perf_counter()
        for result in [idle.delay(MILLISECONDS) for _ in range(FEW)]:
            result.get(timeout=600)
        return time.perf_counter() - asked

    rig.start_plain(CONCURRENCY)
    few()
    alone_s = few()
    began = time.perf_counter()
    results = [idle.delay(MILLISECONDS) for _ in range(crowd)]
    behind_s = few()
    for result in results:
        result.get(timeout=600)
    rate = crowd / (time.perf_counter() - began)
    rig.stop()
    return Measured(alone_s, behind_s, rate)


if __name__ == "__main__":
    main()
