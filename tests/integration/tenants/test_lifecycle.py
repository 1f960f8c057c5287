"""The lifecycle of a tenant: suspended, deleted, restored, approved, purged; audited all the way."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from shared.domain.quota import Overrides, Tier
from shared.errors import InvalidInput, TenantMissing, TenantSuspended
from shared.persistence.binding import schema_of
from shared.persistence.jobs.job_ledger import JobLedger
from shared.persistence.tenants.lifecycle import TenantLifecycle
from shared.use_cases.purge_due_tenants import PurgeReport, purge_due_tenants
from shared.use_cases.register_tenant import NewTenant, register_tenant
from workers.wiring import Wiring


@pytest.fixture
def lifecycle(wiring: Wiring) -> TenantLifecycle:
    return wiring.lifecycle("operator Jo")


def audited(wiring: Wiring, tenant_id: UUID) -> list[tuple[Any, ...]]:
    with wiring.admin.transaction() as connection:
        found = connection.execute(
            "SELECT action, metadata ->> 'actor' AS actor FROM public.audit_logs "
            "WHERE tenant_id = %s ORDER BY created_at, action",
            (tenant_id,),
        )
        return [tuple(row.values()) for row in found]


def age_deletion(database_url: str, tenant_id: UUID, days: int) -> None:
    """As if the tenant had been deleted that many days ago."""
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE public.tenants DISABLE TRIGGER tenants_deletion")
        connection.execute(
            "UPDATE public.tenants SET deleted_at = now() - make_interval(days => %s) WHERE id = %s",
            (days, tenant_id),
        )


def exists(database_url: str, tenant_id: UUID) -> tuple[bool, bool]:
    """Whether the schema and the role are there."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %(n)s), "
            "EXISTS (SELECT FROM pg_roles WHERE rolname = %(n)s)",
            {"n": schema_of(tenant_id)},
        ).fetchone()
    assert row is not None
    return bool(row[0]), bool(row[1])


def test_a_suspended_tenant_runs_nothing_until_it_is_resumed(
    wiring: Wiring, lifecycle: TenantLifecycle, acme: UUID, globex: UUID
) -> None:
    lifecycle.suspend("acme")
    with pytest.raises(TenantSuspended), wiring.unit_of_work(acme, actor="t")():
        raise AssertionError("no unit of work may open")
    with wiring.unit_of_work(globex, actor="t")() as work:
        assert work.tenant.slug == "globex"
    lifecycle.resume("acme")
    with wiring.unit_of_work(acme, actor="t")() as work:
        assert work.tenant.slug == "acme"
    assert audited(wiring, acme)[-2:] == [
        ("tenant.suspended", "operator Jo"),
        ("tenant.resumed", "operator Jo"),
    ]


def test_a_tier_comes_with_the_tenants_own_limits(
    wiring: Wiring, lifecycle: TenantLifecycle, acme: UUID, globex: UUID
) -> None:
    lifecycle.set_tier("acme", Tier.PROFESSIONAL, Overrides(entities=-1))
    with wiring.unit_of_work(acme, actor="t")() as work:
        assert (work.tenant.tier, work.tenant.overrides) == (
            Tier.PROFESSIONAL,
            Overrides(None, -1, None),
        )
    with wiring.admin.transaction() as connection:
        row = connection.execute(
            "SELECT changes FROM public.audit_logs WHERE action = 'tenant.tier_changed'"
        ).fetchone()
    assert row == {
        "changes": {
            "subscription_tier": {"before": "STARTER", "after": "PROFESSIONAL"},
            "max_entities": {"before": None, "after": -1},
        }
    }


