"""The pool under many threads, errors and cancelled queries: never another tenant's row."""

import os
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from shared.domain.events import nothing_follows
from shared.domain.job import Outcome
from shared.domain.quota import Tier
from shared.embedded.urls import ServiceUrls
from shared.errors import CapLiquifyError, TenantMissing, VaultError
from shared.persistence.database import Database
from shared.persistence.jobs.dispatching import Caps, DispatchLedger
from shared.persistence.jobs.job_ledger import JobLedger
from shared.persistence.jobs.leases import Ending
from shared.persistence.tenants.logins import login_url
from shared.persistence.unit_of_work import tenant_transaction, unit_of_work_opener
from shared.security.vault import AesGcmVault, KeyRing
from shared.use_cases.register_tenant import NewTenant, register_tenant
from shared.use_cases.store_credential import open_credential, store_credential
from tests.conftest import PASSWORD, VAULT_KEYS, settings_of
from tests.fixtures.pgbouncer import pgbouncer_before
from tests.isolation.conftest import Battlefield
from workers.wiring import build_wiring

TENANTS = 50
THREADS = 8
# CAPLIQUIFY_TRANSACTIONS asks for more than the gate has time for.
TRANSACTIONS = int(os.environ.get("CAPLIQUIFY_TRANSACTIONS", "20000"))
STRAIGHT, POOLED = TRANSACTIONS * 7 // 10, TRANSACTIONS * 3 // 10


@pytest.fixture(scope="module")
def crowd(battlefield: Battlefield, services: ServiceUrls) -> list[UUID]:
    """Fifty tenants, each with a company named after itself."""
    with build_wiring(settings_of(battlefield.owner_url, services.redis_url)) as wiring:
        return [
            register_tenant(
                wiring.registry(), NewTenant(f"crowd-{n}", f"crowd-{n}", Tier.STARTER, "UTC", "GBP")
            )
            for n in range(TENANTS)
        ]


def wrong_reads(database: Database, crowd: list[UUID], transactions: int) -> int:
    """Transactions in which a tenant saw another's company, of `transactions` in all, from threads."""

    def work(seed: int) -> int:
        dice = random.Random(seed)
        wrong = 0
        for _ in range(transactions // THREADS):
            number = dice.randrange(TENANTS)
            with tenant_transaction(database, crowd[number]) as connection:
                row = connection.execute("SELECT name FROM companies").fetchone()
            wrong += row != {"name": f"crowd-{number}"}
        return wrong

    with ThreadPoolExecutor(THREADS) as threads:
        return sum(threads.map(work, range(THREADS)))


def test_thousands_of_transactions_of_50_tenants_read_no_wrong_row(
    battlefield: Battlefield, crowd: list[UUID], home: Path
) -> None:
    url = battlefield.roads["straight"]
    with Database(url, pool_max=4) as database:
        assert wrong_reads(database, crowd, STRAIGHT) == 0
    with (
        pgbouncer_before(url, home / "pgbouncer-pool") as pooled,
        Database(pooled, pool_max=4) as database,
    ):
        assert wrong_reads(database, crowd, POOLED) == 0


def test_a_session_setting_in_its_place_would_be_noticed(
    battlefield: Battlefield, crowd: list[UUID], home: Path
) -> None:
    """What SET does instead of SET LOCAL behind a transaction pooler: the check above can fail."""
    wrong = 0
    admin = login_url(battlefield.owner_url, "worker", PASSWORD)
    with pgbouncer_before(admin, home / "pgbouncer-session") as url:
        connections = [
            psycopg.connect(url, autocommit=True, prepare_threshold=None) for _ in range(4)
        ]
        for number, connection in enumerate(connections):
            connection.execute(f"SET app.current_tenant_id = '{crowd[number]}'".encode())
        for number, connection in enumerate(connections):
            row = connection.execute(
                "SELECT current_setting('app.current_tenant_id', true)"
            ).fetchone()
            wrong += row != (str(crowd[number]),)
            connection.close()
    assert wrong > 0


def test_a_connection_after_an_error_or_a_cancelled_query_belongs_to_nobody(
    battlefield: Battlefield, crowd: list[UUID]
) -> None:
    with Database(battlefield.roads["straight"], pool_max=1) as database:
        for statement in (b"SELECT 1 / 0", b"SET LOCAL statement_timeout = 20; SELECT pg_sleep(2)"):
            with (
                pytest.raises(psycopg.Error),
                tenant_transaction(database, crowd[0]) as connection,
            ):
                connection.execute(statement)
            with database.transaction() as connection:
                row = connection.execute(
                    "SELECT current_user, nullif(current_setting('app.current_tenant_id', true), '') AS t"
                ).fetchone()
            assert row == {"current_user": "capliquify_worker", "t": None}


def test_a_tenant_of_another_database_is_missing_here(database_url: str, crowd: list[UUID]) -> None:
    """Roles are the cluster's: the role exists, the tenant does not."""
    with Database(login_url(database_url, "worker", PASSWORD)) as database:
        opener = unit_of_work_opener(database, crowd[0], react=nothing_follows)
        with pytest.raises(TenantMissing), opener():
            raise AssertionError("no unit of work may open")


def test_a_credential_copied_to_another_tenant_does_not_open(
    battlefield: Battlefield, crowd: list[UUID], services: ServiceUrls
) -> None:
    vault = AesGcmVault(KeyRing.parse(VAULT_KEYS))
    with build_wiring(settings_of(battlefield.owner_url, services.redis_url)) as wiring:
        first, second = (
            wiring.unit_of_work(each, actor="test", react=nothing_follows) for each in crowd[:2]
        )
        for opener in (first, second):
            store_credential(opener, vault, "shopify_uk", "ecommerce", {"access_token": "t"})
        with first() as work:
            stolen = work.credentials.get("shopify_uk").sealed
        with second() as work:
            work.credentials.store(work.credentials.get("shopify_uk").id, stolen)
            stored = work.credentials.get("shopify_uk")
        with pytest.raises(VaultError, match="does not open"):
            open_credential(vault, crowd[1], stored)


def test_a_job_of_another_tenant_cannot_be_started(
    battlefield: Battlefield, crowd: list[UUID], services: ServiceUrls
) -> None:
    with build_wiring(settings_of(battlefield.owner_url, services.redis_url)) as wiring:
        job = JobLedger(wiring.dispatcher).enqueue(
            crowd[0], "usage.sample", {}, requested_by="test"
        )
        ledger = DispatchLedger(wiring.dispatcher, 30.0)
        deliveries = ledger.claim(job.queue, 100, None, Caps({}, {}, 10)).deliveries
        (delivery,) = (each for each in deliveries if each.lease.job_id == job.id)
        forged = replace(delivery.lease, tenant_id=crowd[1])
        assert wiring.leases.start(forged, "w") is None
        assert wiring.leases.finish(forged, Ending(Outcome.SUCCEEDED, {})) is None
        with pytest.raises(CapLiquifyError, match="not on the ledger"):
            wiring.ledger.get(crowd[1], job.id)
        started = wiring.leases.start(delivery.lease, "w")
        assert started is not None
        assert started.tenant_id == crowd[0]
