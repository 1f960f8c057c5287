"""Whose the rows of a table are, and what of them leaves the database."""

from collections.abc import Iterator

from sqlalchemy import Column, Table

from shared.persistence.tables import public, tenant
from shared.persistence.tables.columns import SEALED

# What the system keeps about its own work for a tenant; the tenant's role does not read it.
OF_OPERATORS = frozenset({"schedule_runs", "tenant_purge_approvals"})


def shared_tables_of_a_tenant() -> tuple[str, ...]:
    """Public tables in which a tenant has rows that are its own to take along."""
    return tuple(
        table.name
        for table in public.METADATA.sorted_tables
        if (table.name == "tenants" or "tenant_id" in table.columns)
        and table.name not in OF_OPERATORS
    )


def sealed_columns() -> frozenset[str]:
    """Names of the columns that hold sealed secrets."""
    tables = (*public.METADATA.sorted_tables, *tenant.METADATA.sorted_tables)
    return frozenset(column.name for table in tables for column in _sealed(table))


def _sealed(table: Table) -> Iterator[Column[object]]:
    yield from (column for column in table.columns if column.info.get(SEALED))