def test_a_deleted_tenant_keeps_its_schema_and_comes_back(
    wiring: Wiring, lifecycle: TenantLifecycle, acme: UUID, globex: UUID, database_url: str
) -> None:
    job = JobLedger(wiring.dispatcher).enqueue(acme, "usage.sample", {}, requested_by="t")
    lifecycle.delete("acme")
    assert wiring.ledger.get(acme, job.id).state == "cancelled"
    with pytest.raises(TenantMissing), wiring.unit_of_work(acme, actor="t")():
        raise AssertionError("no unit of work may open")
    assert exists(database_url, acme) == (True, True)
    assert [each.slug for each in lifecycle.list()] == ["globex"]
    assert [each.slug for each in lifecycle.list(deleted=True)] == ["acme"]
    lifecycle.restore("acme")
    with wiring.unit_of_work(acme, actor="t")() as work:
        assert work.companies.get().name == "Acme"


def test_a_purge_needs_thirty_days_and_an_approval(
    lifecycle: TenantLifecycle, acme: UUID, globex: UUID, database_url: str
) -> None:
    with pytest.raises(TenantMissing):
        lifecycle.purge("acme")
    lifecycle.delete("acme")
    with pytest.raises(InvalidInput, match="kept until 30 days"):
        lifecycle.purge("acme")
    age_deletion(database_url, acme, 31)
    with pytest.raises(InvalidInput, match="nobody has approved"):
        lifecycle.purge("acme")
    with pytest.raises(InvalidInput, match="approver: is missing"):
        lifecycle.approve_purge("acme", "  ")
    lifecycle.approve_purge("acme", "Jo")
    lifecycle.purge("acme")
    assert exists(database_url, acme) == (False, False)
    assert exists(database_url, globex) == (True, True)
    assert [each.slug for each in lifecycle.list(deleted=None)] == ["globex"]


def test_a_restored_tenant_needs_a_new_approval(
    lifecycle: TenantLifecycle, acme: UUID, globex: UUID, database_url: str
) -> None:
    lifecycle.delete("acme")
    lifecycle.approve_purge("acme", "Jo")
    lifecycle.restore("acme")
    lifecycle.delete("acme")
    age_deletion(database_url, acme, 31)
    with pytest.raises(InvalidInput, match="nobody has approved"):
        lifecycle.purge("acme")


def test_the_audit_log_outlives_the_tenant(
    wiring: Wiring, lifecycle: TenantLifecycle, acme: UUID, globex: UUID, database_url: str
) -> None:
    lifecycle.delete("acme")
    age_deletion(database_url, acme, 31)
    lifecycle.approve_purge("acme", "Jo")
    lifecycle.purge("acme")
    actions = [action for action, _ in audited(wiring, acme)]
    assert set(actions) >= {
        "tenant.created",
        "schema.created",
        "tenant.deleted",
        "tenant.purge_approved",
        "schema.deleted",
        "tenant.purged",
    }


def test_the_daily_scan_purges_what_is_due_and_names_what_waits(
    wiring: Wiring, lifecycle: TenantLifecycle, acme: UUID, globex: UUID, database_url: str
) -> None:
    third = register_tenant(
        wiring.registry(), NewTenant("third", "Third", Tier.STARTER, "UTC", "GBP")
    )
    for slug in ("acme", "globex", "third"):
        lifecycle.delete(slug)
    for tenant_id in (acme, globex):
        age_deletion(database_url, tenant_id, 30)
    lifecycle.approve_purge("acme", "Jo")
    lifecycle.approve_purge("third", "Jo")
    now = datetime.now(UTC) + timedelta(seconds=1)
    report = purge_due_tenants(lifecycle.list(deleted=True), lifecycle.purge_by_id, now)
    assert report == PurgeReport(purged=("acme",), waiting=("globex",), failed=())
    assert exists(database_url, third) == (True, True)
    again = purge_due_tenants(lifecycle.list(deleted=True), lifecycle.purge_by_id, now)
    assert again == PurgeReport(purged=(), waiting=("globex",), failed=())


