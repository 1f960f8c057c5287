"""The suite notices when a guard is taken away: each in turn, in a copy of the database."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import psycopg
import pytest
from psycopg import sql

from shared.embedded.urls import ServiceUrls
from shared.persistence.binding import schema_of
from shared.persistence.tenants.logins import login_url
from tests.conftest import PASSWORD
from tests.isolation.attacks import PUBLIC_TABLES, TENANT_TABLES, all_attacks, got_through
from tests.isolation.conftest import Battlefield, copy_database

_numbers = count(1)

# What is taken away, and an attack that must get through then. {a} and {b} are the tenants' schemas.
GUARDS = {
    **{
        f"row-level security of {table}": (
            f"ALTER TABLE public.{table} DISABLE ROW LEVEL SECURITY",
            f"{table}: read, A's setting",
        )
        for table in PUBLIC_TABLES
    },
    "row-level security of tenants": (
        "ALTER TABLE public.tenants DISABLE ROW LEVEL SECURITY",
        "tenants: read all",
    ),
    **{
        f"the role in the policy of {table}": (
            f"ALTER POLICY tenant_own_rows ON public.{table} USING (tenant_id = public.current_tenant_id())",
            f"{table}: read, forged setting",
        )
        for table in PUBLIC_TABLES
    },
    "the role in the policy of tenants": (
        "ALTER POLICY tenant_own_rows ON public.tenants USING (id = public.current_tenant_id())",
        "tenants: read B, forged",
    ),
    **{
        f"the grants on {table}": (
            f'GRANT USAGE ON SCHEMA "{{b}}" TO "{{a}}"; GRANT ALL ON "{{b}}".{table} TO "{{a}}"',
            f"{table}: update",
        )
        for table in TENANT_TABLES
    },
    "the worker's NOINHERIT": (
        'GRANT USAGE ON SCHEMA "{b}" TO capliquify_worker; GRANT SELECT ON "{b}".products TO capliquify_worker',
        "role: none reads B",
    ),
    "no DDL in the own schema": (
        'GRANT CREATE ON SCHEMA "{a}" TO "{a}"',
        "ddl: table in own schema",
    ),
    "no DDL in public": ("GRANT CREATE ON SCHEMA public TO PUBLIC", "ddl: function in public"),
    "the read-only revision": (
        'GRANT UPDATE ON "{a}".alembic_version TO "{a}"',
        "ddl: own revision",
    ),
    "the append-only audit log": (
        "DROP TRIGGER audit_logs_append_only ON public.audit_logs; "
        "GRANT DELETE ON public.audit_logs TO capliquify_tenant",
        "audit: delete own",
    ),
    "the lifecycle functions' grants": (
        "GRANT EXECUTE ON FUNCTION public.list_tenant_schemas() TO PUBLIC; "
        "GRANT EXECUTE ON FUNCTION public.create_tenant_schema(uuid) TO PUBLIC",
        "lifecycle: create_tenant_schema",
    ),
    "the large object's owner": (
        "DO $$ BEGIN EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO PUBLIC', "
        "(SELECT min(oid) FROM pg_largeobject_metadata)); END $$",
        "large object of B",
    ),
    "the server's files": (
        "GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_file(text) TO PUBLIC; "
        'GRANT pg_read_server_files TO "{a}"',
        "file: read",
    ),
}


@pytest.fixture
def copy(battlefield: Battlefield, services: ServiceUrls) -> Iterator[str]:
    """The owner's URL of a copy in which guards may be taken away."""
    name = f"unguarded_{next(_numbers)}"
    yield copy_database(services, name, "battlefield")
    with psycopg.connect(services.database_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
        # Roles are the cluster's: what was granted here is taken back.
        connection.execute(
            f'REVOKE pg_read_server_files FROM "{schema_of(battlefield.a)}"'.encode()
        )


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_that_is_gone_is_noticed(battlefield: Battlefield, copy: str, guard: str) -> None:
    removal, noticed_by = GUARDS[guard]
    attacks = {each.name: each for each in all_attacks(battlefield.a, battlefield.b)}
    url = login_url(copy, "worker", PASSWORD)
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as road:
        assert not got_through(road, battlefield.a, battlefield.b, attacks[noticed_by])
        with psycopg.connect(copy, autocommit=True) as owner:
            names = {"a": schema_of(battlefield.a), "b": schema_of(battlefield.b)}
            owner.execute(removal.replace("{a}", names["a"]).replace("{b}", names["b"]).encode())
        assert got_through(road, battlefield.a, battlefield.b, attacks[noticed_by])


def test_force_keeps_even_the_owner_of_the_tables_from_seeing_them(copy: str) -> None:
    """ENABLE alone would let a table's owner see all; a managed server's owner is no superuser."""
    with psycopg.connect(copy, autocommit=True) as owner:
        owner.execute("DROP ROLE IF EXISTS plain_owner")
        owner.execute("CREATE ROLE plain_owner NOLOGIN")
        owner.execute("ALTER TABLE public.users OWNER TO plain_owner")
        owner.execute("SET ROLE plain_owner")
        assert rows_seen(owner) == 0
        owner.execute("ALTER TABLE public.users NO FORCE ROW LEVEL SECURITY")
        assert rows_seen(owner) == 2
        owner.execute("RESET ROLE")
        owner.execute("REASSIGN OWNED BY plain_owner TO CURRENT_USER; DROP ROLE plain_owner")


def rows_seen(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT count(*) FROM public.users").fetchone()
    return int(row[0]) if row else 0


def test_every_public_table_with_a_tenant_is_forced(battlefield: Battlefield) -> None:
    with psycopg.connect(battlefield.owner_url) as connection:
        open_tables = connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
            "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = 'tenant_id' "
            "AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
        ).fetchall()
    assert open_tables == []


def test_the_login_roles_own_nothing_and_are_no_superusers(battlefield: Battlefield) -> None:
    with psycopg.connect(battlefield.owner_url) as connection:
        strong = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname IN ('capliquify_worker', 'capliquify_dispatcher', "
            "'capliquify_admin', 'capliquify_api') AND (rolsuper OR rolinherit OR rolcreaterole OR rolcreatedb "
            "OR rolbypassrls)"
        ).fetchall()
        owned = connection.execute(
            "SELECT relname FROM pg_class WHERE relowner IN ('capliquify_worker'::regrole, "
            "'capliquify_dispatcher'::regrole, 'capliquify_admin'::regrole, 'capliquify_api'::regrole)"
        ).fetchall()
    assert (strong, owned) == ([], [])


def test_definer_functions_have_a_fixed_search_path(battlefield: Battlefield) -> None:
    with psycopg.connect(battlefield.owner_url) as connection:
        loose = connection.execute(
            "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace "
            # Where pg_temp is not named it is searched first: a caller's view of that name would be believed.
            "AND NOT 'search_path=pg_catalog, pg_temp' = ANY(coalesce(proconfig, '{}'))"
        ).fetchall()
    assert loose == []


def test_a_view_in_the_callers_own_place_does_not_stand_in_for_the_catalog(
    battlefield: Battlefield,
) -> None:
    """As the API, which may call definer functions: `pg_temp` must not come before the catalog.

    Nobody may make temporary objects; here somebody has given that away.
    """
    with (
        psycopg.connect(battlefield.owner_url, autocommit=True) as owner,
        psycopg.connect(login_url(battlefield.owner_url, "api", PASSWORD), autocommit=True) as api,
    ):
        owner.execute(
            sql.SQL("GRANT TEMPORARY ON DATABASE {} TO capliquify_api").format(
                sql.Identifier(owner.info.dbname)
            )
        )
        api.execute(
            "CREATE FUNCTION pg_temp.evil() RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS "
            "$$ BEGIN RAISE EXCEPTION 'ran as %', current_user; END $$"
        )
        for name in ("pg_namespace", "pg_roles", "pg_class"):
            api.execute(
                f"CREATE VIEW pg_temp.{name} AS SELECT * FROM pg_catalog.{name} WHERE pg_temp.evil() OFFSET 0".encode()
            )
            api.execute(f"GRANT SELECT ON pg_temp.{name} TO PUBLIC".encode())
        assert len(api.execute("SELECT * FROM public.list_tenant_schemas()").fetchall()) >= 2
        row = api.execute(
            "INSERT INTO public.tenants (slug, name) VALUES ('by-api', 'By API') RETURNING id"
        ).fetchone()
        assert row is not None
        api.execute("SELECT set_config('app.current_tenant_id', %s, false)", (str(row[0]),))
        api.execute("SELECT public.create_tenant_schema(%s)", (row[0],))
