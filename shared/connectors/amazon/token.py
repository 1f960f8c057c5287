"""Access tokens from Login with Amazon; they live an hour, and the refresh token does not rotate."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from shared.domain.token import Tokens
from shared.errors import CredentialRejected, GiveUp, VendorUnavailable
from shared.use_cases.vendors import Answer, Call, VendorApi

PATH = "/auth/o2/token"
REFUSALS = {
    "invalid_grant": "amazon: the refresh token is refused; the seller must connect the account again",
    "invalid_client": (
        "amazon: the client secret is refused; it ends after 180 days: "
        "rotate it in the developer console and store the new one"
    ),
    "unauthorized_client": (
        "amazon: the application may not use this grant; check its authorization in the developer console"
    ),
}


class AmazonTokens:
    """The token endpoint for one application. `api` calls `TOKEN_URL`; `now` is the clock."""

    def __init__(
        self, api: VendorApi, client_id: str, client_secret: str, now: Callable[[], datetime]
    ) -> None:
        self._api = api
        self._client_id, self._client_secret = client_id, client_secret
        self._now = now

    def refresh(self, refresh_token: str) -> Tokens:
        """A new access token; raises `CredentialRejected` when there will never be one again."""
        asked_at = self._now()
        answer = self._api.send(
            Call(
                "POST",
                PATH,
                form={
                    "grant_type": "refresh_token",
                    "refresh_token": refresh_token,
                    "client_id": self._client_id,
                    "client_secret": self._client_secret,
                },
                accepted=frozenset({400, 401, 403}),
            )
        )
        return _read(answer, asked_at)


def _read(answer: Answer, asked_at: datetime) -> Tokens:
    body = answer.body if isinstance(answer.body, Mapping) else {}
    if answer.status != 200:
        raise _refusal(answer.status, str(body.get("error") or ""))
    token, lives_s = body.get("access_token"), body.get("expires_in")
    if not isinstance(token, str) or not token or not isinstance(lives_s, int) or lives_s <= 0:
        raise VendorUnavailable("amazon: the token's answer holds no token")
    return Tokens(token, None, asked_at + timedelta(seconds=lives_s))


def _refusal(status: int, error: str) -> GiveUp:
    if error in REFUSALS:
        return CredentialRejected(REFUSALS[error])
    return GiveUp(f"amazon: the token endpoint answered HTTP {status} ({error[:40] or 'no error'})")
