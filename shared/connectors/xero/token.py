"""Xero's access tokens: half an hour each, and a refresh token that is new each time."""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta

from shared.connectors.xero.credential import XeroCredential
from shared.domain.token import Tokens
from shared.errors import CredentialRejected, VendorUnavailable
from shared.use_cases.vendors import Answer, Call, VendorApi

PATH = "/connect/token"
REFUSED = frozenset({400, 401})


class XeroTokenSource:
    """Asks Xero's identity server for new tokens; `api` is its client, without a secret of its own."""

    def __init__(
        self, api: VendorApi, credential: XeroCredential, now: Callable[[], datetime]
    ) -> None:
        self._api, self._credential, self._now = api, credential, now

    def refresh(self, refresh_token: str) -> Tokens:
        """New tokens; raises `CredentialRejected` when Xero will give none any more.

        An answer may be lost on the way: the token that was used works for 30 more minutes.
        """
        call = Call(
            "POST",
            PATH,
            form={"grant_type": "refresh_token", "refresh_token": refresh_token},
            headers={"Authorization": self._basic(), "Accept": "application/json"},
            accepted=REFUSED,
        )
        asked_at = self._now()
        answer = self._api.send(call)
        if answer.status in REFUSED:
            raise CredentialRejected(_why(answer))
        return _read_tokens(answer.body, asked_at)

    def _basic(self) -> str:
        pair = f"{self._credential.client_id}:{self._credential.client_secret}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _why(answer: Answer) -> str:
    code = answer.body.get("error") if isinstance(answer.body, dict) else None
    if code == "invalid_grant":
        return "xero: the refresh token is used up or revoked (invalid_grant); connect Xero again"
    if code == "invalid_client" or answer.status == 401:
        return "xero: client_id or client_secret is wrong (invalid_client); store the app's own"
    return f"xero: gives no new token (HTTP {answer.status}); connect Xero again"


def _read_tokens(body: object, asked_at: datetime) -> Tokens:
    fields = body if isinstance(body, dict) else {}
    access, refresh = fields.get("access_token"), fields.get("refresh_token")
    try:
        expires_at = asked_at + timedelta(seconds=float(fields["expires_in"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        expires_at = None
    if not (isinstance(access, str) and isinstance(refresh, str) and access and refresh):
        expires_at = None
    if expires_at is None:
        raise VendorUnavailable("xero: the token answer has not its shape")
    return Tokens(str(access), str(refresh), expires_at)
