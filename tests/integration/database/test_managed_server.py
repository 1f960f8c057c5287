"""A managed server, where the owner of the database is no superuser: everything still works."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from shared.domain.quota import Tier
from shared.embedded.services import EmbeddedServices
from shared.persistence.database import Database
from shared.persistence.jobs.contracts import publish
from shared.persistence.migrations.public_line import migrate_public
from shared.persistence.migrations.runner import migrate_tenants
from shared.persistence.migrations.steps import Step, load_steps
from shared.persistence.operations.doctor import Verdict, examine
from shared.persistence.tenants.logins import LOGINS, ensure_logins, login_url
from shared.use_cases.register_tenant import NewTenant, register_tenant
from tests.conftest import PASSWORD, environment_of, replace_database
from workers.migrate import task_contracts
from workers.settings import Settings
from workers.wiring import Wiring, build_wiring

NEWEST = load_steps()[-1]
NEXT = Step(
    NEWEST.number + 1,
    "next",
    "ALTER TABLE products ADD COLUMN weight_g integer; UPDATE alembic_version SET version_num = 'next'",
    "ALTER TABLE products DROP COLUMN weight_g; "
    f"UPDATE alembic_version SET version_num = '{NEWEST.revision}'",
)


@pytest.fixture
def owner_url() -> Iterator[str]:
    """A fresh server whose owner may create roles and databases, and is nothing more."""
    home = Path(tempfile.mkdtemp(prefix="capliquify-managed-"))
    home.chmod(0o755)
    services = EmbeddedServices(home, durable=False)
    urls = services.start_owned()
    try:
        with psycopg.connect(urls.database_url, autocommit=True) as server:
            server.execute(
                f"CREATE ROLE managed LOGIN CREATEROLE CREATEDB PASSWORD '{PASSWORD}'".encode()
            )
            server.execute("CREATE DATABASE managed OWNER managed")
        managed = login_url(urls.database_url, "worker", PASSWORD).replace(
            "capliquify_worker", "managed"
        )
        yield replace_database(managed, "managed")
    finally:
        services.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def managed(owner_url: str) -> Iterator[Wiring]:
    migrate_public(owner_url)
    publish(owner_url, task_contracts())
    ensure_logins(owner_url, dict.fromkeys(LOGINS, PASSWORD))
    settings = Settings.model_validate(environment_of(owner_url, "redis://127.0.0.1:1/0"))
    with build_wiring(settings) as wiring:
        yield wiring


def test_a_plain_owner_migrates_and_tenants_live_and_end(owner_url: str, managed: Wiring) -> None:
    acme = register_tenant(
        managed.registry(), NewTenant("acme", "Acme", Tier.STARTER, "UTC", "GBP")
    )
    globex = register_tenant(
        managed.registry(), NewTenant("globex", "Globex", Tier.STARTER, "UTC", "EUR")
    )
    with managed.unit_of_work(acme, actor="t")() as work:
        assert work.companies.get().currency == "GBP"
    assert [each.error for each in migrate_tenants(owner_url, steps=[*load_steps(), NEXT])] == [
        None,
        None,
    ]
    assert [
        each.error
        for each in migrate_tenants(owner_url, to=NEWEST.revision, steps=[*load_steps(), NEXT])
    ] == [
        None,
        None,
    ]
    migrate_public(owner_url)
    lifecycle = managed.lifecycle("t")
    lifecycle.delete("acme")
    lifecycle.approve_purge("acme", "Jo")
    with psycopg.connect(owner_url) as owner:
        owner.execute("ALTER TABLE public.tenants DISABLE TRIGGER tenants_deletion")
        owner.execute(
            "UPDATE public.tenants SET deleted_at = now() - interval '31 days' WHERE slug = 'acme'"
        )
    lifecycle.purge("acme")
    with managed.unit_of_work(globex, actor="t")() as work:
        assert work.companies.get().currency == "EUR"


def test_the_doctor_finds_nothing_bad_on_it(owner_url: str, managed: Wiring) -> None:
    with Database(owner_url, pool_max=1) as owner, owner.transaction() as connection:
        worse = [each for each in examine(connection) if each.verdict is not Verdict.GOOD]
    # The extension is the provider's: its functions are the provider's to take from everybody.
    assert {(each.check, each.verdict) for each in worse} <= {
        ("pgcrypto's functions", Verdict.WARN),
        ("version", Verdict.WARN),
    }
