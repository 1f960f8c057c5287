"""Many tenants migrated while they are read and written, some held by a long transaction, the runner killed.

CAPLIQUIFY_TENANTS=500 makes it many more.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from shared.embedded.urls import ServiceUrls
from shared.persistence.binding import schema_of
from shared.persistence.database import Database
from shared.persistence.migrations.one_tenant import LOCK_TIMEOUT_MS
from shared.persistence.migrations.schema_versions import read_registered, read_versions
from shared.persistence.migrations.steps import newest_revision
from shared.persistence.tenants.logins import login_url
from shared.persistence.unit_of_work import tenant_transaction
from tests.conftest import PASSWORD, environment_of
from tests.fixtures.next_release import REVISION, start, write_next_line
from tests.integration.database.test_migrations import catalog

TENANTS = int(os.environ.get("CAPLIQUIFY_TENANTS", "60"))
BLOCKED = 5
READERS, WRITERS = 4, 2
DEADLINE_S = 60 + TENANTS / 2

Connection = psycopg.Connection[Any]
Process = subprocess.Popen[str]
Work = Callable[[Connection], object]
Migrate = Callable[..., Process]

SALE = """
INSERT INTO sales (company_id, sale_date, quantity, unit_price, total_amount, channel, currency)
SELECT id, '2026-01-01', 1, 10, 10, 'shop', 'GBP' FROM companies
"""


@pytest.fixture
def owner(database_url: str) -> Iterator[Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def tenants(owner: Connection) -> list[UUID]:
    return [create(owner, f"fire-{number:04d}") for number in range(TENANTS)]


def create(owner: Connection, slug: str) -> UUID:
    with owner.transaction():
        made = owner.execute(
            "INSERT INTO public.tenants (slug, name) VALUES (%s, %s) RETURNING id", (slug, slug)
        ).fetchone()
        assert made is not None
        owner.execute("SELECT public.create_tenant_schema(%s)", (made[0],))
    return UUID(str(made[0]))


@pytest.fixture
def migrate(database_url: str, services: ServiceUrls, tmp_path: Path) -> Migrate:
    """Starts `capliquify migrate` of a release with one revision more."""
    compiled = write_next_line(tmp_path)
    environment = environment_of(database_url, services.redis_url)
    return lambda *options: start(compiled, environment, "migrate", *options)


class Traffic:
    """Threads that read and write all tenants through the worker's login, and how long each had to wait."""

    def __init__(self, database: Database, tenants: list[UUID]) -> None:
        self.reads: list[float] = []
        self.writes: list[float] = []
        self._database = database
        self._tenants = tenants
        self._over = Event()

    @contextmanager
    def flowing(self) -> Iterator[None]:
        with ThreadPoolExecutor(READERS + WRITERS) as pool:
            running = [
                pool.submit(self._read if number < READERS else self._write, number)
                for number in range(READERS + WRITERS)
            ]
            try:
                yield
            finally:
                self._over.set()
        assert [each.exception() for each in running] == [None] * len(running)

    def _read(self, number: int) -> None:
        select = "SELECT count(*), sum(total_amount) FROM sales"
        self._visit(number, self.reads, lambda connection: connection.execute(select).fetchone())

    def _write(self, number: int) -> None:
        self._visit(number, self.writes, lambda connection: connection.execute(SALE))

    def _visit(self, number: int, waits: list[float], work: Work) -> None:
        first = number * len(self._tenants) // (READERS + WRITERS)
        for tenant_id in cycle(self._tenants[first:] + self._tenants[:first]):
            if self._over.is_set():
                return
            with tenant_transaction(self._database, tenant_id) as connection:
                started = time.perf_counter()
                work(connection)
                waits.append(time.perf_counter() - started)
            self._over.wait(0.005)


@contextmanager
def long_transaction(database_url: str, tenants: list[UUID]) -> Iterator[None]:
    """Somebody who has read a table of each and does not end."""
    with psycopg.connect(database_url) as connection:
        for tenant_id in tenants:
            schema = sql.Identifier(schema_of(tenant_id))
            connection.execute(sql.SQL("SELECT 1 FROM {}.sales").format(schema))
        yield
        connection.rollback()


def count_done(database_url: str) -> int:
    return sum(each.revision == REVISION for each in read_registered(database_url))


def kill_half_way(database_url: str, process: Process) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while count_done(database_url) < TENANTS // 2:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert TENANTS // 2 <= count_done(database_url) < TENANTS


def finish(process: Process) -> None:
    shown, error = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, shown + error


def migrate_under_fire(database_url: str, tenants: list[UUID], migrate: Migrate) -> Traffic:
    worker_url = login_url(database_url, "worker", PASSWORD)
    held = tenants[:: TENANTS // BLOCKED][:BLOCKED]
    with Database(worker_url, pool_max=READERS + WRITERS) as database:
        traffic = Traffic(database, tenants)
        with traffic.flowing():
            with long_transaction(database_url, held):
                kill_half_way(database_url, migrate("--workers", "1"))
                second = migrate()
                time.sleep(4.0)
                assert second.poll() is None
            finish(second)
    return traffic


def test_a_run_that_was_killed_is_finished_by_the_next_and_nobody_waits_long(
    database_url: str,
    owner: Connection,
    tenants: list[UUID],
    migrate: Migrate,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    old = catalog(owner, tenants[0])
    traffic = migrate_under_fire(database_url, tenants, migrate)
    for name, waits in (("reads", traffic.reads), ("writes", traffic.writes)):
        record_testsuite_property(name, len(waits))
        record_testsuite_property(f"longest of {name}, ms", round(max(waits) * 1000))
    assert {each.revision for each in read_versions(database_url)} == {REVISION}
    assert max(traffic.reads) <= 2 * LOCK_TIMEOUT_MS / 1000

    fresh = catalog(owner, create(owner, "fresh"))
    assert fresh != old
    for expected, options in (
        (fresh, ()),
        (old, ("--to", newest_revision())),
        (fresh, ("--to", REVISION)),
    ):
        finish(migrate(*options))
        assert all(catalog(owner, tenant_id) == expected for tenant_id in tenants)
