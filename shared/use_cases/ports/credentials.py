"""Credentials of vendors, and their tokens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shared.domain.credential import KeptCredential, StoredCredential, StreamProblems
from shared.domain.token import RefreshClaim, SealedTokens


class Credentials(Protocol):
    def reserve(self, company_id: UUID, service_name: str, service_type: str) -> UUID: ...
    def store(self, credential_id: UUID, sealed: str, refresh: str | None = None) -> None: ...
    def get(self, service_name: str) -> StoredCredential: ...
    def find(self, service_name: str) -> StoredCredential | None: ...
    def connected(self, service_type: str) -> Sequence[str]:
        """The names of the services of a type that can be called, by name."""

    def currencies(self) -> dict[str, str]:
        """The currency of each account by its service, as its vendor said at the last pull."""

    def list_kept(self) -> Sequence[KeptCredential]: ...
    def reseal(self, credential_id: UUID, column: str, old: str, new: str) -> bool:
        """Puts `new` in the place of `old`; False if something else is there by now."""

    def disconnect(self, service_name: str, *, reconnect: bool) -> None:
        """Forgets the secrets of a service; whether its owner is to `reconnect` it."""

    def tokens(self, credential_id: UUID) -> SealedTokens: ...
    def claim_refresh(
        self, credential_id: UUID, seen: SealedTokens, now: datetime, until: datetime
    ) -> RefreshClaim | None:
        """The right to refresh `seen`; None if another worker has it, or other tokens are there by now."""

    def keep_tokens(self, claim: RefreshClaim, tokens: SealedTokens) -> bool:
        """Keeps refreshed tokens and ends the claim; False, and nothing kept, if the claim is over."""

    def release_refresh(self, claim: RefreshClaim) -> bool: ...
    def mark_synced(self, credential_id: UUID, at: datetime) -> None: ...
    def problems(self, credential_id: UUID) -> StreamProblems: ...
    def keep_problems(self, credential_id: UUID, problems: StreamProblems) -> None:
        """Notes what keeps the credential's streams from going on."""

    def mark_failed(
        self,
        credential_id: UUID,
        at: datetime,
        *,
        reconnect: bool,
        sealed: str | None = None,
    ) -> str | None:
        """Notes a failure; asks to connect again only if `sealed` is still what is kept, where it is given.

        Returns the service's name where it is the first to ask.
        """
