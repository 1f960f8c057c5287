"""The published rights of each login are those that the migrated database grants, and no others."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from shared.persistence.binding import schema_of
from shared.persistence.operations.granted_rights import ROLES, WORDS, read_rights, render
from workers.rights import BEGIN, DOCUMENT, END, put

Owner = psycopg.Connection[tuple[Any, ...]]
PUBLISHED = DOCUMENT.read_text(encoding="utf-8")


@pytest.fixture
def owner(database_url: str) -> Iterator[Owner]:
    with psycopg.connect(database_url) as connection:
        yield connection


def published_cells() -> dict[tuple[str, str], str]:
    """What the document says of each table and role."""
    written = PUBLISHED.partition(BEGIN)[2].partition(END)[0]
    head, _, *rows = [line[2:-2].split(" | ") for line in first_table(written)]
    assert head == ["table", *(name for name in ROLES.values() if name != "anybody")]
    roles = [role for role in ROLES if role != "PUBLIC"]
    return {
        (cells[0].strip("`"), role): cell.strip()
        for cells in rows
        for role, cell in zip(roles, cells[1:], strict=True)
    }


def first_table(text: str) -> list[str]:
    return text[text.index("| table") :].split("\n\n", maxsplit=1)[0].splitlines()


def may(owner: Owner, role: str, table: str, right: str) -> str | None:
    """PostgreSQL's own answer, which counts what a role inherits from others too."""
    row = owner.execute(
        "SELECT has_table_privilege(%(role)s, %(table)s, %(right)s), CASE WHEN %(right)s <> 'DELETE' "
        "THEN has_any_column_privilege(%(role)s, %(table)s, %(right)s) END",
        {"role": role, "table": f"public.{table}", "right": right},
    ).fetchone()
    assert row is not None
    if row[0]:
        return WORDS[right]
    return f"{WORDS[right]} some columns" if row[1] else None


def test_the_document_is_what_the_database_grants_now(owner: Owner) -> None:
    assert put(PUBLISHED, render(read_rights(owner))) == PUBLISHED, "run `make rights`"


def test_each_cell_is_what_postgresql_answers_of_that_role_and_table(owner: Owner) -> None:
    said = published_cells()
    tables = owner.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    ).fetchall()
    assert {table for table, _ in said} == {name for (name,) in tables}
    for (table, role), cell in said.items():
        found = [may(owner, role, table, right) for right in WORDS]
        assert cell == ", ".join(filter(None, found)), (table, role)


def test_the_rights_that_matter_most_stand_there_as_they_were_decided() -> None:
    said = published_cells()
    assert said["jobs", "capliquify_api"] == "read"
    assert said["jobs", "capliquify_worker"] == "read, change some columns"
    assert said["jobs", "capliquify_dispatcher"] == "read, add, change, delete"
    assert said["audit_logs", "capliquify_admin"] == "read, add"
    assert said["users", "capliquify_worker"] == ""


@pytest.mark.parametrize(
    "change",
    [
        "GRANT SELECT ON public.users TO capliquify_worker",
        "GRANT SELECT ON public.users TO PUBLIC",
        "CREATE ROLE reports; GRANT SELECT ON public.users TO reports",
        "GRANT TRUNCATE ON public.jobs TO capliquify_api",
        "GRANT UPDATE (arguments) ON public.jobs TO capliquify_worker",
        "REVOKE DELETE ON public.jobs FROM capliquify_dispatcher",
        "GRANT EXECUTE ON FUNCTION public.purge_tenant(uuid) TO capliquify_api",
        "GRANT EXECUTE ON FUNCTION public.purge_tenant(uuid) TO PUBLIC",
        "CREATE TABLE public.another (id int)",
    ],
)
def test_another_grant_changes_the_document(owner: Owner, change: str) -> None:
    owner.execute(change.encode())
    assert put(PUBLISHED, render(read_rights(owner))) != PUBLISHED


def test_inside_a_tenants_schema_only_its_own_role_has_rights(
    owner: Owner, acme: UUID, globex: UUID
) -> None:
    for tenant in (acme, globex):
        schema = schema_of(tenant)
        granted = owner.execute(
            "SELECT table_name, string_agg(privilege_type, ' ' ORDER BY privilege_type) "
            "FROM information_schema.role_table_grants "
            "WHERE table_schema = %s AND grantee = %s GROUP BY table_name",
            (schema, schema),
        ).fetchall()
        rights: dict[str, str] = dict(granted)
        assert rights.pop("alembic_version") == "SELECT"
        assert set(rights.values()) == {"DELETE INSERT SELECT UPDATE"}
        others = owner.execute(
            "SELECT DISTINCT grantee FROM information_schema.role_table_grants WHERE table_schema = %s",
            (schema,),
        ).fetchall()
        assert {name for (name,) in others} == {schema, "capliquify_lifecycle"}
