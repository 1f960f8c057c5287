"""The published data model is current and leaves nothing out."""

import re

import pytest
from sqlalchemy import Enum, Table

from shared.persistence.tables import enums, public, tenant
from shared.persistence.tables.document import DOCUMENT, render

PUBLISHED = DOCUMENT.read_text(encoding="utf-8")
TABLES = [*public.METADATA.sorted_tables, *tenant.METADATA.sorted_tables]
LINE = re.compile(
    r"erDiagram"
    r"|    \w+ \{|    \}"
    r"|        [a-z]\w* \w+ (PK|FK|UK)(, (PK|FK|UK))*"
    r"|    \w+ (\|\||\|o)--o[|{] \w+ : \w+"
)


def chapter(name: str) -> str:
    return re.split(r"^#{2,4} ", PUBLISHED.partition(f"\n#### Table {name}\n")[2], flags=re.M)[0]


def test_the_document_is_what_the_model_says_now() -> None:
    assert render() == PUBLISHED, "run `make data-model`"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_has_its_chapter_with_every_column_and_its_meaning(table: Table) -> None:
    text = chapter(table.name)
    rows = re.findall(r"^\| `(\w+)` \| .+ \| .* \| .* \| (.+) \|$", text, re.M)
    assert [name for name, _ in rows] == [column.name for column in table.columns]
    assert f"(#table-{table.name})" in PUBLISHED
    for key in table.foreign_keys:
        assert f"- `{key.parent.name}` refers to `{key.column.table.name}`" in text
    for index in table.indexes:
        assert f"`{index.name}`: " in text


def test_every_reference_is_drawn_once() -> None:
    diagrams = re.findall(r"```mermaid\n(.*?)\n```", PUBLISHED, re.S)
    assert len(diagrams) == len(public.ROOMS) + len(tenant.ROOMS)
    lines = [line for diagram in diagrams for line in diagram.splitlines()]
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    drawn = sorted(re.sub(r" .*--\S+", "", line.strip()) for line in lines if "--" in line)
    assert drawn == sorted(
        f"{key.column.table.name} {table.name} : {key.parent.name}"
        for table in TABLES
        for key in table.foreign_keys
    )


def test_every_enum_is_listed_with_its_values() -> None:
    found = [each for each in vars(enums).values() if isinstance(each, Enum)]
    assert len(found) == 12
    for enum in found:
        values = ", ".join(f"`{value}`" for value in enum.enums)
        assert f"\n| `{enum.name}` | {values} |\n" in PUBLISHED


def test_a_figure_says_its_unit_and_how_it_is_computed() -> None:
    assert (
        "| `days_sales_outstanding` | numeric(10, 2) | null |  "
        "| DSO in days: receivables / revenue × period_days, two places |" in PUBLISHED
    )
    assert "- Computed `quantity_available`: `quantity_on_hand - quantity_reserved`" in PUBLISHED
    assert "    tenants ||--o| subscriptions : tenant_id" in PUBLISHED
    assert "    products |o--o{ sales : product_id" in PUBLISHED
