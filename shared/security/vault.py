"""AES-256-GCM for secrets at rest; the key never reaches the database.

A sealed value is text: `clq1.<key id>.<base64url of nonce (12 bytes) | ciphertext | tag (16 bytes)>`,
without padding. The additional data is the place that the value is kept in,
`<schema>/<table>/<column>/<row id>`, so that a value copied to another row or tenant does not open.
"""

import base64
import binascii
import hmac
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.errors import KeyMissing, VaultError
from shared.security.sealed import FORMAT, KEY_ID, sealing_key, split_sealed

NONCE_BYTES = 12
KEY_BYTES = 32


class KeyRing:
    """Keys by id; the active one seals, all of them open. Its text shows no key."""

    def __init__(self, keys: Mapping[str, bytes], active_id: str) -> None:
        for key_id, key in keys.items():
            if not KEY_ID.fullmatch(key_id):
                # Not shown: where the colon is missing, this is the key itself.
                raise VaultError(
                    "vault keys: an id may have A-Z, a-z, 0-9, - and _ only, 32 at most; "
                    "write <id>:<base64 of 32 bytes>"
                )
            if len(key) != KEY_BYTES:
                raise VaultError(
                    f"vault keys: key {key_id!r} must have 32 bytes, it has {len(key)}"
                )
        if active_id not in keys:
            raise KeyMissing(
                "vault keys: no key is set; set CAPLIQUIFY_VAULT_KEYS to <id>:<base64>"
            )
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        # Another key for another use: what is signed says nothing of what is sealed.
        self._signing = {
            key_id: hmac.digest(key, b"capliquify signature", "sha256")
            for key_id, key in keys.items()
        }
        self.active_id = active_id

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """A ring from `<id>:<base64 of 32 bytes>`, several divided by commas; the first is active."""
        keys: dict[str, bytes] = {}
        for part in filter(None, (each.strip() for each in text.split(","))):
            key_id, colon, encoded = part.partition(":")
            if not colon:
                raise VaultError("vault keys: a key has no id; write <id>:<base64 of 32 bytes>")
            if key_id in keys:
                raise VaultError("vault keys: an id stands twice; give every key an id of its own")
            try:
                keys[key_id] = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                raise VaultError(
                    "vault keys: a key is not base64; write <id>:<base64 of 32 bytes>"
                ) from None
        return cls(keys, next(iter(keys), ""))

    @classmethod
    def generate(cls, key_id: str = "k1") -> str:
        """The text of a new ring with one random key."""
        return f"{key_id}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"

    def cipher(self, key_id: str) -> AESGCM:
        """The cipher of a key; raises `VaultError` for an id that is not on the ring."""
        try:
            return self._ciphers[key_id]
        except KeyError:
            raise KeyMissing(
                f"vault: the value was sealed with key {key_id!r}, which is not on the key ring; "
                "add it to CAPLIQUIFY_VAULT_KEYS"
            ) from None

    def code(self, key_id: str, data: bytes, purpose: str) -> str:
        """The authentication code of data under a key; raises `VaultError` for an id that is not on the ring."""
        if key_id not in self._signing:
            raise VaultError(
                f"vault: it was signed with key {key_id!r}, which is not on the key ring; "
                "add it to CAPLIQUIFY_VAULT_KEYS"
            )
        return hmac.digest(self._signing[key_id], purpose.encode() + b"\0" + data, "sha256").hex()

    @property
    def ids(self) -> frozenset[str]:
        """The keys' ids."""
        return frozenset(self._ciphers)

    def __repr__(self) -> str:
        return f"KeyRing(ids={sorted(self._ciphers)}, active={self.active_id!r})"


class AesGcmVault:
    """Seals and opens secrets with the keys of a ring."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    @property
    def active_key_id(self) -> str:
        """The key that seals."""
        return self._keys.active_id

    def key_id(self, sealed: str) -> str:
        """The key that sealed this value; raises `VaultError` for what is no sealed value."""
        return sealing_key(sealed)

    def seal(self, secret: bytes, place: str) -> str:
        """The sealed text of a secret that is to be kept at `place`."""
        nonce = os.urandom(NONCE_BYTES)
        cipher = self._keys.cipher(self._keys.active_id)
        sealed = nonce + cipher.encrypt(nonce, secret, place.encode())
        encoded = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
        return f"{FORMAT}.{self._keys.active_id}.{encoded}"

    def open(self, sealed: str, place: str) -> bytes:
        """The secret; raises `VaultError` if the text, its place or the key is not the right one."""
        key_id, encoded = split_sealed(sealed)
        try:
            raw = _decode(encoded)
            return self._keys.cipher(key_id).decrypt(
                raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.encode()
            )
        except (InvalidTag, binascii.Error, ValueError):
            raise VaultError(
                f"vault: the secret does not open with key {key_id!r}; the key is another one, "
                "or the value was changed, cut off or moved; set the right key in CAPLIQUIFY_VAULT_KEYS "
                "or store the credential again"
            ) from None

    def sign(self, data: bytes, purpose: str) -> str:
        """A code that only a holder of the active key can make, as `<key id>.<hex>`."""
        key_id = self._keys.active_id
        return f"{key_id}.{self._keys.code(key_id, data, purpose)}"

    def verify(self, data: bytes, signature: str, purpose: str) -> None:
        """Raises `VaultError` unless a key of the ring has signed this very data for this purpose."""
        key_id, _, code = signature.strip().partition(".")
        if not KEY_ID.fullmatch(key_id) or not hmac.compare_digest(
            self._keys.code(key_id, data, purpose).encode(), code.encode()
        ):
            raise VaultError("vault: the signature is not of our key, or the data were changed")


def _decode(encoded: str) -> bytes:
    # Half the time of base64.urlsafe_b64decode, on the way of every vendor call.
    standard = encoded.replace("-", "+").replace("_", "/")
    return binascii.a2b_base64(standard + "=" * (-len(encoded) % 4))
