"""Jobs that follow from what was written: there with it, or not at all."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from schedules.reactions import react
from shared.domain.events import (
    Event,
    Follower,
    PullDue,
    SalesPulled,
    SettlementsDue,
    TierChanged,
    nothing_follows,
)
from shared.domain.job import Job, JobState, Outcome
from shared.domain.quota import Overrides, Tier
from shared.domain.stream_positions import Backward, Done, Forward
from shared.errors import InvalidInput, LeaseLost, TenantSuspended
from shared.persistence.jobs.dispatching import Caps, DispatchLedger
from shared.persistence.jobs.job_ledger import JobFilter, JobLedger, JobOrder
from shared.persistence.jobs.leases import Ending
from shared.use_cases.ask_services import ServicesAsked, ask_everywhere, pull_everything
from shared.use_cases.store_credential import store_credential
from workers.vendors.services import SETTLING, TYPES
from workers.wiring import Wiring

SECRET = {"shop_domain": "acme.myshopify.com", "access_token": "t"}


def jobs_of(wiring: Wiring, tenant_id: UUID) -> list[tuple[str, dict[str, object]]]:
    found = JobLedger(wiring.admin).search(JobFilter(tenant_id))
    return sorted(((job.name, job.arguments) for job in found), key=str)


def connect(wiring: Wiring, tenant_id: UUID, service: str, *, follow: bool = False) -> UUID:
    follows = react if follow else nothing_follows
    opener = wiring.unit_of_work(tenant_id, actor="test", react=follows)
    return store_credential(opener, wiring.vault, service, "ecommerce", SECRET)


def test_a_shop_that_is_connected_is_pulled_at_once(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    connect(wiring, acme, "shopify_eu", follow=True)
    assert jobs_of(wiring, acme) == [
        ("sales.backfill", {"service": "shopify_eu", "again": True}),
        ("sales.pull", {"service": "shopify_eu"}),
    ]
    assert jobs_of(wiring, globex) == []


def test_a_credential_that_is_not_kept_starts_nothing(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    opener = wiring.unit_of_work(acme, actor="test")
    with pytest.raises(RuntimeError), opener() as work:
        work.events.publish(TierChanged(Tier.STARTER))
        raise RuntimeError
    assert jobs_of(wiring, acme) == []


def test_the_night_pulls_each_connected_shop_of_the_tenant_once(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    for service in ("shopify_uk", "shopify_eu"):
        connect(wiring, acme, service)
    connect(wiring, globex, "shopify_usa")
    broken = connect(wiring, acme, "shopify_usa")
    with wiring.unit_of_work(acme, actor="test")() as work:
        work.credentials.mark_failed(broken, work_time(), reconnect=True)
    order = JobOrder(acme, "services.pull", {}, "test")
    job = JobLedger(wiring.dispatcher).place_here(order)
    wiring.leases.start(job.as_lease(), "w")
    opener = wiring.unit_of_work(acme, lease=job.as_lease(), actor="test")
    for _ in range(2):
        assert pull_everything(opener, TYPES).services == ["shopify_eu", "shopify_uk"]
    children = JobLedger(wiring.admin).children(job.id)
    assert sorted(str(child.arguments["service"]) for child in children) == [
        "shopify_eu",
        "shopify_uk",
    ]
    assert jobs_of(wiring, globex) == []


def test_a_tenant_without_a_shop_has_a_quiet_night(wiring: Wiring, acme: UUID) -> None:
    opener = wiring.unit_of_work(acme, actor="test")
    assert pull_everything(opener, TYPES) == ServicesAsked([], [])


def test_a_service_that_nothing_here_can_work_on_holds_up_no_other(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    connect(wiring, acme, "shopify_uk")
    connect(wiring, acme, "woocommerce")
    opener = wiring.unit_of_work(acme, actor="test")
    assert pull_everything(opener, TYPES) == ServicesAsked(["shopify_uk"], ["woocommerce"])
    assert jobs_of(wiring, acme) == [("sales.pull", {"service": "shopify_uk"})]
    with pytest.raises(InvalidInput, match="woocommerce is none of those"), opener() as work:
        work.events.publish(PullDue("woocommerce", "ecommerce"))


def test_the_week_reconciles_the_shops_that_settle(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    for service in ("shopify_uk", "amazon_uk", "amazon_de"):
        connect(wiring, acme, service)
    connect(wiring, globex, "amazon_usa")
    opener = wiring.unit_of_work(acme, actor="test")
    for _ in range(2):
        asked = ask_everywhere(opener, SettlementsDue, SETTLING)
        assert asked.services == ["amazon_de", "amazon_uk"]
    assert jobs_of(wiring, acme) == [
        ("sales.reconcile_fees", {"service": "amazon_de"}),
        ("sales.reconcile_fees", {"service": "amazon_uk"}),
    ]
    assert jobs_of(wiring, globex) == []


def test_no_day_is_complete_while_a_second_shop_has_reported_nothing(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    first = connect(wiring, acme, "shopify_uk")
    opener = wiring.unit_of_work(acme, actor="test")
    reported = datetime(2026, 3, 10, 12, tzinfo=UTC)
    with opener() as work:
        work.cursors.move(first, "orders", None, Forward(reported))
    with opener() as work:
        # Its past is to be read yet, as after an upgrade that counts it by other rules.
        assert work.sales.complete_until() == date.min
        work.cursors.move(first, "orders_backfill", None, Backward(reported, reported, Done.WHOLE))
    with opener() as work:
        assert work.sales.complete_until() == date(2026, 3, 9)
    second = connect(wiring, acme, "shopify_eu")
    with opener() as work:
        assert work.sales.complete_until() == date.min
        # One that cannot be called, and never reported anything, holds nobody up.
        work.credentials.mark_failed(second, work_time(), reconnect=True)
        assert work.sales.complete_until() == date(2026, 3, 9)


def work_time() -> datetime:
    return datetime(2026, 3, 10, tzinfo=UTC)


def running(wiring: Wiring, tenant_id: UUID, **arguments: object) -> Job:
    """A pull that runs here."""
    order = JobOrder(tenant_id, "sales.pull", arguments, "test")
    job = JobLedger(wiring.dispatcher).place_here(order)
    wiring.leases.start(job.as_lease(), "w")
    return job


def publish(wiring: Wiring, job: Job, event: Event) -> None:
    opener = wiring.unit_of_work(job.tenant_id, lease=job.as_lease(), actor="test")
    with opener() as work:
        work.events.publish(event)


NEW_TIER = TierChanged(Tier.STARTER)


def test_reactions_are_kept_with_what_caused_them(wiring: Wiring, acme: UUID, globex: UUID) -> None:
    job = running(wiring, acme, as_of="2026-03-10")
    pulled = SalesPulled("shopify_uk", date(2026, 3, 10), 1, 0, backfilled=True)
    publish(wiring, job, pulled)
    assert wiring.leases.finish(job.as_lease(), Ending(Outcome.SUCCEEDED, {})) is JobState.SUCCEEDED
    assert wiring.leases.finish(job.as_lease(), Ending(Outcome.SUCCEEDED, {})) is None
    # Whoever has lost the lease makes nothing follow.
    with pytest.raises(LeaseLost):
        publish(wiring, job, pulled)
    children = JobLedger(wiring.admin).children(job.id)
    assert sorted((child.name, child.arguments, child.requested_by) for child in children) == [
        ("forecasts.generate", {"origin": "2026-03-10"}, "reaction:sales.pulled"),
        ("usage.sample", {}, "reaction:sales.pulled"),
        ("working_capital.roll_up", {"as_of": "2026-03-10"}, "reaction:sales.pulled"),
    ]
    assert jobs_of(wiring, globex) == []


def test_the_same_work_that_has_not_begun_is_not_asked_for_twice(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    pulls = [running(wiring, acme) for _ in range(3)]
    for pull in pulls[:2]:
        publish(wiring, pull, NEW_TIER)
        wiring.leases.finish(pull.as_lease(), Ending(Outcome.SUCCEEDED, {}))
    assert [name for name, _ in jobs_of(wiring, acme)].count("usage.sample") == 1
    # One that has begun may have read too early.
    DispatchLedger(wiring.dispatcher, 30.0).claim("maintenance", 9, None, Caps({}, {}, 9))
    publish(wiring, pulls[2], NEW_TIER)
    wiring.leases.finish(pulls[2].as_lease(), Ending(Outcome.SUCCEEDED, {}))
    assert [name for name, _ in jobs_of(wiring, acme)].count("usage.sample") == 2


def test_the_same_work_asked_for_next_month_does_not_stand_in_for_it(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    later = datetime.now(UTC) + timedelta(days=30)
    JobLedger(wiring.dispatcher).place(JobOrder(acme, "usage.sample", {}, "test", run_at=later))
    publish(wiring, running(wiring, acme), NEW_TIER)
    assert [name for name, _ in jobs_of(wiring, acme)].count("usage.sample") == 2


def backfills_of(wiring: Wiring, tenant_id: UUID) -> list[dict[str, object]]:
    return [given for name, given in jobs_of(wiring, tenant_id) if name == "sales.backfill"]


def test_a_backfill_that_goes_on_is_not_joined_by_a_second_one(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    ledger = JobLedger(wiring.dispatcher)
    asked: dict[str, object] = {"service": "shopify_uk", "again": True}
    ledger.place_here(JobOrder(acme, "sales.backfill", asked, "test"))
    pull = running(wiring, acme)
    for service in ("shopify_uk", "shopify_eu"):
        publish(wiring, pull, SalesPulled(service, None, 0, 0, backfilled=False))
    eu: dict[str, object] = {"service": "shopify_eu"}
    assert backfills_of(wiring, acme) == [asked, eu]
    # A credential that was stored again may show more: the one that runs has begun without it.
    connect(wiring, acme, "shopify_uk", follow=True)
    assert backfills_of(wiring, acme) == [asked, asked, eu]


def test_nothing_follows_for_a_tenant_that_was_suspended_meanwhile(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    job = running(wiring, acme)
    opener = wiring.unit_of_work(acme, lease=job.as_lease(), actor="test")
    with pytest.raises(TenantSuspended, match="acme is suspended"), opener() as work:
        wiring.lifecycle("test").suspend("acme")
        work.events.publish(NEW_TIER)
    # Its tier may change all the same.
    wiring.lifecycle("test").set_tier("acme", Tier.PROFESSIONAL, Overrides())
    assert [name for name, _ in jobs_of(wiring, acme)] == ["sales.pull"]


def test_another_tier_is_held_against_what_is_used_at_once(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    wiring.lifecycle("test").set_tier("acme", Tier.PROFESSIONAL, Overrides())
    assert jobs_of(wiring, acme) == [("usage.sample", {})]
    assert jobs_of(wiring, globex) == []


def test_a_reaction_that_no_task_takes_is_not_swallowed(wiring: Wiring, acme: UUID) -> None:
    job = running(wiring, acme)
    opener = wiring.unit_of_work(
        acme,
        lease=job.as_lease(),
        actor="test",
        react=lambda _event: [Follower("usage.sample", {"wrong": 1})],
    )
    with (
        pytest.raises(
            InvalidInput,
            match=r"^follower: arguments\.wrong: task usage\.sample takes no such argument; it takes none$",
        ),
        opener() as work,
    ):
        work.events.publish(NEW_TIER)
    assert [name for name, _ in jobs_of(wiring, acme)] == ["sales.pull"]
