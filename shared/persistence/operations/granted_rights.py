"""What each login may do with which table, as the database itself says, and the text of it for people."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import psycopg

# Every role that the migrations make, as a column of the table: logins first, then the roles without one.
ROLES = {
    "capliquify_worker": "worker",
    "capliquify_dispatcher": "dispatcher",
    "capliquify_admin": "admin",
    "capliquify_api": "api",
    "capliquify_tenant": "a tenant's role",
    "capliquify_lifecycle": "lifecycle",
    "PUBLIC": "anybody",
}
WORDS = {"SELECT": "read", "INSERT": "add", "UPDATE": "change", "DELETE": "delete"}

# Grants on whole tables, and those on single columns where the whole table is not granted too.
GRANTS = """
WITH tables AS (
    SELECT oid, relname, relacl, relowner FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
), whole AS (
    SELECT relname, a.grantee, a.privilege_type FROM tables CROSS JOIN aclexplode(relacl) a WHERE a.grantee <> relowner
), single AS (
    SELECT relname, a.grantee, a.privilege_type, array_agg(attname::text ORDER BY attnum) AS columns
    FROM tables JOIN pg_attribute ON attrelid = tables.oid AND NOT attisdropped CROSS JOIN aclexplode(attacl) a
    WHERE a.grantee <> relowner AND (relname, a.grantee, a.privilege_type) NOT IN (SELECT * FROM whole)
    GROUP BY 1, 2, 3
)
SELECT relname, coalesce(rolname, 'PUBLIC'), privilege_type, columns
FROM (SELECT *, NULL::text[] AS columns FROM whole UNION ALL SELECT * FROM single) granted
LEFT JOIN pg_roles ON pg_roles.oid = grantee
ORDER BY 1, 2, 3
"""
# Functions that act with the rights of their owner: the doors past the tables' grants.
FUNCTION_GRANTS = """
SELECT p.proname, coalesce(r.rolname, 'PUBLIC') AS grantee
FROM pg_proc p CROSS JOIN aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
LEFT JOIN pg_roles r ON r.oid = a.grantee
WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef AND a.grantee <> p.proowner
GROUP BY 1, 2 ORDER BY 1, 2
"""
TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') ORDER BY 1
"""


class Grant(NamedTuple):
    """A right of a role on a table; `columns` where it is on those alone."""

    table: str
    role: str
    right: str
    columns: Sequence[str] | None


class Rights(NamedTuple):
    """All public tables and views, the grants on them, and who may call which function: (function, role)."""

    tables: Sequence[str]
    grants: Sequence[Grant]
    calls: Sequence[tuple[str, str]]


def read_rights(connection: psycopg.Connection[Any]) -> Rights:
    """The rights on what stands in the public schema of a migrated database, the owner's own left out."""
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        tables = [name for (name,) in cursor.execute(TABLES).fetchall()]
        grants = [Grant(*row) for row in cursor.execute(GRANTS).fetchall()]
        return Rights(tables, grants, cursor.execute(FUNCTION_GRANTS).fetchall())


def render(rights: Rights) -> str:
    """Three tables in Markdown: rights on tables, the columns where a right is on some, functions."""
    roles = _roles(rights)
    holders = [role for role in roles if role != "PUBLIC" or _holds(rights, role)]
    matrix = [
        [f"`{table}`", *(_cell(rights.grants, table, role) for role in holders)]
        for table in rights.tables
    ]
    columns = [
        [_named(each.role), _word(each.right), f"`{each.table}`", _code(each.columns)]
        for each in sorted(rights.grants, key=lambda each: roles.index(each.role))
        if each.columns
    ]
    calls = [
        [_named(role), _code(name for name, caller in rights.calls if caller == role)]
        for role in roles
        if any(caller == role for _, caller in rights.calls)
    ]
    return "\n\n".join(
        (
            _table(["table", *map(_named, holders)], matrix),
            'What "some columns" are:',
            _table(["who", "may", "of", "columns"], columns),
            "Who may call which function that acts with the rights of its owner:",
            _table(["who", "functions"], calls),
        )
    )


def _roles(rights: Rights) -> list[str]:
    """Ours in their order, then those that nobody has described here."""
    found = {each.role for each in rights.grants} | {role for _, role in rights.calls}
    return [*ROLES, *sorted(found - ROLES.keys())]


def _named(role: str) -> str:
    return ROLES.get(role, f"`{role}`")


def _word(right: str) -> str:
    return WORDS.get(right, right)


def _holds(rights: Rights, role: str) -> bool:
    return any(each.role == role for each in rights.grants)


def _cell(grants: Sequence[Grant], table: str, role: str) -> str:
    found = {each.right: each for each in grants if (each.table, each.role) == (table, role)}
    ordered = sorted(found, key=lambda right: [*WORDS, right].index(right))
    return ", ".join(_words(found[right]) for right in ordered)


def _words(grant: Grant) -> str:
    word = _word(grant.right)
    return f"{word} some columns" if grant.columns else word


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(line)} |" for line in (head, *rows)]
    return "\n".join([lines[0], f"|{'---|' * len(head)}", *lines[1:]])
