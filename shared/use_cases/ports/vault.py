"""Secrets sealed, and data signed."""

from typing import Protocol


class Signer(Protocol):
    """Proves that data were written by a holder of our keys."""

    def sign(self, data: bytes, purpose: str) -> str: ...
    def verify(self, data: bytes, signature: str, purpose: str) -> None:
        """Raises `VaultError` unless a key of ours has signed this very data for this purpose."""


class Vault(Protocol):
    """Seals and opens secrets; `place` binds a sealed value to where it is kept."""

    @property
    def active_key_id(self) -> str: ...
    def key_id(self, sealed: str) -> str: ...
    def seal(self, secret: bytes, place: str) -> str: ...
    def open(self, sealed: str, place: str) -> bytes: ...
