"""Bind the secrets of a restored tenant to the place where they lie now."""

from collections.abc import Iterator
from uuid import UUID

from psycopg import sql

from shared.errors import VaultError
from shared.persistence.binding import schema_of
from shared.persistence.database import Connection, Database
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.ports.vault import Vault

COLUMNS = ("credentials_encrypted", "access_token_encrypted", "refresh_token_encrypted")


def rebind_secrets(database: Database, vault: Vault, old: UUID, new: UUID) -> int:
    """Seals again, for tenant `new`, what was sealed for `old`, in one transaction; returns how many.

    What opens in its new place already is left as it is, so that a second run changes nothing.
    """
    if old == new:
        return 0
    bound = 0
    with tenant_transaction(database, new) as connection:
        for credential_id, column, sealed in list(_sealed_values(connection)):
            place = f"api_credentials/{column}/{credential_id}"
            if _opens(vault, sealed, f"{schema_of(new)}/{place}"):
                continue
            secret = vault.open(sealed, f"{schema_of(old)}/{place}")
            _store(
                connection, credential_id, column, vault.seal(secret, f"{schema_of(new)}/{place}")
            )
            bound += 1
    return bound


def _sealed_values(connection: Connection) -> Iterator[tuple[UUID, str, str]]:
    rows = connection.execute(
        "SELECT id, credentials_encrypted, access_token_encrypted, refresh_token_encrypted FROM api_credentials"
    )
    for row in rows:
        for column in COLUMNS:
            if row[column] is not None:
                yield row["id"], column, row[column]


def _opens(vault: Vault, sealed: str, place: str) -> bool:
    try:
        vault.open(sealed, place)
    except VaultError:
        return False
    return True


def _store(connection: Connection, credential_id: UUID, column: str, sealed: str) -> None:
    statement = sql.SQL("UPDATE api_credentials SET {} = %s, updated_at = now() WHERE id = %s")
    connection.execute(statement.format(sql.Identifier(column)), (sealed, credential_id))
