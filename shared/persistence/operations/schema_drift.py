"""Whether the tables are as the model says, for `doctor`: what somebody changed by hand, or a migration left out."""

from collections.abc import Iterator, Sequence

from shared.persistence.database import Connection
from shared.persistence.migrations.steps import newest_public_revision, newest_revision
from shared.persistence.operations.doctor import Finding, Verdict

# A comparison takes a tenth of a second: among 10,000 tenants so many a day have their turn.
LOOKED_AT = 20
SHOWN = 3
LOOK_WHO = "look who changed it; then change it back, or write a migration"
MIGRATE = "run `capliquify migrate`"

# Those that are behind are named by the check of migrations. A schema has the newest revision: its row says so.
TENANTS = """
SELECT t.slug::text, t.schema_name::text, count(*) OVER () AS total
FROM public.tenants t JOIN pg_namespace n ON n.nspname = t.schema_name
WHERE t.schema_revision = %s ORDER BY md5(t.id::text || current_date) LIMIT %s
"""


def examine_drift(connection: Connection, database_url: str) -> Iterator[Finding]:
    """The public schema and some tenants' against the model; `connection` and the URL are an owner's.

    Raises `ServiceError` where the server goes away meanwhile.
    """
    revision = _public_revision(connection)
    if revision is None:
        return
    tenants = connection.execute(TENANTS, (newest_revision(), LOOKED_AT)).fetchall()
    # It takes half a second to load, which other commands are spared.
    from shared.persistence.tables import drift  # noqa: PLC0415

    with drift.open_comparison(database_url) as comparison:
        found = drift.public_drift(comparison)
        fix = LOOK_WHO if revision == newest_public_revision() else MIGRATE
        yield _finding("public tables", found, fix)
        differing = 0
        for tenant in tenants:
            if found := drift.tenant_drift(comparison, tenant["schema_name"]):
                differing += 1
                yield _finding(f"tables of {tenant['slug']}", found, LOOK_WHO)
    total = tenants[0]["total"] if tenants else 0
    said = f"{len(tenants)} of {total} looked at, {len(tenants) - differing} as they must be"
    verdict = Verdict.WARN if differing else Verdict.GOOD
    yield Finding("tenants' tables", verdict, said, LOOK_WHO if differing else "")


def _public_revision(connection: Connection) -> str | None:
    """None where there is nothing to compare; the check of migrations says so."""
    row = connection.execute(
        "SELECT to_regclass('public.alembic_version') IS NOT NULL AND to_regclass('public.tenants') IS NOT NULL AS made"
    ).fetchone()
    if row is None or not row["made"]:
        return None
    row = connection.execute("SELECT version_num FROM public.alembic_version").fetchone()
    return None if row is None else str(row["version_num"])


def _finding(check: str, found: Sequence[str], fix: str) -> Finding:
    if not found:
        return Finding(check, Verdict.GOOD, "as the model says")
    more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return Finding(check, Verdict.WARN, "; ".join(found[:SHOWN]) + more, fix)
