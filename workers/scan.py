"""The `@scan` decorator: work over all tenants that a tick of the clock starts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from celery import shared_task

from shared.persistence.operations.scan_runs import ScanRuns
from workers.queues import Queue
from workers.requests import JobTask
from workers.wiring import Wiring, current_wiring

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ScanContext:
    """What a scan has: the process's wiring and the instant that it is for, by PostgreSQL's clock."""

    wiring: Wiring
    now: datetime


Scan = Callable[[ScanContext], int]


def scan(*, name: str) -> Callable[[Scan], Scan]:
    """Declares a scan; it says how many things it did. It may run twice, or at once with itself."""

    def declare(function: Scan) -> Scan:
        @shared_task(name=name, queue=Queue.MAINTENANCE.value, base=JobTask)  # type: ignore[untyped-decorator]
        def run() -> None:
            wiring = current_wiring()
            runs = ScanRuns(wiring.dispatcher)
            runs.begin(name)
            done = function(ScanContext(wiring, wiring.clock.now()))
            runs.end(name, done)
            log.info("scanned", scan=name, done=done)

        return function

    return declare
