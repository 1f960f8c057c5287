"""One stored secret of each key, of whichever tenant: whether a process could open what is stored."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from psycopg import sql

from shared.persistence.binding import schema_of
from shared.persistence.database import Connection

TENANTS = """
SELECT t.id FROM public.tenants t JOIN pg_namespace n ON n.nspname = 'tenant_' || t.id ORDER BY t.id
"""


@dataclass(frozen=True, slots=True)
class SealedSample:
    """A credential's secret as it is stored, and where."""

    key_id: str
    tenant_id: UUID
    credential_id: UUID
    sealed: str


def read_samples(connection: Connection, key_of: Callable[[str], str]) -> list[SealedSample]:
    """The first secret found of each key, by `key_of`; the connection is the owner's, who sees every schema."""
    found: dict[str, SealedSample] = {}
    for row in connection.execute(TENANTS).fetchall():
        query = sql.SQL(
            "SELECT id, credentials_encrypted AS sealed FROM {}.api_credentials "
            "WHERE credentials_encrypted IS NOT NULL"
        ).format(sql.Identifier(schema_of(row["id"])))
        for each in connection.execute(query).fetchall():
            key_id = key_of(each["sealed"])
            sample = SealedSample(key_id, row["id"], each["id"], each["sealed"])
            found.setdefault(key_id, sample)
    return list(found.values())
