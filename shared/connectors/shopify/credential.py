"""What opens a Shopify shop."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.errors import InvalidInput

SHOP_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")


@dataclass(frozen=True, slots=True)
class ShopifyCredential:
    """The shop's permanent domain and an Admin API access token, which is never shown."""

    shop_domain: str
    access_token: str = field(repr=False)
    # The app's secret, which signs its webhooks; empty where none are expected.
    webhook_secret: str = field(repr=False, default="")

    @classmethod
    def parse(cls, secret: Mapping[str, str]) -> "ShopifyCredential":
        """The credential of a JSON object; raises `InvalidInput` naming the field, never its value."""
        unknown = sorted(set(secret) - {"shop_domain", "access_token", "webhook_secret"})
        if unknown:
            raise InvalidInput(
                f"{unknown[0][:40]}: give shop_domain, access_token and webhook_secret only"
            )
        domain, token = secret.get("shop_domain", ""), secret.get("access_token", "")
        if not SHOP_DOMAIN.fullmatch(domain):
            raise InvalidInput("shop_domain: write the shop's own domain, like acme.myshopify.com")
        if not token or not all("!" <= character <= "~" for character in token):
            raise InvalidInput("access_token: is missing or holds a character that no token has")
        return cls(domain, token, secret.get("webhook_secret", ""))
