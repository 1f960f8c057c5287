"""Entity-relationship diagrams of the tables, in Mermaid: keys and what refers to what."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Column, ForeignKeyConstraint, Table, UniqueConstraint

from shared.persistence.tables.wording import name_type


def draw(tables: Iterable[Table]) -> str:
    """A diagram of these tables; one of another room stands as a name."""
    lines = ["erDiagram"]
    for table in tables:
        lines += [f"    {table.name} {{", *_keys(table), "    }"]
        lines += sorted(_references(table))
    return "\n".join(lines)


def _keys(table: Table) -> Iterator[str]:
    unique = {
        column.name
        for each in table.constraints
        if isinstance(each, UniqueConstraint)
        for column in each.columns
    }
    for column in table.columns:
        marks = [
            mark
            for mark, holds in (
                ("PK", column.primary_key),
                ("FK", bool(column.foreign_keys)),
                ("UK", column.name in unique),
            )
            if holds
        ]
        if marks:
            kind = name_type(column.type).partition("(")[0]
            yield f"        {kind} {column.name} {', '.join(marks)}"


def _references(table: Table) -> Iterator[str]:
    for each in table.constraints:
        if isinstance(each, ForeignKeyConstraint):
            (column,) = each.columns
            parent = "|o" if column.nullable else "||"
            many = "o|" if _is_once(table, column) else "o{"
            yield f"    {each.referred_table.name} {parent}--{many} {table.name} : {column.name}"


def _is_once(table: Table, column: Column[object]) -> bool:
    keys = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
    return any(
        [part.name for part in each.columns] == [column.name] for each in (*keys, table.primary_key)
    )