def test_what_node_writes_to_users_is_audited_with_the_person_masked(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    actor = "11111111-1111-4111-8111-111111111111"
    with wiring.admin.transaction() as connection:
        connection.execute("SELECT set_config('app.current_user_id', %s, true)", (actor,))
        connection.execute(
            "INSERT INTO public.users (clerk_user_id, email, tenant_id) VALUES ('u1', 'jo@acme.test', %s)",
            (acme,),
        )
        connection.execute("UPDATE public.users SET role = 'ADMIN'")
        connection.execute("UPDATE public.users SET last_login_at = now()")
        found = connection.execute(
            "SELECT action, user_id::text, changes FROM public.audit_logs WHERE resource_type = 'user' "
            "ORDER BY created_at, action DESC"
        ).fetchall()
    by_action = {row["action"]: row for row in found}
    assert set(by_action) == {"user.created", "user.role_changed"}
    assert by_action["user.role_changed"]["changes"] == {
        "role": {"before": "MEMBER", "after": "ADMIN"}
    }
    assert by_action["user.created"]["changes"]["email"] == {"before": None, "after": "***"}
    assert {row["user_id"] for row in found} == {actor}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slug": "acme"}, "slug: 'acme' is taken"),
        ({"slug": "x" * 101}, "slug, name: "),
        ({"slug": "Robert'); DROP TABLE tenants;--"}, "slug: "),
        ({"name": "  "}, "name: is empty"),
        ({"name": "a\0b"}, "slug, name: "),
        ({"organization_id": "org_1"}, "organization: 'org_1' belongs to another tenant"),
        ({"currency": "G1P"}, "currency: "),
        ({"timezone": "../etc/passwd"}, "timezone: "),
    ],
)
def test_a_tenant_that_cannot_be_is_refused_whole(
    wiring: Wiring, acme: UUID, change: dict[str, str], field: str
) -> None:
    good = {"slug": "other", "name": "Other", "timezone": "UTC", "currency": "GBP"}
    taken = NewTenant("first", "First", Tier.STARTER, "UTC", "GBP", "org_1")
    register_tenant(wiring.registry(), taken)
    with pytest.raises(InvalidInput) as caught:
        register_tenant(wiring.registry(), NewTenant(**{"tier": Tier.STARTER, **good, **change}))  # type: ignore[arg-type]
    assert caught.value.message.startswith(field)
    assert "\n" not in caught.value.message
    slugs = [each.slug for each in wiring.lifecycle("t").list(deleted=None)]
    assert slugs == ["acme", "first"]


@pytest.mark.parametrize("name", ['O\'Brien & Söhne; "Ltd"', "日本 🏬", "x" * 255])
def test_a_name_may_hold_what_names_hold(wiring: Wiring, acme: UUID, name: str) -> None:
    tenant_id = register_tenant(
        wiring.registry(), NewTenant("named", name, Tier.STARTER, "UTC", "GBP")
    )
    with wiring.unit_of_work(tenant_id, actor="t")() as work:
        assert work.companies.get().name == name


def test_no_clients_clock_shortens_the_thirty_days(
    wiring: Wiring, lifecycle: TenantLifecycle, acme: UUID, globex: UUID
) -> None:
    with wiring.admin.transaction() as connection:
        connection.execute(
            "UPDATE public.tenants SET deleted_at = now() - interval '31 days' WHERE id = %s",
            (acme,),
        )
    lifecycle.approve_purge("acme", "Jo")
    with pytest.raises(InvalidInput, match="kept until 30 days"):
        lifecycle.purge("acme")


def test_a_tenant_that_is_not_suspended_cannot_be_resumed(
    wiring: Wiring, lifecycle: TenantLifecycle, acme: UUID, globex: UUID
) -> None:
    with wiring.admin.transaction() as connection:
        connection.execute("UPDATE public.tenants SET subscription_status = 'CANCELLED'")
    with pytest.raises(InvalidInput, match="acme is cancelled, it cannot become active"):
        lifecycle.resume("acme")
    with pytest.raises(InvalidInput, match="acme is cancelled, it cannot become suspended"):
        lifecycle.suspend("acme")
