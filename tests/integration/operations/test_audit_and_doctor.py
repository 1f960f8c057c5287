"""What operators ask: who did what, and is everything as it must be."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from shared.domain.quota import Overrides, Tier
from shared.persistence.database import Database
from shared.persistence.operations.audit_log import AuditFilter, search_audit_log
from shared.persistence.operations.doctor import Finding, Verdict, examine, examine_login
from shared.persistence.tenants.tenancy import REQUIRED_REVISION
from tests.conftest import EMBEDDED_POSTGRESQL
from workers.wiring import Wiring


@pytest.fixture
def history(wiring: Wiring, acme: UUID, globex: UUID) -> None:
    """Acme was upgraded by Jo and suspended by Kim; globex was registered only."""
    wiring.lifecycle("Jo").set_tier("acme", Tier.ENTERPRISE, Overrides())
    wiring.lifecycle("Kim").suspend("acme")


@pytest.mark.parametrize(
    ("wanted", "actions"),
    [
        (AuditFilter(actor="Jo"), ["tenant.tier_changed"]),
        (AuditFilter(severity="WARNING"), ["tenant.suspended"]),
        (AuditFilter(tenant="globex"), ["schema.created", "tenant.created"]),
        (AuditFilter(action="schema.*", tenant="acme"), ["schema.created"]),
        (AuditFilter(action="schema%"), []),
        (AuditFilter(limit=1), ["tenant.suspended"]),
        (AuditFilter(since=datetime.now(UTC) + timedelta(days=1)), []),
        (AuditFilter(until=datetime(2020, 1, 1, tzinfo=UTC)), []),
    ],
)
def test_the_audit_log_is_searched_by_every_filter(
    wiring: Wiring, history: None, wanted: AuditFilter, actions: list[str]
) -> None:
    with wiring.admin.transaction() as connection:
        found = search_audit_log(connection, wanted)
    assert sorted(entry.action for entry in found) == sorted(actions)


def test_an_entry_says_who_changed_what_from_what_to_what(wiring: Wiring, history: None) -> None:
    with wiring.admin.transaction() as connection:
        (entry,) = search_audit_log(connection, AuditFilter(action="tenant.suspended"))
    assert (entry.tenant, entry.actor, entry.changes) == (
        "acme",
        "Kim",
        {"subscription_status": {"before": "TRIAL", "after": "SUSPENDED"}},
    )


def test_nobody_changes_the_audit_log_not_even_its_owner(database_url: str, acme: UUID) -> None:
    with psycopg.connect(database_url, autocommit=True) as owner:
        for statement in (
            "UPDATE public.audit_logs SET action = 'x'",
            "DELETE FROM public.audit_logs",
            "TRUNCATE public.audit_logs",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only ever added"):
                owner.execute(statement.encode())


def findings(database_url: str) -> dict[str, Finding]:
    with Database(database_url, pool_max=1) as owner, owner.transaction() as connection:
        return {finding.check: finding for finding in examine(connection)}


def test_a_database_in_order_has_nothing_bad(database_url: str, acme: UUID, globex: UUID) -> None:
    found = findings(database_url)
    # Where only the older wheel runs, the embedded server's minor is named.
    behind = {"version"} if EMBEDDED_POSTGRESQL == "18.1" else set()
    assert {name for name, each in found.items() if each.verdict is not Verdict.GOOD} == behind
    assert found["tenant schemas"].found == f"2 at {REQUIRED_REVISION}"


@pytest.mark.parametrize(
    ("damage", "check", "verdict"),
    [
        ("ALTER TABLE public.users NO FORCE ROW LEVEL SECURITY", "row-level security", Verdict.BAD),
        ("DROP EXTENSION pgcrypto", "pgcrypto", Verdict.BAD),
        (
            "GRANT EXECUTE ON FUNCTION public.digest(text, text) TO PUBLIC",
            "pgcrypto's functions",
            Verdict.WARN,
        ),
        (
            "DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC', current_database()); END $$",
            "temporary tables",
            Verdict.WARN,
        ),
        ("UPDATE public.alembic_version SET version_num = 'p0001'", "public schema", Verdict.WARN),
        ("DROP TABLE public.alembic_version", "migrations", Verdict.BAD),
        (
            "DO $$ BEGIN EXECUTE format('UPDATE %I.alembic_version SET version_num = NULL', "
            "(SELECT schema_name FROM public.tenants WHERE slug = 'acme')); "
            "EXCEPTION WHEN not_null_violation THEN "
            "EXECUTE format('DELETE FROM %I.alembic_version', "
            "(SELECT schema_name FROM public.tenants WHERE slug = 'acme')); END $$",
            "tenant schemas",
            Verdict.WARN,
        ),
    ],
)
def test_the_doctor_notices_and_names_the_fix(
    database_url: str, acme: UUID, globex: UUID, damage: str, check: str, verdict: Verdict
) -> None:
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(damage.encode())
    finding = findings(database_url)[check]
    assert finding.verdict is verdict
    assert finding.fix


def test_a_superuser_or_an_older_minor_is_named(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Database(database_url, pool_max=1) as owner, owner.transaction() as connection:
        found = examine_login(connection, "DATABASE_URL")
        assert (found.verdict, found.found) == (Verdict.BAD, "capliquify_owner")
        assert found.fix.startswith("a superuser may do everything on the server")
        monkeypatch.setattr("shared.persistence.operations.doctor.NEWEST_MINOR", {18: 99})
        version = next(each for each in examine(connection) if each.check == "version")
    assert (version.verdict, version.fix) == (
        Verdict.WARN,
        "18.99 closes published holes: update it",
    )
