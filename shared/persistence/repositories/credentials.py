"""Vendor credentials, sealed."""

from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from shared.errors import InvalidInput
from shared.persistence.database import Connection
from shared.use_cases.ports import StoredCredential


class CredentialRepository:
    """Keeps credentials as the vault sealed them; never sees one in the clear."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def reserve(self, company_id: UUID, service_name: str, service_type: str) -> UUID:
        """The id of the service's credential, created without a secret if there is none."""
        row = self._connection.execute(
            "INSERT INTO api_credentials (company_id, service_name, service_type) VALUES (%s, %s, %s) "
            "ON CONFLICT (company_id, service_name) DO UPDATE SET service_type = excluded.service_type "
            "RETURNING id",
            (company_id, service_name, service_type),
        ).fetchone()
        assert row is not None  # noqa: S101 - both arms return a row
        return UUID(str(row["id"]))

    def store(self, credential_id: UUID, sealed: str) -> None:
        """Puts a sealed secret in place; the credential is active again."""
        self._connection.execute(
            "UPDATE api_credentials SET credentials_encrypted = %s, is_active = true, "
            "needs_reconnect = false, updated_at = now() WHERE id = %s",
            (sealed, credential_id),
        )

    def get(self, service_name: str) -> StoredCredential:
        """The active credential of a service; raises `InvalidInput` where there is none."""
        with self._connection.cursor(row_factory=class_row(StoredCredential)) as cursor:
            stored = cursor.execute(
                "SELECT id, company_id, service_name, service_type, credentials_encrypted AS sealed "
                "FROM api_credentials "
                "WHERE service_name = %s AND is_active AND credentials_encrypted IS NOT NULL",
                (service_name,),
            ).fetchone()
        if stored is None:
            raise InvalidInput(
                f"service: no active credential of {service_name!r}; "
                "`capliquify credentials set` stores one"
            )
        return stored

    def mark_synced(self, credential_id: UUID, at: datetime) -> None:
        """Notes up to when everything was synced."""
        self._connection.execute(
            "UPDATE api_credentials SET last_sync_at = %s, last_sync_status = 'SUCCESS' WHERE id = %s",
            (at, credential_id),
        )

    def mark_failed(self, credential_id: UUID, at: datetime, *, reconnect: bool) -> None:
        """Notes that a sync ended badly, and whether the owner has to connect again."""
        self._connection.execute(
            "UPDATE api_credentials SET last_sync_at = %s, last_sync_status = 'FAILURE', "
            "needs_reconnect = needs_reconnect OR %s WHERE id = %s",
            (at, reconnect, credential_id),
        )
