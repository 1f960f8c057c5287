"""Secrets that pgcrypto sealed before there was a vault: still opened, never written again."""

from collections.abc import Callable

from shared.errors import KeyMissing
from shared.security.sealed import is_pgcrypto, sealing_key
from shared.security.vault import AesGcmVault

# Opens one such value; the database does it, since the format is its own.
PgcryptoReader = Callable[[str], bytes]


def refuse_without_key(_stored: str) -> bytes:
    """The reader of a system that has no pgcrypto key."""
    raise KeyMissing(
        "vault: the value was sealed by pgcrypto; set CAPLIQUIFY_PGCRYPTO_KEY to read and upgrade it, "
        "or store the credential again"
    )


class UpgradingVault:
    """Opens today's form and pgcrypto's; seals today's only, so that every write is an upgrade."""

    def __init__(self, today: AesGcmVault, read_pgcrypto: PgcryptoReader) -> None:
        self._today = today
        self._read_pgcrypto = read_pgcrypto

    @property
    def active_key_id(self) -> str:
        """The key that seals."""
        return self._today.active_key_id

    def key_id(self, sealed: str) -> str:
        """The key that sealed this value; pgcrypto's have a name that no key can have."""
        return sealing_key(sealed)

    def seal(self, secret: bytes, place: str) -> str:
        """The sealed text, in today's form."""
        return self._today.seal(secret, place)

    def open(self, sealed: str, place: str) -> bytes:
        """The secret; a value of pgcrypto is bound to no place."""
        return (
            self._read_pgcrypto(sealed) if is_pgcrypto(sealed) else self._today.open(sealed, place)
        )

    def sign(self, data: bytes, purpose: str) -> str:
        """A code that only a holder of the active key can make."""
        return self._today.sign(data, purpose)

    def verify(self, data: bytes, signature: str, purpose: str) -> None:
        """Raises `VaultError` unless a key of ours has signed this very data for this purpose."""
        self._today.verify(data, signature, purpose)
