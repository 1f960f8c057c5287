"""What the account that a credential opens says of itself."""

from uuid import UUID

from psycopg.rows import class_row

from shared.domain.credential import VendorAccount
from shared.persistence.database import Connection

KEEP = """
INSERT INTO vendor_accounts AS kept (credential_id, account, timezone, currency)
SELECT %(id)s, %(account)s, %(timezone)s, %(currency)s
WHERE NOT %(known)s OR EXISTS (SELECT FROM vendor_accounts WHERE credential_id = %(id)s)
ON CONFLICT (credential_id) DO UPDATE SET account = excluded.account, timezone = excluded.timezone,
    currency = excluded.currency, updated_at = now()
WHERE %(known)s AND (kept.account, kept.timezone, kept.currency)
    IS NOT DISTINCT FROM (%(old_account)s::text, %(old_timezone)s::text, %(old_currency)s::text)
"""


class VendorAccountRepository:
    """One account for each credential."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, credential_id: UUID) -> VendorAccount | None:
        """Whom the credential opens; None before its first pull."""
        with self._connection.cursor(row_factory=class_row(VendorAccount)) as cursor:
            return cursor.execute(
                "SELECT account, timezone, currency FROM vendor_accounts WHERE credential_id = %s",
                (credential_id,),
            ).fetchone()

    def keep(self, credential_id: UUID, old: VendorAccount | None, new: VendorAccount) -> bool:
        """Notes whom the credential opens; False if something else than `old` is there by now."""
        before = old or VendorAccount(None, None, None)
        kept = self._connection.execute(
            KEEP,
            {
                "id": credential_id,
                "known": old is not None,
                "account": new.account,
                "timezone": new.timezone,
                "currency": new.currency,
                "old_account": before.account,
                "old_timezone": before.timezone,
                "old_currency": before.currency,
            },
        )
        return kept.rowcount == 1
