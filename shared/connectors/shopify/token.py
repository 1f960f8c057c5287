"""Shopify's expiring access tokens: an hour each, and a refresh token that rotates."""

from collections.abc import Callable
from datetime import datetime, timedelta

from shared.connectors.shopify.credential import ShopifyCredential
from shared.domain.token import Tokens
from shared.errors import CredentialRejected, VendorUnavailable
from shared.use_cases.vendors import Call, VendorApi

REFUSED = frozenset({400, 401})


class ShopifyTokenSource:
    """Asks the shop for new tokens with the app's own id and secret."""

    def __init__(
        self, api: VendorApi, credential: ShopifyCredential, now: Callable[[], datetime]
    ) -> None:
        self._api, self._credential, self._now = api, credential, now

    def refresh(self, refresh_token: str) -> Tokens:
        """New tokens; raises `CredentialRejected` when the shop will give none any more."""
        form = {
            "client_id": self._credential.client_id,
            "client_secret": self._credential.client_secret,
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
        }
        call = Call("POST", "/admin/oauth/access_token", form=form, accepted=REFUSED)
        asked_at = self._now()
        answer = self._api.send(call)
        if answer.status in REFUSED:
            raise CredentialRejected(
                "shopify: the shop gives no new token (invalid_grant); connect the shop again"
            )
        body = answer.body if isinstance(answer.body, dict) else {}
        try:
            expires_at = asked_at + timedelta(seconds=float(body["expires_in"]))
            return Tokens(str(body["access_token"]), str(body["refresh_token"]), expires_at)
        except (KeyError, TypeError, ValueError):
            raise VendorUnavailable("shopify: the token answer has not its shape") from None
