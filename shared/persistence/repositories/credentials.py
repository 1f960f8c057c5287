"""Vendor credentials, sealed."""

from datetime import datetime
from uuid import UUID

from psycopg import DataError, sql
from psycopg.errors import ExternalRoutineInvocationException
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from shared.domain.credential import KeptCredential, StoredCredential, StreamProblems
from shared.domain.token import RefreshClaim, SealedTokens
from shared.errors import InvalidInput, VaultError
from shared.persistence.database import Connection, Database

MARK_FAILED = """
UPDATE api_credentials AS c SET last_sync_at = %s, last_sync_status = 'FAILURE',
    needs_reconnect = c.needs_reconnect OR before.asked
FROM (SELECT id, needs_reconnect, %s AS asked FROM api_credentials WHERE id = %s FOR UPDATE) AS before
WHERE c.id = before.id AND c.credentials_encrypted IS NOT DISTINCT FROM coalesce(%s, c.credentials_encrypted)
RETURNING c.service_name, before.asked AND NOT before.needs_reconnect AS is_new
"""


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

    def store(self, credential_id: UUID, sealed: str, refresh: str | None = None) -> None:
        """Puts sealed secrets in place, without the tokens of those before; the credential is active again."""
        self._connection.execute(
            "UPDATE api_credentials SET credentials_encrypted = %s, refresh_token_encrypted = %s, "
            "access_token_encrypted = NULL, token_expires_at = NULL, refresh_lease_token = NULL, "
            "refresh_lease_until = NULL, is_active = true, needs_reconnect = false, updated_at = now() "
            "WHERE id = %s",
            (sealed, refresh, credential_id),
        )

    def get(self, service_name: str) -> StoredCredential:
        """The active credential of a service; raises `InvalidInput` where there is none."""
        stored = self.find(service_name)
        if stored is None:
            raise InvalidInput(
                f"service: no active credential of {service_name!r}; "
                "`capliquify credentials set` stores one"
            )
        return stored

    def find(self, service_name: str) -> StoredCredential | None:
        """The active credential of a service, or None."""
        with self._connection.cursor(row_factory=class_row(StoredCredential)) as cursor:
            return cursor.execute(
                "SELECT id, company_id, service_name, service_type, credentials_encrypted AS sealed "
                "FROM api_credentials "
                "WHERE service_name = %s AND is_active AND credentials_encrypted IS NOT NULL",
                (service_name,),
            ).fetchone()

    def connected(self, service_type: str) -> list[str]:
        """The names of the services of a type that can be called, by name."""
        rows = self._connection.execute(
            "SELECT service_name FROM api_credentials WHERE service_type = %s AND is_active "
            "AND NOT needs_reconnect AND credentials_encrypted IS NOT NULL ORDER BY service_name",
            (service_type,),
        )
        return [row["service_name"] for row in rows]

    def currencies(self) -> dict[str, str]:
        """The currency of each account that a pull has met, by service; also of those removed since."""
        rows = self._connection.execute(
            "SELECT c.service_name, a.currency FROM api_credentials c "
            "JOIN vendor_accounts a ON a.credential_id = c.id "
            "WHERE a.currency IS NOT NULL ORDER BY c.service_name"
        )
        return {row["service_name"]: row["currency"] for row in rows}

    def list_kept(self) -> list[KeptCredential]:
        """Every credential, also those that are not active, by service."""
        rows = self._connection.execute(
            "SELECT id, service_name, service_type, is_active, needs_reconnect, last_sync_at, last_sync_status::text, "
            "stream_problems, "
            "jsonb_strip_nulls(jsonb_build_object('credentials_encrypted', credentials_encrypted, "
            "'access_token_encrypted', access_token_encrypted, "
            "'refresh_token_encrypted', refresh_token_encrypted)) AS sealed "
            "FROM api_credentials ORDER BY service_name, id"
        )
        return [KeptCredential(**row) for row in rows]

    def reseal(self, credential_id: UUID, column: str, old: str, new: str) -> bool:
        """Puts `new` in the place of `old`; False if something else is there by now."""
        statement = sql.SQL(
            "UPDATE api_credentials SET {column} = %s, updated_at = now() "
            "WHERE id = %s AND {column} = %s"
        ).format(column=sql.Identifier(column))
        return self._connection.execute(statement, (new, credential_id, old)).rowcount == 1

    def disconnect(self, service_name: str, *, reconnect: bool) -> None:
        """Forgets the secrets of a service; whether its owner is to `reconnect` it."""
        self._connection.execute(
            "UPDATE api_credentials SET credentials_encrypted = NULL, access_token_encrypted = NULL, "
            "refresh_token_encrypted = NULL, token_expires_at = NULL, refresh_lease_token = NULL, "
            "refresh_lease_until = NULL, is_active = false, "
            "needs_reconnect = CASE WHEN is_active THEN %s ELSE needs_reconnect END, updated_at = now() "
            "WHERE service_name = %s",
            (reconnect, service_name),
        )

    def tokens(self, credential_id: UUID) -> SealedTokens:
        """The credential's tokens, sealed."""
        row = self._connection.execute(
            "SELECT access_token_encrypted AS access, refresh_token_encrypted AS refresh, "
            "token_expires_at AS expires_at FROM api_credentials WHERE id = %s",
            (credential_id,),
        ).fetchone()
        return SealedTokens(**row) if row else SealedTokens(None, None, None)

    def claim_refresh(
        self, credential_id: UUID, seen: SealedTokens, now: datetime, until: datetime
    ) -> RefreshClaim | None:
        """Compare and set: the right to refresh until `until`, if nobody has it and `seen` is still there."""
        row = self._connection.execute(
            "UPDATE api_credentials SET refresh_lease_token = gen_random_uuid(), refresh_lease_until = %s "
            "WHERE id = %s AND (refresh_lease_until IS NULL OR refresh_lease_until < %s) "
            "AND (access_token_encrypted, refresh_token_encrypted) IS NOT DISTINCT FROM (%s::text, %s::text) "
            "RETURNING refresh_lease_token AS token",
            (until, credential_id, now, seen.access, seen.refresh),
        ).fetchone()
        return RefreshClaim(credential_id, row["token"]) if row else None

    def keep_tokens(self, claim: RefreshClaim, tokens: SealedTokens) -> bool:
        """Keeps refreshed tokens under the claim, which ends; a refresh token that does not rotate stays."""
        kept = self._connection.execute(
            "UPDATE api_credentials SET access_token_encrypted = %s, token_expires_at = %s, "
            "refresh_token_encrypted = coalesce(%s, refresh_token_encrypted), needs_reconnect = false, "
            "refresh_lease_token = NULL, refresh_lease_until = NULL, updated_at = now() "
            "WHERE id = %s AND refresh_lease_token = %s",
            (tokens.access, tokens.expires_at, tokens.refresh, claim.credential_id, claim.token),
        )
        return kept.rowcount == 1

    def release_refresh(self, claim: RefreshClaim) -> bool:
        """Ends a claim that brought nothing; False if it was over before."""
        released = self._connection.execute(
            "UPDATE api_credentials SET refresh_lease_token = NULL, refresh_lease_until = NULL "
            "WHERE id = %s AND refresh_lease_token = %s",
            (claim.credential_id, claim.token),
        )
        return released.rowcount == 1

    def mark_synced(self, credential_id: UUID, at: datetime) -> None:
        """Notes up to when everything was synced."""
        self._connection.execute(
            "UPDATE api_credentials SET last_sync_at = %s, last_sync_status = 'SUCCESS', "
            "needs_reconnect = false WHERE id = %s",
            (at, credential_id),
        )

    def problems(self, credential_id: UUID) -> StreamProblems:
        """What keeps streams of the credential from going on, locked until the end of the transaction."""
        row = self._connection.execute(
            "SELECT stream_problems FROM api_credentials WHERE id = %s FOR UPDATE", (credential_id,)
        ).fetchone()
        return dict(row["stream_problems"]) if row else {}

    def keep_problems(self, credential_id: UUID, problems: StreamProblems) -> None:
        """Notes what keeps its streams from going on, since when and why."""
        self._connection.execute(
            "UPDATE api_credentials SET stream_problems = %s WHERE id = %s",
            (Jsonb(problems), credential_id),
        )

    def mark_failed(
        self, credential_id: UUID, at: datetime, *, reconnect: bool, sealed: str | None = None
    ) -> str | None:
        """Notes that a sync ended badly, and whether the owner has to connect again.

        Not where `sealed` is given and something else is kept by now: the owner has connected again.
        Returns the service's name where the owner has to connect again and had not to before.
        """
        row = self._connection.execute(
            MARK_FAILED, (at, reconnect, credential_id, sealed)
        ).fetchone()
        return row["service_name"] if row and row["is_new"] else None


class PgcryptoDecryption:
    """Opens what `pgp_sym_encrypt` sealed, in the database; the key goes there, bound, and is not kept."""

    def __init__(self, database: Database, key: str) -> None:
        self._database = database
        self._key = key

    def __call__(self, stored: str) -> bytes:
        """The secret of a bytea in hex or of an armored text; raises `VaultError` without a part of it."""
        statement = (
            "SELECT public.pgp_sym_decrypt(%s::bytea, %s) AS secret"
            if stored.lstrip().startswith("\\x")
            else "SELECT public.pgp_sym_decrypt(public.dearmor(%s), %s) AS secret"
        )
        try:
            with self._database.transaction() as connection:
                row = connection.execute(statement, (stored.strip(), self._key)).fetchone()
        except (ExternalRoutineInvocationException, DataError):
            raise VaultError(
                "vault: the value of pgcrypto does not open; the key is another one, or the value was "
                "changed or cut off; set the right key in CAPLIQUIFY_PGCRYPTO_KEY or store the "
                "credential again"
            ) from None
        assert row is not None  # noqa: S101 - a function call gives a row
        return str(row["secret"]).encode()
