"""What opens a Shopify shop."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from shared.errors import InvalidInput

SHOP_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")


@dataclass(frozen=True, slots=True)
class ShopifyCredential:
    """The shop's permanent domain and what lets us in; no secret of it is ever shown.

    Either an access token that does not expire, or a refresh token with the app's id and secret.
    """

    shop_domain: str
    access_token: str = field(repr=False, default="")
    refresh_token: str = field(repr=False, default="")
    client_id: str = ""
    client_secret: str = field(repr=False, default="")
    # The app's secret, which signs its webhooks; empty where none are expected.
    webhook_secret: str = field(repr=False, default="")

    @property
    def expires(self) -> bool:
        """Whether its access tokens do, so that they must be refreshed."""
        return bool(self.client_id)

    @classmethod
    def parse(cls, secret: Mapping[str, str]) -> "ShopifyCredential":
        """The credential of a JSON object; raises `InvalidInput` naming the field, never its value."""
        known = [each.name for each in fields(cls)]
        unknown = sorted(set(secret) - set(known))
        if unknown:
            raise InvalidInput(f"{unknown[0][:40]}: is not known; there are {', '.join(known)}")
        credential = cls(**{"shop_domain": "", **secret})
        if not SHOP_DOMAIN.fullmatch(credential.shop_domain):
            raise InvalidInput("shop_domain: write the shop's own domain, like acme.myshopify.com")
        if bool(credential.client_id) != bool(credential.client_secret):
            raise InvalidInput("client_secret: goes with client_id; give both or neither")
        if credential.refresh_token and not credential.expires:
            raise InvalidInput("client_id: is needed to use the refresh_token; give the app's id")
        if not credential.expires and not _is_token(credential.access_token):
            raise InvalidInput("access_token: is missing or holds a character that no token has")
        return credential


def _is_token(text: str) -> bool:
    return bool(text) and all("!" <= character <= "~" for character in text)
