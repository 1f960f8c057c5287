"""Who goes next: fair between tenants, capped, aged; and how much the broker is given."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.dispatch_window import Window
from shared.domain.job import JobState
from shared.persistence.jobs.dispatching import Caps, DispatchLedger
from shared.persistence.jobs.job_ledger import JobFilter, JobLedger, JobOrder
from shared.persistence.jobs.overview import read_processes, read_queues
from tests.fixtures.echo import NO_CAPS, Echo, echo_task, place
from workers.wiring import Wiring


@pytest.fixture
def echo(database_url: str) -> Iterator[Echo]:
    with echo_task(database_url) as task:
        yield task


def place_many(wiring: Wiring, tenant_id: UUID, number: int, **changes: object) -> list[UUID]:
    arguments = {"word": "hi", **changes}
    order = JobOrder(tenant_id, "test.echo", arguments, "test")
    return JobLedger(wiring.dispatcher).place_all([order] * number)


def claim(
    wiring: Wiring, limit: int, after: UUID | None = None, caps: Caps = NO_CAPS
) -> list[UUID]:
    """The tenants of the jobs claimed, in turn."""
    ledger = DispatchLedger(wiring.dispatcher, 30.0)
    claim = ledger.claim("interactive", limit, after, caps)
    return [each.lease.tenant_id for each in claim.deliveries]


def test_tenants_take_turns_however_much_one_of_them_wants(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    place_many(wiring, acme, 50)
    place_many(wiring, globex, 3)
    first, second = sorted([acme, globex])
    assert claim(wiring, 6) == [first, second] * 3
    assert claim(wiring, 4) == [acme] * 4


def test_the_turn_goes_on_where_it_stopped(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    place_many(wiring, acme, 5)
    place_many(wiring, globex, 5)
    first, second = sorted([acme, globex])
    assert claim(wiring, 1) == [first]
    assert claim(wiring, 1, after=first) == [second]
    assert claim(wiring, 1, after=second) == [first]


def test_a_tenant_at_its_cap_stops_nobody_else(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    place_many(wiring, acme, 20)
    place_many(wiring, globex, 20)
    caps = Caps({"interactive": 3}, {}, 1000)
    assert Counter(claim(wiring, 100, caps=caps)) == {acme: 3, globex: 3}
    assert claim(wiring, 100, caps=caps) == []
    assert Counter(claim(wiring, 4, caps=Caps({"interactive": 5}, {}, 1000))) == {
        acme: 2,
        globex: 2,
    }


def test_a_vendor_at_its_cap_stops_no_other_vendor_and_no_tenant(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    place_many(wiring, acme, 5, service="shopify_uk")
    place_many(wiring, acme, 2, service="amazon_uk")
    place_many(wiring, globex, 5, service="shopify_eu")
    caps = Caps({}, {"shopify": 3}, 1000)
    assert len(claim(wiring, 100, caps=caps)) == 5
    live = JobLedger(wiring.admin).search(_dispatched())
    assert Counter(str(job.arguments["service"]).partition("_")[0] for job in live) == {
        "shopify": 3,
        "amazon": 2,
    }


def _dispatched() -> JobFilter:
    return JobFilter(states=[JobState.DISPATCHED], limit=100)


def test_a_job_is_not_taken_before_its_time_nor_twice(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    later = datetime.now(UTC) + timedelta(minutes=5)
    order = JobOrder(acme, "test.echo", {"word": "hi"}, "test", run_at=later, priority=100)
    JobLedger(wiring.dispatcher).place(order)
    place(wiring, globex)
    assert claim(wiring, 10) == [globex]
    assert claim(wiring, 10) == []
    ledger = DispatchLedger(wiring.dispatcher, 30.0)
    assert ledger.promote() == 0


def test_a_job_whose_time_has_come_takes_its_place(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    ledger = DispatchLedger(wiring.dispatcher, 30.0)
    soon = datetime.now(UTC) + timedelta(seconds=1)
    order = JobOrder(acme, "test.echo", {"word": "hi"}, "test", run_at=soon)
    JobLedger(wiring.dispatcher).place(order)
    assert (ledger.promote(), claim(wiring, 1)) == (0, [])
    time.sleep(1.2)
    assert (ledger.promote(), ledger.promote()) == (1, 0)
    assert claim(wiring, 1) == [acme]


def test_a_walk_looks_at_so_many_tenants_and_goes_on_after_them(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    place_many(wiring, acme, 2)
    place_many(wiring, globex, 2)
    first, _ = sorted([acme, globex])
    full = Caps({"interactive": 0}, {}, 0)
    ledger = DispatchLedger(wiring.dispatcher, 30.0)
    around = ledger.claim("interactive", 5, None, full)
    assert (around.deliveries, around.complete) == ((), True)
    with wiring.dispatcher.transaction() as connection:
        row = connection.execute(
            "SELECT tenant_id, lease FROM public.claim_jobs('interactive', 5, NULL, 0, '{}', 30, p_visits => 1)"
        ).fetchone()
    assert row == {"tenant_id": first, "lease": 0}


def test_priority_goes_first_but_age_wins_in_the_end(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    now = datetime.now(UTC)
    ledger = JobLedger(wiring.dispatcher)

    def ask(priority: int, age: timedelta) -> UUID:
        order = JobOrder(
            acme, "test.echo", {"word": "hi"}, "test", run_at=now - age, priority=priority
        )
        return ledger.place(order)

    bulk_old = ask(-50, timedelta(hours=2))
    bulk_new = ask(-50, timedelta(0))
    plain = ask(0, timedelta(0))
    urgent = ask(50, timedelta(0))
    claim = DispatchLedger(wiring.dispatcher, 30.0).claim("interactive", 10, None, NO_CAPS)
    assert [each.lease.job_id for each in claim.deliveries] == [bulk_old, urgent, plain, bulk_new]


def test_two_dispatchers_at_once_take_no_job_twice_and_keep_to_the_caps(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    place_many(wiring, acme, 200)
    place_many(wiring, globex, 200)
    caps = Caps({"interactive": 50}, {}, 1000)
    taken: list[UUID] = []

    def dispatch() -> None:
        ledger = DispatchLedger(wiring.dispatcher, 30.0)
        for _ in range(60):
            time.sleep(0.005)
            claim = ledger.claim("interactive", 7, None, caps)
            taken.extend(each.lease.job_id for each in claim.deliveries)

    threads = [threading.Thread(target=dispatch) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 100


def test_what_could_not_be_sent_waits_again(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    place(wiring, acme)
    place(wiring, globex)
    ledger = DispatchLedger(wiring.dispatcher, 30.0)
    first, second = ledger.claim("interactive", 2, None, NO_CAPS).deliveries
    wiring.leases.start(first.lease, "w")
    assert ledger.give_back([first.lease, second.lease]) == 1
    assert wiring.ledger.get(second.lease.tenant_id, second.lease.job_id).state is JobState.QUEUED


def test_the_load_counts_what_is_out_and_the_places_of_living_workers(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    place(wiring, acme)
    place(wiring, globex)
    claim(wiring, 1)
    wiring.leases.sign_in("a", ["interactive", "sync"], 2)
    wiring.leases.sign_in("b", ["sync"], 3)
    wiring.leases.sign_in("gone", ["sync"], 9)
    with wiring.dispatcher.transaction() as connection:
        connection.execute(
            "UPDATE public.job_workers SET seen_at = now() - interval '1 hour' WHERE name = 'gone'"
        )
    load = DispatchLedger(wiring.dispatcher, 30.0).load(["interactive", "sync"], 30.0)
    assert (load["interactive"].out, load["interactive"].places) == (1, 2)
    assert (load["sync"].out, load["sync"].places) == (0, 5)
    wiring.leases.sign_out("b")
    assert DispatchLedger(wiring.dispatcher, 30.0).load(["sync"], 30.0)["sync"].places == 2


def test_old_jobs_are_retired_those_that_went_well_first(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    now = datetime.now(UTC)
    for state, days in (("succeeded", 20), ("succeeded", 5), ("dead", 20), ("failed", 100)):
        job = place(wiring, acme)
        with wiring.admin.transaction() as connection:
            connection.execute(
                "UPDATE public.jobs SET state = %s::public.job_state, finished_at = %s WHERE id = %s",
                (state, now - timedelta(days=days), job.id),
            )
    place(wiring, globex)
    ledger = DispatchLedger(wiring.dispatcher, 30.0)
    assert ledger.retire(now - timedelta(days=90), now - timedelta(days=14)) == 2
    left = [job.state.value for job in JobLedger(wiring.admin).search(JobFilter())]
    assert sorted(left) == ["dead", "queued", "succeeded"]
    assert ledger.retire(now - timedelta(days=90), now - timedelta(days=14)) == 0


def test_a_window_is_twice_the_places_for_slow_jobs_and_wider_for_fast_ones() -> None:
    window = Window()
    assert window.free(out=0, places=3, now_s=100.0) == 6
    assert window.free(out=5, places=3, now_s=100.0) == 1
    assert window.free(out=9, places=3, now_s=100.0) == 0
    assert window.free(out=0, places=0, now_s=100.0) == 0
    window.sent(400, 100.0)
    assert window.free(out=0, places=3, now_s=100.0) == 83
    assert window.free(out=0, places=3, now_s=110.0) == 6


@given(
    sent=st.lists(st.tuples(st.floats(0, 5), st.integers(0, 10_000)), max_size=20),
    places=st.integers(0, 100),
    out=st.integers(0, 10_000),
)
def test_a_window_never_exceeds_its_largest_factor(
    sent: list[tuple[float, int]], places: int, out: int
) -> None:
    window, now_s = Window(), 0.0
    for pause_s, number in sent:
        now_s += pause_s
        window.sent(number, now_s)
    assert 0 <= window.free(out, places, now_s) <= max(0, 65 * places - out)


def test_the_overview_shows_what_waits_and_who_works(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    place(wiring, acme)
    place(wiring, globex)
    claim(wiring, 1)
    later = datetime.now(UTC) + timedelta(hours=1)
    JobLedger(wiring.dispatcher).place(
        JobOrder(acme, "test.echo", {"word": "hi"}, "test", run_at=later)
    )
    wiring.leases.sign_in("w", ["interactive"], 2)
    DispatchLedger(wiring.dispatcher, 30.0).sign_in("d")
    (state,) = read_queues(wiring.admin)
    assert (state.queue, state.due, state.later, state.dispatched) == ("interactive", 1, 1, 1)
    assert state.oldest_s is not None
    assert 0 <= state.oldest_s < 60
    assert [(each.name, each.queues) for each in read_processes(wiring.admin)] == [
        ("d", []),
        ("w", ["interactive"]),
    ]
