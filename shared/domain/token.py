"""Access tokens that expire, and the refresh tokens that bring new ones."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

# A token is renewed this long before it ends: a call that leaves now must not arrive too late.
MARGIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a vendor gave: the access token until `expires_at`, and the next refresh token if it rotates."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SealedTokens:
    """The same as it is kept; any part may be missing."""

    access: str | None
    refresh: str | None
    expires_at: datetime | None

    def is_fresh(self, now: datetime) -> bool:
        """Whether the access token may still be used."""
        return (
            self.access is not None
            and self.expires_at is not None
            and now < self.expires_at - MARGIN
        )


@dataclass(frozen=True, slots=True)
class RefreshClaim:
    """The right to refresh one credential's tokens, for a while."""

    credential_id: UUID
    token: UUID
