"""The gauges that an alert is made of."""

from uuid import UUID

from prometheus_client import CollectorRegistry

from shared.persistence.database import Database
from shared.persistence.jobs.job_ledger import JobLedger
from shared.persistence.operations.scan_runs import ScanRuns
from workers.gauges import SystemGauges
from workers.presence import BEAT
from workers.wiring import Wiring


def test_gauges_say_what_waits_and_when_the_beat_was_heard(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    for tenant in (acme, globex):
        JobLedger(wiring.dispatcher).enqueue(tenant, "usage.sample", {}, requested_by="t")
    ScanRuns(wiring.dispatcher).begin("schedules.materialise")
    wiring.leases.sign_in("beat@here:1", [BEAT], 1, "beat@here:1")
    registry = CollectorRegistry()
    registry.register(SystemGauges(wiring.dispatcher))
    assert registry.get_sample_value("capliquify_ledger_up") == 1
    waiting = {
        queue: registry.get_sample_value("capliquify_queue_waiting", {"queue": queue})
        for queue in ("maintenance", "sync")
    }
    assert waiting == {"maintenance": 2, "sync": 0}
    assert registry.get_sample_value("capliquify_queue_running", {"queue": "sync"}) == 0
    assert registry.get_sample_value("capliquify_beat_silent_seconds") is not None
    ago = {
        scan: registry.get_sample_value("capliquify_scan_last_seconds", {"scan": scan})
        for scan in ("schedules.materialise", "jobs.retire")
    }
    assert ago["schedules.materialise"] is not None
    assert ago["jobs.retire"] is None, "it has never run"


def test_without_postgresql_the_gauges_say_so() -> None:
    with Database("postgresql://nobody@127.0.0.1:1/none", acquire_timeout_s=0.1) as away:
        registry = CollectorRegistry()
        registry.register(SystemGauges(away))
        assert registry.get_sample_value("capliquify_ledger_up") == 0
        assert registry.get_sample_value("capliquify_queue_waiting", {"queue": "sync"}) is None
