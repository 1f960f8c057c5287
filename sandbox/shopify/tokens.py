"""Access tokens of one shop: one that never expires, and a rotating pair."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

ACCESS_LIFE_S = 3600
REFRESH_LIFE_S = 90 * 86_400
CLIENT_ID = "sandbox-app"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - a stand-in's secret protects nothing


@dataclass(frozen=True, slots=True)
class Grant:
    """An answer of the token endpoint, and whether it rotated the tokens just now."""

    status: int
    body: Mapping[str, object]
    rotated: bool = False


class Tokens:
    """What may be used, as of a clock in seconds that can be put forward.

    A refresh token that was used gives the same answer again until its successor is used.
    """

    def __init__(
        self,
        access_token: str,
        *,
        refresh_token: str | None = None,
        client: tuple[str, str] = (CLIENT_ID, CLIENT_SECRET),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.rotations = 0
        self._fixed: str | None = access_token
        self._client = client
        self._clock = clock
        self._ahead_s = 0.0
        self._refresh = refresh_token
        self._refresh_until_s = self._now_s() + REFRESH_LIFE_S
        self._seed = refresh_token or access_token
        self._access: dict[str, float] = {}
        self._last: tuple[str, Mapping[str, object]] | None = None

    def accepts(self, token: str | None) -> bool:
        """Whether a request with this token may go on."""
        if token is None:
            return False
        return token == self._fixed or self._access.get(token, 0.0) > self._now_s()

    def put_forward(self, seconds: float) -> None:
        """Lets so many seconds pass."""
        self._ahead_s += seconds

    def revoke(self) -> None:
        """Refuses all tokens from now on, as after the app was removed from the shop."""
        self._fixed = self._refresh = self._last = None
        self._access.clear()

    def exchange(self, form: Mapping[str, str], scope: str) -> Grant:
        """Answers a request for a new access token."""
        if (form.get("client_id"), form.get("client_secret")) != self._client:
            return _refuse("invalid_client", "The client is unknown or its secret is wrong.")
        if form.get("grant_type") != "refresh_token":
            return _refuse("unsupported_grant_type", "Only refresh_token is supported.")
        token = form.get("refresh_token")
        if token and token == self._refresh and self._now_s() < self._refresh_until_s:
            return self._rotate(token, scope)
        if self._last is not None and token == self._last[0]:
            return Grant(200, self._last[1])
        return _refuse("invalid_grant", "The refresh token is expired, revoked or was used.")

    def _rotate(self, used: str, scope: str) -> Grant:
        self.rotations += 1
        access = f"shpat_{self._digest('access')}"
        self._refresh = f"shprt_{self._digest('refresh')}"
        self._access[access] = self._now_s() + ACCESS_LIFE_S
        self._refresh_until_s = self._now_s() + REFRESH_LIFE_S
        body = {
            "access_token": access,
            "expires_in": ACCESS_LIFE_S,
            "refresh_token": self._refresh,
            "refresh_token_expires_in": REFRESH_LIFE_S,
            "scope": scope,
        }
        self._last = (used, body)
        return Grant(200, body, rotated=True)

    def _digest(self, kind: str) -> str:
        return hashlib.sha256(f"{self._seed}:{kind}:{self.rotations}".encode()).hexdigest()[:32]

    def _now_s(self) -> float:
        return self._clock() + self._ahead_s


def _refuse(error: str, description: str) -> Grant:
    return Grant(400, {"error": error, "error_description": description})
