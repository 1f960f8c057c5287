"""What a login may try against another tenant without becoming one: tables, functions, settings, locks."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from shared.persistence.tenants.logins import login_url
from tests.conftest import PASSWORD
from tests.fixtures.pgbouncer import pgbouncer_before
from tests.isolation.attacks import CANARY, TENANT_TABLES
from tests.isolation.conftest import Battlefield

LOGINS = ("api", "worker")
# Who sees all tenants' jobs, and who makes and purges schemas: nothing inside a schema is theirs.
OVERSEERS = ("dispatcher", "admin")
TABLES = (
    "users", "subscriptions", "usage_metrics", "audit_logs", "jobs", "tenant_purge_approvals",
    "schedule_runs",
)  # fmt: skip
# What the transaction says of its tenant: A, nobody, and things that are none.
SETTINGS = ("{a}", None, "", "nobody", "{a}' OR '1'='1")
ON_TABLES = {
    "read": "SELECT t::text FROM public.{table} t WHERE t.tenant_id = '{b}'",
    "read all": "SELECT t::text FROM public.{table} t",
    "update": "UPDATE public.{table} SET tenant_id = tenant_id WHERE tenant_id = '{b}' RETURNING tenant_id::text",
    "delete": "DELETE FROM public.{table} WHERE tenant_id = '{b}' RETURNING tenant_id::text",
    "lock a row": "SELECT t.tenant_id::text FROM public.{table} t WHERE t.tenant_id = '{b}' FOR UPDATE",
    "truncate": "TRUNCATE public.{table} CASCADE",
}
CALLS = {
    "enqueue": "SELECT public.enqueue_job('{b}', 'usage.sample')",
    "cancel": "SELECT public.cancel_job(id) FROM public.jobs WHERE tenant_id = '{b}'",
    "webhook": "SELECT public.store_webhook('{b}', 'shopify_uk', 'w', 'orders/updated', '{{}}', 'x')",
    "create": "SELECT public.create_tenant_schema('{b}')",
    "restore": "SELECT public.restore_tenant('{b}')",
    "delete schema": "SELECT public.delete_tenant_schema('{b}')",
    "purge": "SELECT public.purge_tenant('{b}')",
    "approve": "SELECT public.approve_tenant_purge('{b}', 'Mallory')",
    "usage": "SELECT public.record_usage('{b}', 'reports_exported', 7)",
    "schedule": "SELECT public.enqueue_scheduled('{b}', 'x', now(), 'usage.sample')",
    "claim": "SELECT public.claim_jobs('sync', 10, NULL, 4, '{{}}', 30)",
    "reap": "SELECT public.reap_jobs(0, 0)",
    "role": "SELECT public.create_tenant_role('tenant_{b}')",
    "revisions": "SELECT public.tenant_schema_revisions()::text",
    "alias a login": "SET ROLE capliquify_admin",
    "alias the lifecycle": "SET ROLE capliquify_lifecycle",
    "alias by session": "SET SESSION AUTHORIZATION capliquify_admin",
    "change the tenant": "UPDATE public.tenants SET name = 'Mallory' WHERE id = '{b}' RETURNING id::text",
    "delete the tenant": "DELETE FROM public.tenants WHERE id = '{b}' RETURNING id::text",
    "take its name": "UPDATE public.tenants SET id = '{b}' RETURNING id::text",
    "lock the tenants": "LOCK TABLE public.tenants IN ACCESS EXCLUSIVE MODE",
    "lock the jobs": "LOCK TABLE public.jobs IN SHARE ROW EXCLUSIVE MODE",
    "lock the workers": "LOCK TABLE public.job_workers IN ACCESS EXCLUSIVE MODE",
    "take a turn": "SELECT FROM public.dispatch_turns FOR UPDATE",
    "no audit": "ALTER TABLE public.audit_logs DISABLE TRIGGER ALL",
    "no row security": "ALTER TABLE public.jobs DISABLE ROW LEVEL SECURITY",
    "a function": "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "a temporary table": "CREATE TEMPORARY TABLE pg_class (x int)",
    "a file": "COPY (SELECT 1) TO '/tmp/x'",
    "a program": "COPY (SELECT 1) TO PROGRAM 'true'",
    "a server's file": "SELECT pg_read_file('/etc/passwd')",
}
IN_SCHEMAS = {
    "read": 'SELECT t::text FROM "tenant_{b}".{table} t',
    "read by path": 'SET LOCAL search_path = "tenant_{b}"; SELECT t::text FROM {table} t',
    "copy": 'COPY "tenant_{b}".{table} TO STDOUT',
    "empty": 'DELETE FROM "tenant_{b}".{table} RETURNING 1',
    "truncate": 'TRUNCATE "tenant_{b}".{table} CASCADE',
    "lock": 'LOCK TABLE "tenant_{b}".{table} IN ACCESS SHARE MODE',
    "drop": 'DROP TABLE "tenant_{b}".{table} CASCADE',
}
# What an overseer does for its living. They write the shared tables, so they may lock them: docs/security.md.
OVERSEERS_WORK = {
    "dispatcher": {
        "enqueue", "schedule", "claim", "reap", "revisions", "cancel", "take a turn",
        "lock the jobs", "lock the workers",
    },
    "admin": {
        "create", "restore", "delete schema", "approve", "role", "revisions", "enqueue", "cancel",
        "change the tenant", "usage", "lock the tenants", "lock the jobs",
        # Itself.
        "alias a login", "alias by session",
    },
}  # fmt: skip
# What ends without an error and without a row has reached nobody: these have effects of their own.
NEVER_WITHOUT_ERROR = frozenset(
    each
    for each in CALLS
    if each not in {"cancel", "change the tenant", "delete the tenant", "reap"}
)


@dataclass(frozen=True)
class Case:
    login: str
    what: str
    statement: str
    setting: str | None

    @property
    def name(self) -> str:
        return f"{self.login}: {self.what}, as {self.setting!r}"


def all_cases() -> Iterator[Case]:
    for login, setting in product(LOGINS, SETTINGS):
        for table, (what, statement) in product(TABLES, ON_TABLES.items()):
            text = statement.replace("{table}", table)
            yield Case(login, f"{what} {table}", text, setting)
        for what, statement in CALLS.items():
            yield Case(login, what, statement, setting)


def overseers_cases() -> Iterator[Case]:
    for login, setting in product(OVERSEERS, SETTINGS[:2]):
        for table, (what, statement) in product(TENANT_TABLES, IN_SCHEMAS.items()):
            yield Case(login, f"{what} {table}", statement.replace("{table}", table), setting)
        for what, statement in CALLS.items():
            if what not in OVERSEERS_WORK[login]:
                yield Case(login, what, statement, setting)


CASES = {case.name: case for case in (*all_cases(), *overseers_cases())}


def test_there_are_enough_cases() -> None:
    assert len(CASES) * 2 >= 600


@pytest.fixture(scope="module", params=["straight", "through PgBouncer"])
def roads(
    request: pytest.FixtureRequest, battlefield: Battlefield, home: Path
) -> Iterator[dict[str, psycopg.Connection[Any]]]:
    with ExitStack() as stack:
        connections = {}
        for login in (*LOGINS, *OVERSEERS):
            url = login_url(battlefield.owner_url, login, PASSWORD)
            if request.param != "straight":
                url = stack.enter_context(pgbouncer_before(url, home / f"pgbouncer-{login}"))
            connections[login] = stack.enter_context(
                psycopg.connect(url, autocommit=True, prepare_threshold=None)
            )
        yield connections


@pytest.mark.parametrize("name", CASES)
def test_no_login_reaches_another_tenant(
    roads: dict[str, psycopg.Connection[Any]], battlefield: Battlefield, name: str
) -> None:
    case, ids = CASES[name], {"a": battlefield.a, "b": battlefield.b}
    connection = roads[case.login]
    try:
        with connection.transaction(force_rollback=True):
            if case.setting is not None:
                setting = case.setting.format(**ids)
                connection.execute(
                    "SELECT set_config('app.current_tenant_id', %s, true)", (setting,)
                )
            connection.execute("SET LOCAL lock_timeout = '1s'")
            found = connection.execute(case.statement.format(**ids).encode())
            rows = found.fetchall() if found.description else []
    except psycopg.Error as error:
        assert CANARY not in str(error)
        return
    assert not [row for row in rows if shows(row, battlefield.b)]
    assert case.what not in NEVER_WITHOUT_ERROR
    assert not case.what.startswith("truncate")


def shows(row: tuple[Any, ...], b: UUID) -> bool:
    return any(CANARY in str(value) or str(b) in str(value) for value in row)


def test_the_cases_would_notice(
    roads: dict[str, psycopg.Connection[Any]], battlefield: Battlefield
) -> None:
    """Under B's own setting the same statements reach B's rows."""
    seen = set()
    for login, table in product(LOGINS, TABLES):
        try:
            with roads[login].transaction(force_rollback=True):
                roads[login].execute(
                    "SELECT set_config('app.current_tenant_id', %s, true)", (str(battlefield.b),)
                )
                rows = roads[login].execute(f"SELECT t::text FROM public.{table} t".encode())
                if any(shows(row, battlefield.b) for row in rows):
                    seen.add((login, table))
        except psycopg.errors.InsufficientPrivilege:
            continue
    assert {
        ("api", each) for each in ("users", "subscriptions", "usage_metrics", "audit_logs", "jobs")
    } <= seen
    assert ("worker", "jobs") in seen
