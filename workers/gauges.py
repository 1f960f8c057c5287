"""Gauges of the whole system, read from the ledger whenever Prometheus asks a dispatcher."""

from collections.abc import Iterator

import structlog
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily

from shared.errors import CapLiquifyError
from shared.persistence.database import Database
from shared.persistence.jobs.overview import QueueState, read_processes, read_queues
from shared.persistence.operations.scan_runs import read_scan_runs
from workers.presence import BEAT
from workers.queues import Queue

log = structlog.get_logger(__name__)
# Name, help, and what of a queue's state it is.
OF_QUEUES = (
    ("waiting", "jobs that are due", "due"),
    ("oldest_due_seconds", "how long the oldest due job has waited", "oldest_s"),
    ("running", "jobs that run", "running"),
    ("ended_badly", "jobs failed or dead in a day", "ended_badly"),
)


class SystemGauges:
    """A collector; a database that is away leaves the gauges out and `capliquify_ledger_up` at 0."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges as they are now."""
        try:
            states = {state.queue: state for state in read_queues(self._database)}
            runs = read_scan_runs(self._database)
            beats = [each for each in read_processes(self._database) if BEAT in each.queues]
        except CapLiquifyError as error:
            log.warning("gauges_not_read", reason=error.message)
            yield GaugeMetricFamily("capliquify_ledger_up", "whether PostgreSQL answers", 0)
            return
        yield GaugeMetricFamily("capliquify_ledger_up", "whether PostgreSQL answers", 1)
        for name, meaning, column in OF_QUEUES:
            gauge = GaugeMetricFamily(f"capliquify_queue_{name}", meaning, labels=["queue"])
            for queue in Queue:
                state = states.get(queue, QueueState(queue, 0, None, 0, 0, 0, 0))
                gauge.add_metric([queue], getattr(state, column) or 0)
            yield gauge
        meaning = "how long ago the beat's tick last began a scan"
        ago = GaugeMetricFamily("capliquify_scan_last_seconds", meaning, labels=["scan"])
        for run in runs.values():
            ago.add_metric([run.name], run.ago_s)
        yield ago
        if beats:
            silent_s = min(each.silent_s for each in beats)
            meaning = "how long ago a beat gave a sign of life"
            yield GaugeMetricFamily("capliquify_beat_silent_seconds", meaning, silent_s)


def serve_gauges(port: int, database: Database) -> None:
    """Serves `/metrics` on loopback, in a thread of its own."""
    registry = CollectorRegistry()
    registry.register(SystemGauges(database))
    start_http_server(port, addr="127.0.0.1", registry=registry)
