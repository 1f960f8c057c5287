"""Secrets sealed, and data signed."""

from typing import Protocol


class Signer(Protocol):
    """Proves that data were written by a holder of our keys."""

    def sign(self, data: bytes, purpose: str) -> str:
        """A signature that only a holder of the active key can make. `purpose` keeps signatures of two uses apart."""

    def verify(self, data: bytes, signature: str, purpose: str) -> None:
        """Raises `VaultError` unless a key of ours has signed exactly this data for this purpose."""


class Vault(Protocol):
    """Seals and opens secrets; `place` binds a sealed value to where it is kept."""

    @property
    def active_key_id(self) -> str:
        """The id of the key that seals."""

    def key_id(self, sealed: str) -> str:
        """The id of the key that sealed this value; raises `VaultError` for what is no sealed value."""

    def seal(self, secret: bytes, place: str) -> str:
        """The sealed text of a secret, by the active key."""

    def open(self, sealed: str, place: str) -> bytes:
        """The secret; raises `VaultError` where text, place or key is not the right one."""
