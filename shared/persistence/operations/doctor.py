"""What we need of a database, checked; nothing here needs a superuser."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from shared.persistence.database import Connection
from shared.persistence.migrations.steps import newest_public_revision, newest_revision

OLDEST_SERVER = 160_000
TARGET_SERVER = 170_000
# Of September 2026. All majors are released on one day, with the same fixes.
NEWEST_MINOR = {16: 16, 17: 12, 18: 6}
LOCKS = 512
CONNECTIONS = 100
CLOCKS_APART_S = 5.0
LOGINS = ("capliquify_worker", "capliquify_dispatcher", "capliquify_admin", "capliquify_api")


class Verdict(StrEnum):
    """How a check ended; only `bad` keeps the system from working."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, what was found, and the fix where there is one."""

    check: str
    verdict: Verdict
    found: str
    fix: str = ""


def examine(connection: Connection) -> Iterator[Finding]:
    """Looks at the server that the connection, an owner's, leads to."""
    checks: tuple[Callable[[Connection], Iterator[Finding]], ...] = (
        _version,
        _clock,
        _extension,
        _pgcrypto_grants,
        _temporary_tables,
        _settings,
        _roles,
        _migrations,
        _row_security,
    )
    for check in checks:
        yield from check(connection)


def examine_login(connection: Connection, name: str) -> Finding:
    """Whether the login of a setting is one that row-level security binds."""
    row = connection.execute(
        "SELECT rolname::text AS login, rolsuper AS superuser, "
        "rolsuper OR rolbypassrls OR pg_has_role(oid, 'capliquify_lifecycle', 'USAGE') "
        "AS unbound FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    assert row is not None  # noqa: S101 - everyone is a role
    if row["superuser"]:
        fix = "a superuser may do everything on the server; use the login roles of `capliquify migrate`"
        return Finding(name, Verdict.BAD, row["login"], fix)
    if row["unbound"]:
        fix = "row-level security does not bind this login; use the login roles"
        return Finding(name, Verdict.WARN, row["login"], fix)
    return Finding(name, Verdict.GOOD, row["login"])


def _version(connection: Connection) -> Iterator[Finding]:
    number = int(_value(connection, "SHOW server_version_num"))
    shown = f"{number // 10_000}.{number % 10_000}"
    if number < OLDEST_SERVER:
        yield Finding("version", Verdict.BAD, shown, "PostgreSQL 16 or newer is needed")
    elif number < TARGET_SERVER:
        yield Finding("version", Verdict.WARN, shown, "17 or newer is what we test with")
    elif number % 10_000 < NEWEST_MINOR.get(number // 10_000, 0):
        minor = f"{number // 10_000}.{NEWEST_MINOR[number // 10_000]}"
        yield Finding("version", Verdict.WARN, shown, f"{minor} closes published holes: update it")
    else:
        yield Finding("version", Verdict.GOOD, shown)


def _clock(connection: Connection) -> Iterator[Finding]:
    """What is kept is dated by the server; a machine far off dates its logs and its files wrongly."""
    row = connection.execute("SELECT clock_timestamp() AS now").fetchone()
    assert row is not None  # noqa: S101 - a query without a table has a row
    apart_s = abs((row["now"] - datetime.now(UTC)).total_seconds())
    good = apart_s <= CLOCKS_APART_S
    fix = "" if good else "set this machine's clock, and the server's, by NTP"
    yield Finding("clocks", Verdict.GOOD if good else Verdict.WARN, f"{apart_s:.0f} s apart", fix)


def _pgcrypto_grants(connection: Connection) -> Iterator[Finding]:
    found = _value(
        connection,
        "SELECT count(*)::text FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid "
        "JOIN pg_proc p ON p.oid = d.objid WHERE e.extname = 'pgcrypto' AND d.classid = 'pg_proc'::regclass "
        "AND has_function_privilege('capliquify_api', p.oid, 'EXECUTE')",
    )
    if found == "0":
        yield Finding("pgcrypto's functions", Verdict.GOOD, "only a worker's, to read old values")
    else:
        fix = "as the extension's owner: REVOKE EXECUTE ON FUNCTION … FROM PUBLIC"
        yield Finding("pgcrypto's functions", Verdict.WARN, f"{found} are everybody's", fix)


def _temporary_tables(connection: Connection) -> Iterator[Finding]:
    allowed = _value(
        connection,
        "SELECT has_database_privilege('capliquify_api', current_database(), 'TEMPORARY')::text",
    )
    if allowed == "false":
        yield Finding("temporary tables", Verdict.GOOD, "nobody's")
    else:
        fix = "`capliquify migrate` takes the right away; a copied database has it again"
        yield Finding("temporary tables", Verdict.WARN, "everybody's", fix)


def _extension(connection: Connection) -> Iterator[Finding]:
    found = _value(
        connection,
        "SELECT coalesce(max(extversion), '') FROM pg_extension WHERE extname = 'pgcrypto'",
    )
    if found:
        yield Finding("pgcrypto", Verdict.GOOD, found)
    else:
        yield Finding(
            "pgcrypto",
            Verdict.BAD,
            "not installed",
            "`capliquify migrate` installs it; the server must offer it",
        )


def _settings(connection: Connection) -> Iterator[Finding]:
    for name, least, why in (
        ("max_locks_per_transaction", LOCKS, "dumps and migrations of many schemas need them"),
        ("max_connections", CONNECTIONS, "10 a service, 100 in all"),
    ):
        found = int(_value(connection, f"SHOW {name}"))
        verdict = Verdict.GOOD if found >= least else Verdict.WARN
        yield Finding(
            name, verdict, str(found), "" if found >= least else f"set {least} or more: {why}"
        )
    logged = _value(connection, "SHOW log_statement")
    verdict = Verdict.GOOD if logged in {"none", "ddl"} else Verdict.WARN
    yield Finding(
        "log_statement",
        verdict,
        logged,
        "" if verdict is Verdict.GOOD else "statements carry customers' data: none or ddl",
    )


def _roles(connection: Connection) -> Iterator[Finding]:
    rows = connection.execute(
        "SELECT rolname, rolsuper OR rolbypassrls OR rolinherit OR rolcreaterole AS strong FROM pg_roles "
        "WHERE rolname = ANY(%s)",
        (list(LOGINS),),
    ).fetchall()
    strong = {row["rolname"]: row["strong"] for row in rows}
    for login in LOGINS:
        if login not in strong:
            yield Finding(
                login,
                Verdict.BAD,
                "missing",
                "`capliquify migrate` makes it; then set its password",
            )
        elif strong[login]:
            yield Finding(
                login,
                Verdict.BAD,
                "too strong",
                f"ALTER ROLE {login} NOSUPERUSER NOBYPASSRLS NOINHERIT NOCREATEROLE",
            )
        else:
            yield Finding(login, Verdict.GOOD, "login, owns nothing, NOINHERIT")


def _migrations(connection: Connection) -> Iterator[Finding]:
    if _value(connection, "SELECT to_regclass('public.alembic_version') IS NOT NULL") != "True":
        yield Finding("migrations", Verdict.BAD, "none", "run `capliquify migrate`")
        return
    revision = _value(connection, "SELECT version_num FROM public.alembic_version")
    if revision == newest_public_revision():
        yield Finding("public schema", Verdict.GOOD, revision)
    else:
        found = f"{revision}, the newest is {newest_public_revision()}"
        yield Finding("public schema", Verdict.WARN, found, "run `capliquify migrate`")
    behind = connection.execute(
        "SELECT slug, revision FROM public.tenant_schema_revisions() WHERE revision IS DISTINCT FROM %s",
        (newest_revision(),),
    ).fetchall()
    total = _value(connection, "SELECT count(*) FROM public.tenant_schema_revisions()")
    if behind:
        named = ", ".join(f"{row['slug']} at {row['revision']}" for row in behind[:3])
        yield Finding(
            "tenant schemas",
            Verdict.WARN,
            f"{len(behind)} of {total} behind: {named}",
            "run `capliquify migrate`",
        )
    else:
        yield Finding("tenant schemas", Verdict.GOOD, f"{total} at {newest_revision()}")


def _row_security(connection: Connection) -> Iterator[Finding]:
    rows = connection.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = 'tenant_id' "
        "AND NOT (c.relrowsecurity AND c.relforcerowsecurity) ORDER BY 1"
    ).fetchall()
    names = ", ".join(row["relname"] for row in rows)
    if names:
        yield Finding(
            "row-level security",
            Verdict.BAD,
            f"open: {names}",
            "run `capliquify migrate`, then look who switched it off",
        )
    else:
        yield Finding(
            "row-level security", Verdict.GOOD, "forced on every public table with a tenant"
        )


def _value(connection: Connection, query: str) -> str:
    row = connection.execute(query.encode()).fetchone()
    return str(next(iter(row.values()))) if row else ""
