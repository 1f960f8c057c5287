"""What injected SQL, running as tenant A, may try against tenant B; generated table by table.

Every attack runs in a transaction bound to A as a unit of work is, and is rolled back. It has got
through when B's canary or id shows in a row, B's canary in a notice or an error, or when a write
found a row to touch.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import psycopg

from shared.persistence.binding import bind_tenant, schema_of

CANARY = "canary-of-tenant-b"

TENANT_TABLES = (
    "account_balances", "api_credentials", "companies", "forecasts", "inventory", "inventory_history",
    "open_invoices", "product_channel_skus", "product_costs", "products", "rejected_records", "sales",
    "scenarios", "sync_cursors", "user_preferences", "vendor_accounts", "webhook_deliveries",
    "working_capital_metrics",
)  # fmt: skip
PUBLIC_TABLES = ("audit_logs", "jobs", "subscriptions", "usage_metrics", "users")


@dataclass(frozen=True)
class Attack:
    """Statements, the last of which would reach B; `writes` where success is touching a row."""

    name: str
    statements: tuple[str, ...]
    writes: bool = False


def all_attacks(a: UUID, b: UUID) -> Iterator[Attack]:
    """Every attack of A on B, under a name of its own."""
    for table in TENANT_TABLES:
        yield from on_tenant_table(table, schema_of(b))
    for table in PUBLIC_TABLES:
        yield from on_public_table(table, b)
    yield from on_registry(b)
    yield from by_ddl(schema_of(a), schema_of(b))
    yield from by_server_features(schema_of(b))


def on_tenant_table(table: str, schema: str) -> Iterator[Attack]:
    """Reading and writing one of B's tables, by every road that SQL has."""
    name = f'"{schema}".{table}'
    path = f'SET LOCAL search_path = "{schema}"'
    column = f"(SELECT t::text FROM {name} t LIMIT 1)"
    yield Attack(f"{table}: qualified name", (f"SELECT t::text FROM {name} t",))
    yield Attack(f"{table}: search path", (path, f"SELECT t::text FROM {table} t"))
    yield Attack(
        f"{table}: session search path",
        (
            f"SELECT set_config('search_path', '\"{schema}\"', false)",
            f"SELECT t::text FROM {table} t",
        ),
    )
    yield Attack(
        f"{table}: temporary view",
        (f"CREATE TEMP VIEW spy AS SELECT t::text FROM {name} t", "SELECT * FROM spy"),
    )
    yield Attack(
        f"{table}: temporary copy",
        (f"CREATE TEMP TABLE spy AS SELECT t::text AS row FROM {name} t", "SELECT row FROM spy"),
    )
    yield Attack(
        f"{table}: temporary function",
        (
            f"CREATE FUNCTION pg_temp.spy() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS "
            f"'BEGIN RETURN (SELECT string_agg(t::text, chr(10)) FROM {name} t); END'",
            "SELECT pg_temp.spy()",
        ),
    )
    yield Attack(
        f"{table}: prepared statement",
        (f"PREPARE spy_{table} AS SELECT t::text FROM {name} t", f"EXECUTE spy_{table}"),
    )
    yield Attack(f"{table}: error message", (f"SELECT {column}::int",))
    yield Attack(
        f"{table}: statistics",
        (
            f"SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats "
            f"WHERE schemaname = '{schema}' AND tablename = '{table}'",
        ),
    )
    yield Attack(
        f"{table}: update",
        (f"UPDATE {name} SET {column_of(table)} = {column_of(table)}",),
        writes=True,
    )
    yield Attack(f"{table}: delete", (f"DELETE FROM {name}",), writes=True)
    yield Attack(f"{table}: truncate", (f"TRUNCATE {name} CASCADE",), writes=True)
    yield Attack(f"{table}: lock", (f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE",), writes=True)
    yield Attack(
        f"{table}: foreign key",
        (f"CREATE TEMP TABLE spy (id uuid REFERENCES {name})",),
        writes=True,
    )


def column_of(table: str) -> str:
    """A column that may be written."""
    return {
        "inventory_history": "location",
        "product_channel_skus": "channel",
        "product_costs": "currency",
        "rejected_records": "reason",
        "sync_cursors": "stream",
        "vendor_accounts": "account",
    }.get(table, "id")


def on_public_table(table: str, b: UUID) -> Iterator[Attack]:
    """Reading and writing B's rows of a shared table, with and without a forged setting."""
    name = f"public.{table}"
    forged = f"SET LOCAL app.current_tenant_id = '{b}'"
    read = f"SELECT t::text FROM {name} t"
    settings = {
        "A's setting": None,
        "forged setting": forged,
        "empty setting": "SET LOCAL app.current_tenant_id = ''",
        "setting reset": "RESET app.current_tenant_id",
    }
    for how, setting in settings.items():
        first = (setting,) if setting else ()
        yield Attack(f"{table}: read, {how}", (*first, read))
        yield Attack(f"{table}: read B by id, {how}", (*first, f"{read} WHERE tenant_id = '{b}'"))
        yield Attack(
            f"{table}: update, {how}",
            (*first, f"UPDATE {name} SET tenant_id = tenant_id WHERE tenant_id = '{b}'"),
            writes=True,
        )
        yield Attack(
            f"{table}: delete, {how}",
            (*first, f"DELETE FROM {name} WHERE tenant_id = '{b}'"),
            writes=True,
        )
    yield Attack(
        f"{table}: statistics",
        (
            f"SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE tablename = '{table}'",
        ),
    )
    yield Attack(
        f"{table}: leaking function",
        (
            "CREATE FUNCTION pg_temp.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS "
            "'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END'",
            f"SELECT count(*) FROM {name} t WHERE pg_temp.leak(t::text)",
        ),
    )


def on_registry(b: UUID) -> Iterator[Attack]:
    """The registry of tenants, the ledger's functions, usage."""
    forged = f"SET LOCAL app.current_tenant_id = '{b}'"
    yield Attack("tenants: read all", ("SELECT name, settings::text FROM public.tenants",))
    yield Attack(
        "tenants: read B, forged", (forged, "SELECT name, settings::text FROM public.tenants")
    )
    yield Attack(
        "tenants: rename B",
        (f"UPDATE public.tenants SET name = 'x' WHERE id = '{b}'",),
        writes=True,
    )
    yield Attack(
        "tenants: delete B", (f"DELETE FROM public.tenants WHERE id = '{b}'",), writes=True
    )
    yield Attack(
        "tenants: raise own limit", ("UPDATE public.tenants SET max_users = -1",), writes=True
    )
    for setting in ((), (forged,)):
        kind = "forged" if setting else "own"
        yield Attack(
            f"jobs: enqueue for B, {kind}",
            (*setting, f"SELECT public.enqueue_job('{b}', 'usage.sample')"),
            writes=True,
        )
        yield Attack(
            f"usage: count for B, {kind}",
            (*setting, f"SELECT public.record_usage('{b}', 'api_requests_count')"),
            writes=True,
        )
        yield Attack(
            f"usage: insert for B, {kind}",
            (
                *setting,
                "INSERT INTO public.usage_metrics (tenant_id, period_start, period_end) "
                f"VALUES ('{b}', '2001-01-01', '2001-02-01')",
            ),
            writes=True,
        )
        yield Attack(
            f"audit: write for B, {kind}",
            (
                *setting,
                "INSERT INTO public.audit_logs (tenant_id, action, resource_type) "
                f"VALUES ('{b}', 'forged', 'tenant')",
            ),
            writes=True,
        )
    for call in ("create_tenant_schema", "delete_tenant_schema", "purge_tenant", "restore_tenant"):
        yield Attack(f"lifecycle: {call}", (f"SELECT public.{call}('{b}')",), writes=True)
    yield Attack(
        "lifecycle: approve", (f"SELECT public.approve_tenant_purge('{b}', 'me')",), writes=True
    )
    yield Attack(
        "lifecycle: role", (f"SELECT public.create_tenant_role('{schema_of(b)}')",), writes=True
    )
    yield Attack(
        "lifecycle: drop role", (f"SELECT public.drop_tenant_role('{schema_of(b)}')",), writes=True
    )
    yield Attack("lifecycle: list", ("SELECT * FROM public.list_tenant_schemas()",))
    yield Attack("lifecycle: revisions", ("SELECT * FROM public.tenant_schema_revisions()",))
    yield Attack("audit: change own", ("UPDATE public.audit_logs SET action = 'x'",), writes=True)
    yield Attack("audit: delete own", ("DELETE FROM public.audit_logs",), writes=True)


def by_ddl(own: str, other: str) -> Iterator[Attack]:
    """Making or changing things; application roles may do no DDL but temporary tables."""
    for where, schema in (
        ("own schema", f'"{own}"'),
        ("B's schema", f'"{other}"'),
        ("public", "public"),
    ):
        yield Attack(
            f"ddl: table in {where}", (f"CREATE TABLE {schema}.spy (id int)",), writes=True
        )
        yield Attack(
            f"ddl: view in {where}", (f"CREATE VIEW {schema}.spy AS SELECT 1",), writes=True
        )
        yield Attack(f"ddl: sequence in {where}", (f"CREATE SEQUENCE {schema}.spy",), writes=True)
        yield Attack(
            f"ddl: function in {where}",
            (f"CREATE FUNCTION {schema}.spy() RETURNS int LANGUAGE sql AS 'SELECT 1'",),
            writes=True,
        )
        yield Attack(f"ddl: drop {where}", (f"DROP SCHEMA {schema} CASCADE",), writes=True)
    yield Attack("ddl: schema", ("CREATE SCHEMA spy",), writes=True)
    yield Attack("ddl: own column", ("ALTER TABLE products ADD COLUMN spy int",), writes=True)
    yield Attack(
        "ddl: own revision", ("UPDATE alembic_version SET version_num = 'x'",), writes=True
    )
    yield Attack("ddl: policy", ("DROP POLICY tenant_own_rows ON public.users",), writes=True)
    yield Attack(
        "ddl: row security", ("ALTER TABLE public.users DISABLE ROW LEVEL SECURITY",), writes=True
    )
    yield Attack("ddl: grant", (f'GRANT SELECT ON "{other}".products TO "{own}"',), writes=True)
    yield Attack("ddl: grant role", (f'GRANT "{other}" TO "{own}"',), writes=True)
    yield Attack("ddl: extension", ("CREATE EXTENSION dblink",), writes=True)
    yield Attack(
        "ddl: trigger",
        (
            "CREATE TRIGGER spy BEFORE INSERT ON products FOR EACH ROW EXECUTE FUNCTION public.audit_row_change()",
        ),
        writes=True,
    )


def by_server_features(other: str) -> Iterator[Attack]:
    """Files, large objects, other sessions, stronger roles."""
    yield Attack("role: lifecycle", ("SET LOCAL ROLE capliquify_lifecycle",), writes=True)
    yield Attack("role: admin", ("SET LOCAL ROLE capliquify_admin",), writes=True)
    yield Attack("role: dispatcher", ("SET LOCAL ROLE capliquify_dispatcher",), writes=True)
    yield Attack("role: owner", ("SET LOCAL ROLE capliquify_owner",), writes=True)
    yield Attack("role: session", ("SET SESSION AUTHORIZATION capliquify_owner",), writes=True)
    yield Attack("role: none reads B", ("RESET ROLE", f'SELECT t::text FROM "{other}".products t'))
    yield Attack("role: none reads users", ("RESET ROLE", "SELECT t::text FROM public.users t"))
    yield Attack(
        "role: row security off",
        ("SET LOCAL row_security = off", "SELECT t::text FROM public.users t"),
    )
    yield Attack("role: password", ("ALTER ROLE capliquify_worker PASSWORD 'x'",), writes=True)
    yield Attack("file: copy to", ("COPY products TO '/tmp/spy'",), writes=True)
    yield Attack("file: copy to program", ("COPY products TO PROGRAM 'cat'",), writes=True)
    yield Attack("file: copy from", ("COPY products FROM '/etc/passwd'",), writes=True)
    yield Attack("file: read", ("SELECT pg_read_file('postgresql.conf')",), writes=True)
    yield Attack("file: large object import", ("SELECT lo_import('/etc/passwd')",), writes=True)
    yield Attack(
        "large object of B",
        ("SELECT convert_from(lo_get(oid), 'UTF8') FROM pg_largeobject_metadata",),
    )
    yield Attack("large object pages", ("SELECT convert_from(data, 'UTF8') FROM pg_largeobject",))
    yield Attack("copy out of B", (f'COPY (SELECT t::text FROM "{other}".products t) TO STDOUT',))
    yield Attack("other sessions' statements", ("SELECT query FROM pg_stat_activity",))
    yield Attack(
        "other sessions' prepared statements", ("SELECT statement FROM pg_prepared_statements",)
    )
    yield Attack(
        "end another session",
        (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND usename = 'capliquify_owner'",
        ),
        writes=True,
    )
    yield Attack("password hashes", ("SELECT rolpassword FROM pg_authid",), writes=True)
    yield Attack("server setting", ("ALTER SYSTEM SET log_statement = 'all'",), writes=True)
    yield Attack("subscription secrets", ("SELECT subconninfo FROM pg_subscription",), writes=True)


def got_through(
    connection: psycopg.Connection[tuple[object, ...]], a: UUID, b: UUID, attack: Attack
) -> bool:
    """Runs the attack as A's unit of work would, rolls back, and returns whether it reached B."""
    said: list[str] = []

    def listen(notice: psycopg.errors.Diagnostic) -> None:
        said.append(notice.message_primary or "")

    connection.add_notice_handler(listen)
    try:
        with connection.transaction(force_rollback=True):
            for setting in bind_tenant(a).as_string(connection).split("; "):
                connection.execute(setting.encode())
            return _run(connection, attack, b) or any(CANARY in each for each in said)
    except psycopg.Error as error:
        diag = error.diag
        words = [str(error), diag.message_detail, diag.message_hint, diag.context, *said]
        return any(CANARY in (word or "") for word in words)
    finally:
        connection.remove_notice_handler(listen)


def _run(connection: psycopg.Connection[tuple[object, ...]], attack: Attack, b: UUID) -> bool:
    for statement in attack.statements[:-1]:
        connection.execute(statement.encode())
    last = attack.statements[-1]
    if last.startswith("COPY") and "STDOUT" in last:
        with connection.cursor().copy(last.encode()) as copy:
            return any(CANARY.encode() in bytes(block) for block in copy)
    cursor = connection.execute(last.encode())
    if attack.writes:
        # A statement without a row count (DDL, SET, LOCK) has succeeded if it came so far.
        return cursor.rowcount != 0
    rows = cursor.fetchall() if cursor.description else []
    return any(CANARY in str(value) or str(b) in str(value) for row in rows for value in row)
