"""The identity server: a refresh token that rotates, and works for half an hour after it was used."""

import base64
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

ACCESS_LIFE_S = 1800
REFRESH_LIFE_S = 60 * 86_400
GRACE_S = 1800
CLIENT_ID = "sandbox-app"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - a stand-in's secret protects nothing


@dataclass(frozen=True, slots=True)
class XeroGrant:
    """An answer of the token endpoint."""

    status: int
    body: Mapping[str, object]


class XeroTokens:
    """What may be used, as of a clock in seconds that can be put forward."""

    def __init__(
        self, access_token: str, refresh_token: str, clock: Callable[[], float] = time.time
    ) -> None:
        self.rotations = 0
        self._fixed: str | None = access_token
        self._seed = refresh_token
        self._clock = clock
        self._ahead_s = 0.0
        self._access: dict[str, float] = {}
        self._refresh = {refresh_token: self.now_s() + REFRESH_LIFE_S}

    def now_s(self) -> float:
        """The clock, with what it was put forward."""
        return self._clock() + self._ahead_s

    def put_forward(self, seconds: float) -> None:
        """Lets so many seconds pass."""
        self._ahead_s += seconds

    def revoke(self) -> None:
        """Refuses all tokens from now on, as after somebody disconnected the app."""
        self._fixed = None
        self._refresh.clear()
        self._access.clear()

    def accepts(self, authorization: str | None) -> bool:
        """Whether a request with this header may go on."""
        token = (authorization or "").removeprefix("Bearer ")
        return token == self._fixed or self._access.get(token, 0.0) > self.now_s()

    def exchange(self, form: Mapping[str, str], authorization: str | None) -> XeroGrant:
        """Answers a request for new tokens."""
        if not _is_client(form, authorization):
            return XeroGrant(400, {"error": "invalid_client"})
        if form.get("grant_type") != "refresh_token":
            return XeroGrant(400, {"error": "unsupported_grant_type"})
        used = form.get("refresh_token", "")
        if self._refresh.get(used, 0.0) <= self.now_s():
            return XeroGrant(400, {"error": "invalid_grant"})
        return XeroGrant(200, self._rotate(used))

    def _rotate(self, used: str) -> dict[str, object]:
        self.rotations += 1
        access, refresh = self._digest("access"), self._digest("refresh")
        self._refresh[used] = min(self._refresh[used], self.now_s() + GRACE_S)
        self._refresh[refresh] = self.now_s() + REFRESH_LIFE_S
        self._access[access] = self.now_s() + ACCESS_LIFE_S
        return {
            "access_token": access,
            "expires_in": ACCESS_LIFE_S,
            "token_type": "Bearer",
            "refresh_token": refresh,
            "scope": "offline_access accounting.reports.read accounting.transactions.read",
        }

    def _digest(self, kind: str) -> str:
        text = f"{self._seed}:{kind}:{self.rotations}"
        return hashlib.sha256(text.encode()).hexdigest()[:43]


def _is_client(form: Mapping[str, str], authorization: str | None) -> bool:
    pair = f"{CLIENT_ID}:{CLIENT_SECRET}"
    if authorization == f"Basic {base64.b64encode(pair.encode()).decode()}":
        return True
    return f"{form.get('client_id')}:{form.get('client_secret')}" == pair
