"""Bringing the rows of a table that was made elsewhere into ours of the same name."""

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import Connection, sql
from psycopg.rows import TupleRow

# What our tables ask for and the other's need not have; `o` is the other's row.
FILL = {
    ("subscriptions", "current_period_start"): "now()",
    ("subscriptions", "current_period_end"): "now() + interval '1 month'",
    ("sales", "channel"): "'direct'",
    ("sales", "currency"): "(SELECT primary_currency FROM companies WHERE id = o.company_id)",
    # A line that came from a channel has an identity there, whether it was kept or not.
    (
        "sales",
        "channel_line_id",
    ): "CASE WHEN o.channel_order_id IS NOT NULL THEN 'adopted-' || o.id::text END",
    # What less than nothing was sold of was given back.
    ("sales", "line_kind"): "CASE WHEN o.quantity <= 0 AND o.total_amount <= 0 "
    "AND (o.quantity < 0 OR o.total_amount < 0) THEN 'REFUND' ELSE 'SALE' END::public.sale_line_kind",
    ("forecasts", "forecast_origin"): "o.forecast_date - 1",
    (
        "working_capital_metrics",
        "period_days",
    ): "CASE o.period_type::text WHEN 'DAILY' THEN 30 WHEN 'WEEKLY' THEN 7 "
    "ELSE extract(day FROM date_trunc('month', o.period_date) + interval '1 month - 1 day')::int END",
}

COLUMNS = """
SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), t.typtype = 'e', a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid), a.attgenerated <> ''
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = format('%%I.%%I', %s::text, %s::text)::regclass AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the catalog has it; `default` is SQL."""

    name: str
    type: str
    is_enum: bool
    not_null: bool
    default: str | None
    generated: bool


def table_names(connection: Connection[TupleRow], schema: str) -> list[str]:
    """The tables of a schema."""
    rows = connection.execute(
        "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relkind = 'r' ORDER BY 1",
        (schema,),
    )
    return [str(row[0]) for row in rows]


def read_columns(connection: Connection[TupleRow], schema: str, table: str) -> dict[str, Column]:
    """The columns of a table by name."""
    rows = connection.execute(COLUMNS, (schema, table)).fetchall()
    return {str(row[0]): Column(*row) for row in rows}


def differences(
    connection: Connection[TupleRow], theirs: str, ours: str, shown: str
) -> Iterator[str]:
    """What differs between their schema and ours, a line each; `shown` names the schema in it."""
    there = set(table_names(connection, theirs))
    for table in table_names(connection, ours):
        if table == "alembic_version":
            continue
        if table not in there:
            yield f"{shown}.{table}: table added"
            continue
        their, our = (read_columns(connection, schema, table) for schema in (theirs, ours))
        for name, column in our.items():
            if name not in their:
                yield f"{shown}.{table}.{name}: column added"
            elif their[name].type != column.type:
                yield f"{shown}.{table}.{name}: {their[name].type} becomes {column.type}"
            elif column.generated and not their[name].generated:
                yield f"{shown}.{table}.{name}: becomes GENERATED"
        for name in their.keys() - our.keys():
            yield f"{shown}.{table}.{name}: unknown column, kept as it is"
    for table in sorted(there - set(table_names(connection, ours))):
        yield f"{shown}.{table}: unknown table, kept as it is"


def bring_rows(connection: Connection[TupleRow], theirs: str, ours: str, table: str) -> int:
    """Copies every row of their table into ours, columns that we do not know included; returns how many."""
    their, our = (read_columns(connection, schema, table) for schema in (theirs, ours))
    target = sql.Identifier(ours, table)
    for name in their.keys() - our.keys():
        connection.execute(
            sql.SQL("ALTER TABLE {} ADD COLUMN {} {}").format(
                target,
                sql.Identifier(name),
                sql.SQL(their[name].type),
            )
        )
        our[name] = their[name]
    pairs = [(name, _expression(table, column, their.get(name))) for name, column in our.items()]
    known = [(name, expression) for name, expression in pairs if expression is not None]
    statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} o").format(
        target,
        sql.SQL(", ").join(sql.Identifier(name) for name, _ in known),
        sql.SQL(", ").join(expression for _, expression in known),
        sql.Identifier(theirs, table),
    )
    return connection.execute(statement).rowcount


def _expression(table: str, our: Column, their: Column | None) -> sql.Composable | None:
    """What goes into our column; None leaves it to its default."""
    if our.generated:
        return None
    fill = FILL.get((table, our.name))
    if their is None:
        return None if fill is None else sql.SQL(fill)
    value: sql.Composable = sql.SQL("o.{}").format(sql.Identifier(their.name))
    if (
        their.type.startswith("timestamp")
        and "without" in their.type
        and "with time zone" in our.type
    ):
        value = sql.SQL("({} AT TIME ZONE 'UTC')").format(value)
    elif their.type != our.type:
        value = sql.SQL("{}::text::{}").format(value, sql.SQL(our.type))
    instead = fill or our.default
    if our.not_null and instead is not None:
        value = sql.SQL("coalesce({}, {})").format(value, sql.SQL(instead))
    return value
