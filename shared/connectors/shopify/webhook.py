"""Shopify's signature on a webhook: base64 of HMAC-SHA256 over the raw body."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

SIGNATURE = "x-shopify-hmac-sha256"


def is_signed(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    """Whether the body was signed with this secret; header names in any case. An empty secret signs nothing."""
    given = next((value for name, value in headers.items() if name.lower() == SIGNATURE), "")
    expected = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
    # Bytes, so that a signature with letters that base64 has not is unequal and no error.
    return bool(secret) and hmac.compare_digest(expected, given.encode())
