"""docs/rights.md says of each login and table what the migrated database grants."""

from pathlib import Path

import psycopg

DOCUMENT = Path("docs/rights.md")
RIGHTS = """
SELECT c.relname AS table_name, r.rolname AS login, a.privilege_type AS privilege, NULL AS column_name
FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND r.rolname LIKE 'capliquify\\_%'
UNION ALL
SELECT c.relname, r.rolname, a.privilege_type, t.attname
FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid CROSS JOIN LATERAL aclexplode(t.attacl) a
JOIN pg_roles r ON r.oid = a.grantee
WHERE c.relnamespace = 'public'::regnamespace AND r.rolname LIKE 'capliquify\\_%'
"""
ORDER = ("SELECT", "INSERT", "UPDATE", "DELETE")
LOGINS = (
    "capliquify_worker",
    "capliquify_dispatcher",
    "capliquify_admin",
    "capliquify_api",
    "capliquify_tenant",
    "capliquify_lifecycle",
)


def granted(database_url: str) -> list[str]:
    """The lines of the document's table as the database has them: a star stands for some columns."""
    held: dict[tuple[str, str], dict[str, bool]] = {}
    with psycopg.connect(database_url) as connection:
        for table, login, privilege, column in connection.execute(RIGHTS):
            whole = held.setdefault((table, login), {})
            whole[privilege] = whole.get(privilege, False) or column is None
    tables = sorted({table for table, _ in held})
    return [
        f"| `{table}` | "
        + " | ".join(_cell(held.get((table, login), {})) for login in LOGINS)
        + " |"
        for table in tables
    ]


def _cell(rights: dict[str, bool]) -> str:
    return " ".join(
        f"{privilege[0]}{'' if rights[privilege] else '*'}"
        for privilege in ORDER
        if privilege in rights
    )


def test_the_document_lists_what_each_login_may_do_with_each_shared_table(
    database_url: str,
) -> None:
    written = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")]
    assert written == granted(database_url)
