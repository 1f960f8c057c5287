"""Showing that a tenant's role cannot reach a neighbour."""

from uuid import UUID

from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from shared.persistence.binding import schema_of
from shared.persistence.database import Database
from shared.persistence.unit_of_work import tenant_transaction


def reach_neighbour(database: Database, tenant_id: UUID, neighbour_id: UUID) -> str | None:
    """Tries, as one tenant, to read another's companies; the server's refusal, or None where it let it pass."""
    statement = sql.SQL("SELECT count(*) FROM {}").format(
        sql.Identifier(schema_of(neighbour_id), "companies")
    )
    try:
        with tenant_transaction(database, tenant_id) as connection:
            connection.execute(statement)
    except InsufficientPrivilege as error:
        # The sentence names the neighbour's schema, which nobody else may see.
        return (error.diag.message_primary or "").replace(
            schema_of(neighbour_id), "of the neighbour"
        )
    return None
