"""What a login may not do to the rows that all tenants share, one statement each."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors, sql

from shared.persistence.binding import schema_of
from shared.persistence.tenants.logins import login_url
from tests.conftest import PASSWORD
from workers.wiring import Wiring

Login = Callable[[str], psycopg.Connection]


@pytest.fixture
def login(database_url: str) -> Iterator[Login]:
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(
            psycopg.connect(login_url(database_url, name, PASSWORD), autocommit=False)
        )


def name_tenant(connection: psycopg.Connection, tenant_id: UUID) -> None:
    connection.execute(
        sql.SQL("SET LOCAL app.current_tenant_id = {}").format(sql.Literal(str(tenant_id)))
    )


REFUSED = {
    "api": (
        "UPDATE public.tenants SET created_at = 'infinity'",
        "UPDATE public.tenants SET id = gen_random_uuid()",
        "UPDATE public.tenants SET schema_name = 'tenant_x'",
        "UPDATE public.tenants SET schema_revision = 't9999'",
        "UPDATE public.users SET tenant_id = gen_random_uuid()",
        "UPDATE public.subscriptions SET tenant_id = gen_random_uuid()",
        "UPDATE public.usage_metrics SET period_start = 'infinity'",
        "UPDATE public.jobs SET run_at = 'infinity'",
        "LOCK TABLE public.jobs IN ACCESS EXCLUSIVE MODE",
        "LOCK TABLE public.tenants IN ACCESS EXCLUSIVE MODE",
        "LOCK TABLE public.usage_metrics IN ACCESS EXCLUSIVE MODE",
        "LOCK TABLE public.subscriptions IN ACCESS EXCLUSIVE MODE",
        "SELECT FROM public.dispatch_turns FOR UPDATE",
        "CREATE TEMPORARY TABLE now (x int)",
        "SELECT public.pgp_sym_encrypt('a', 'k')",
        "SELECT public.pgp_sym_decrypt('a'::bytea, 'k')",
        "SELECT public.digest('a', 'sha256')",
        "SELECT public.sign_in_worker('w', '{sync}', 1000, '', 30)",
    ),
    "worker": (
        "LOCK TABLE public.jobs IN ACCESS EXCLUSIVE MODE",
        "LOCK TABLE public.job_workers IN ACCESS EXCLUSIVE MODE",
        "DELETE FROM public.job_workers",
        "UPDATE public.jobs SET name = 'tenants.purge_due'",
        "UPDATE public.jobs SET arguments = '{}'",
        "UPDATE public.jobs SET tenant_id = gen_random_uuid()",
        "CREATE TEMPORARY TABLE now (x int)",
        "SELECT public.pgp_sym_encrypt('a', 'k')",
        "SELECT FROM public.dispatch_turns FOR UPDATE",
    ),
}


@pytest.mark.parametrize(
    ("name", "statement"), [(name, each) for name, all_of in REFUSED.items() for each in all_of]
)
def test_a_login_may_not(
    wiring: Wiring, acme: UUID, globex: UUID, login: Login, name: str, statement: str
) -> None:
    connection = login(name)
    name_tenant(connection, acme)
    with pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE public.subscriptions SET current_period_end = 'infinity'",
        "UPDATE public.subscriptions SET trial_end = '20000-01-01'",
        "UPDATE public.users SET last_login_at = '-infinity'",
        "UPDATE public.tenants SET updated_at = 'infinity'",
    ],
)
def test_no_instant_is_taken_that_programs_cannot_read(
    wiring: Wiring, acme: UUID, globex: UUID, login: Login, statement: str
) -> None:
    api = login("api")
    name_tenant(api, acme)
    api.execute(
        "INSERT INTO public.subscriptions (tenant_id, current_period_start, current_period_end) "
        "VALUES (%s, now(), now() + interval '1 month')",
        (acme,),
    )
    api.execute(
        "INSERT INTO public.users (clerk_user_id, email, tenant_id) VALUES ('c', 'e@example.com', %s)",
        (acme,),
    )
    with pytest.raises(errors.CheckViolation):
        api.execute(statement.encode())


def test_a_tenant_begins_now_and_alive_whatever_the_client_believes(
    wiring: Wiring, acme: UUID, login: Login
) -> None:
    api = login("api")
    api.execute(
        "INSERT INTO public.tenants (id, slug, name, created_at) "
        "VALUES (%s, 'later', 'Later', 'infinity')",
        (uuid4(),),
    )
    row = api.execute(
        "SELECT created_at = now() FROM public.tenants WHERE slug = 'later'"
    ).fetchone()
    assert row == (True,)
    with pytest.raises(errors.InvalidParameterValue, match="registered alive"):
        login("admin").execute(
            "INSERT INTO public.tenants (slug, name, deleted_at) "
            "VALUES ('gone', 'Gone', now() - interval '31 days')"
        )


def test_a_living_schema_cannot_be_moved_from_under_its_row(
    wiring: Wiring, acme: UUID, login: Login
) -> None:
    new = uuid4()
    with pytest.raises(errors.InsufficientPrivilege, match="id and schema_name never change"):
        login("admin").execute(
            "UPDATE public.tenants SET id = %s, schema_name = %s WHERE id = %s",
            (new, schema_of(new), acme),
        )


@pytest.mark.parametrize("function", ["restore_tenant", "create_tenant_schema"])
def test_the_api_lives_one_tenants_life_only(
    wiring: Wiring, acme: UUID, globex: UUID, login: Login, function: str
) -> None:
    wiring.lifecycle("t").delete("globex")
    call = f"SELECT public.{function}(%s)".encode()
    for named in (None, acme):
        api = login("api")
        if named is not None:
            name_tenant(api, named)
        with pytest.raises(errors.InsufficientPrivilege, match="is not the tenant"):
            api.execute(call, (globex,))
    assert [each.slug for each in wiring.lifecycle("t").list()] == ["acme"]


def test_an_audit_entry_says_who_was_logged_in_whoever_is_claimed(
    wiring: Wiring, acme: UUID, globex: UUID, login: Login
) -> None:
    api = login("api")
    name_tenant(api, acme)
    api.execute("SET LOCAL app.actor = 'operator Jo'")
    api.execute("UPDATE public.tenants SET name = 'Renamed' WHERE id = %s", (acme,))
    api.execute(
        "INSERT INTO public.audit_logs (tenant_id, action, resource_type, login, created_at) "
        "VALUES (%s, 'x', 'y', 'capliquify_admin', '1999-01-01')",
        (acme,),
    )
    rows = api.execute(
        "SELECT login, created_at = now() FROM public.audit_logs WHERE action IN ('x', 'tenant.updated')"
    ).fetchall()
    assert rows == [("capliquify_api", True)] * 2
