"""The doctor names what somebody changed of the tables, of one tenant among others."""

from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from shared.persistence.database import Database
from shared.persistence.operations import schema_drift
from shared.persistence.operations.doctor import Finding, Verdict
from shared.persistence.operations.schema_drift import examine_drift


def findings(database_url: str) -> dict[str, Finding]:
    with Database(database_url, pool_max=1) as owner, owner.transaction() as connection:
        return {each.check: each for each in examine_drift(connection, database_url)}


def change(database_url: str, tenant_id: UUID, statement: str) -> None:
    with psycopg.connect(database_url) as connection:
        path = sql.SQL("SET search_path = {}").format(sql.Identifier(f"tenant_{tenant_id}"))
        connection.execute(path)
        connection.execute(statement.encode())


def test_tables_in_order_are_good(database_url: str, acme: UUID, globex: UUID) -> None:
    found = findings(database_url)
    assert {each.verdict for each in found.values()} == {Verdict.GOOD}
    assert list(found) == ["public tables", "tenants' tables"]
    assert found["tenants' tables"].found == "2 of 2 looked at, 2 as they must be"


def test_a_change_of_one_of_two_tenants_is_a_warning_of_that_one(
    database_url: str, acme: UUID, globex: UUID
) -> None:
    change(database_url, globex, "ALTER TABLE sales ADD COLUMN note text")
    found = findings(database_url)
    assert found["tables of globex"] == Finding(
        "tables of globex",
        Verdict.WARN,
        "sales.note: column is not in the model",
        "look who changed it; then change it back, or write a migration",
    )
    assert "tables of acme" not in found
    assert found["public tables"].verdict is Verdict.GOOD
    assert found["tenants' tables"].verdict is Verdict.WARN
    assert found["tenants' tables"].found == "2 of 2 looked at, 1 as they must be"


def test_many_differences_are_counted(database_url: str, acme: UUID, globex: UUID) -> None:
    for name in ("one", "two", "three", "four", "five"):
        change(database_url, acme, f"CREATE TABLE {name} (id int)")
    assert findings(database_url)["tables of acme"].found == (
        "five: table is not in the model; four: table is not in the model; "
        "one: table is not in the model, and 2 more"
    )


def test_a_change_of_the_public_schema_is_a_warning(
    database_url: str, acme: UUID, globex: UUID
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("DROP INDEX public.idx_jobs_waiting")
    found = findings(database_url)
    assert found["public tables"].verdict is Verdict.WARN
    assert found["public tables"].found == "jobs: index idx_jobs_waiting is missing"
    assert found["public tables"].fix.startswith("look who changed it")
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE public.alembic_version SET version_num = 'p0001'")
    assert findings(database_url)["public tables"].fix == "run `capliquify migrate`"


def test_of_many_tenants_some_are_looked_at_and_it_says_how_many(
    database_url: str, acme: UUID, globex: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema_drift, "LOOKED_AT", 1)
    found = findings(database_url)["tenants' tables"]
    assert found.found == "1 of 2 looked at, 1 as they must be"


def test_a_database_without_tables_is_left_to_the_check_of_migrations(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("DROP TABLE public.alembic_version")
    assert findings(database_url) == {}
