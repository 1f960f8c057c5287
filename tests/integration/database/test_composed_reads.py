"""Reads composed in SQLAlchemy Core run on psycopg's connection, under the tenant that it is bound to."""

import subprocess
import sys
from datetime import date
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import func, select

from shared.domain.job import JobState
from shared.persistence.compiled import compiled
from shared.persistence.jobs.job_ledger import JobFilter, JobLedger
from shared.persistence.operations.audit_log import AuditFilter, search_audit_log
from shared.persistence.tables.public.jobs import jobs
from shared.persistence.tables.public.tenants import tenants
from shared.persistence.tables.tenant.products import companies, products
from shared.persistence.tables.tenant.sales import sales
from shared.persistence.unit_of_work import tenant_transaction
from tests.isolation.conftest import fill
from workers.wiring import Wiring


@pytest.fixture
def both(database_url: str, acme: UUID, globex: UUID) -> tuple[UUID, UUID]:
    """Two tenants, each with rows in every table."""
    with psycopg.connect(database_url) as connection:
        fill(connection, acme, "acme")
        fill(connection, globex, "globex")
    return acme, globex


def test_a_statement_over_tenant_tables_reads_the_tenant_of_the_transaction(
    wiring: Wiring, both: tuple[UUID, UUID]
) -> None:
    statement = (
        select(companies.c.name, products.c.sku, func.count(sales.c.id).label("lines"))
        .join_from(products, companies)
        .join(sales)
        .where(sales.c.sale_date >= date(2000, 1, 1), sales.c.unit_price >= Decimal(0))
        .group_by(companies.c.name, products.c.sku)
    )
    found = {}
    for tenant_id in both:
        with tenant_transaction(wiring.database, tenant_id) as connection:
            found[tenant_id] = connection.execute(*compiled(statement)).fetchall()
    acme, globex = both
    assert found[acme] == [{"name": "Acme", "sku": "acme", "lines": 1}]
    assert found[globex] == [{"name": "Globex", "sku": "globex", "lines": 1}]


def test_a_statement_without_a_tenant_finds_no_tenant_table(
    wiring: Wiring, both: tuple[UUID, UUID]
) -> None:
    with (
        pytest.raises(psycopg.errors.UndefinedTable),
        wiring.database.transaction() as connection,
    ):
        connection.execute(*compiled(select(sales.c.id)))


def test_a_statement_over_public_tables_sees_the_tenants_own_rows(
    wiring: Wiring, both: tuple[UUID, UUID]
) -> None:
    for tenant_id in both:
        JobLedger(wiring.admin).enqueue(tenant_id, "usage.sample", {}, requested_by="t")
    for tenant_id in both:
        with tenant_transaction(wiring.database, tenant_id) as connection:
            for column in (jobs.c.tenant_id, tenants.c.id):
                rows = connection.execute(*compiled(select(column.label("id")))).fetchall()
                assert {row["id"] for row in rows} == {tenant_id}


def test_values_are_parameters_whatever_stands_in_them(
    wiring: Wiring, both: tuple[UUID, UUID]
) -> None:
    for value in ("acme", "a%s", "%(sku)s", "'; DROP TABLE sales; --", "100 %"):
        text, values = compiled(select(products.c.sku).where(products.c.sku == value))
        assert value in values.values()
        assert value.encode() not in text or value == "acme"
        with tenant_transaction(wiring.database, both[0]) as connection:
            rows = connection.execute(text, values).fetchall()
        assert [row["sku"] for row in rows] == (["acme"] if value == "acme" else [])


def test_jobs_are_searched_by_every_part_of_the_filter_alone_and_together(
    wiring: Wiring, both: tuple[UUID, UUID]
) -> None:
    acme, globex = both
    ledger = JobLedger(wiring.admin)
    before = {job.id for job in ledger.search(JobFilter())}
    sample = ledger.enqueue(acme, "usage.sample", {}, requested_by="t").id
    roll_up = ledger.enqueue(acme, "working_capital.roll_up", {}, requested_by="t").id
    other = ledger.enqueue(globex, "usage.sample", {}, requested_by="t").id
    ledger.cancel(acme, roll_up)

    def found(**wanted: object) -> list[UUID]:
        rows = ledger.search(JobFilter(**wanted))  # type: ignore[arg-type]
        return [job.id for job in rows if job.id not in before]

    assert found() == [other, roll_up, sample]
    assert found(tenant_id=acme) == [roll_up, sample]
    assert found(name="usage.sample") == [other, sample]
    assert found(queue=ledger.find(roll_up).queue, tenant_id=globex, name="sales.pull") == []
    assert found(states=[JobState.CANCELLED]) == [roll_up]
    assert found(states=[JobState.CANCELLED, JobState.QUEUED], tenant_id=acme) == [roll_up, sample]
    assert found(states=[]) == []
    assert found(limit=1) == [other]


def test_an_actions_pattern_is_text_but_for_the_star(
    wiring: Wiring, both: tuple[UUID, UUID]
) -> None:
    with wiring.admin.transaction() as connection:
        for pattern, count in (("schema.*", 2), ("s_hema.*", 0), ("%*", 0), ("schema.", 0)):
            assert len(search_audit_log(connection, AuditFilter(action=pattern))) == count


@pytest.mark.parametrize(
    "module", ["workers.cli.commands", "workers.app", "shared.persistence.jobs.job_ledger"]
)
def test_sqlalchemy_is_loaded_where_it_is_used_only(module: str) -> None:
    check = f"import {module}, sys; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
