"""Credentials of vendors, and their tokens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shared.domain.credential import KeptCredential, StoredCredential, StreamProblems
from shared.domain.token import RefreshClaim, SealedTokens


class Credentials(Protocol):
    """Keeps secrets as the vault has sealed them. A service has one credential at most."""

    def reserve(self, company_id: UUID, service_name: str, service_type: str) -> UUID:
        """The id of the service's credential; makes one without a secret if there is none."""

    def store(self, credential_id: UUID, sealed: str, refresh: str | None = None) -> None:
        """Puts sealed secrets in place and makes the credential active. Tokens of before are forgotten."""

    def get(self, service_name: str) -> StoredCredential:
        """The active credential of a service; raises `InvalidInput` where there is none."""

    def find(self, service_name: str) -> StoredCredential | None:
        """The active credential of a service; None where there is none."""

    def connected(self, service_type: str) -> Sequence[str]:
        """The names of the services of a type that can be called, sorted.

        A service cannot be called if it has no secret, is not active, or waits for its owner to connect it again.
        """

    def currencies(self) -> dict[str, str]:
        """The currency of each account, by service, as its vendor gave it at the last pull.

        Services that were removed since are in it.
        """

    def list_kept(self) -> Sequence[KeptCredential]:
        """Every credential, also those that are not active, by service."""

    def reseal(self, credential_id: UUID, column: str, old: str, new: str) -> bool:
        """Puts `new` in the place of `old`; False, and nothing changed, if something else is there by now."""

    def disconnect(self, service_name: str, *, reconnect: bool) -> None:
        """Forgets the secrets of a service. `reconnect` says whether its owner is asked to connect it again."""

    def tokens(self, credential_id: UUID) -> SealedTokens:
        """The tokens, sealed; each is None where there is none."""

    def claim_refresh(
        self, credential_id: UUID, seen: SealedTokens, now: datetime, until: datetime
    ) -> RefreshClaim | None:
        """The right to refresh `seen`, until `until`.

        None if another worker has it, or if other tokens are there by now.
        """

    def keep_tokens(self, claim: RefreshClaim, tokens: SealedTokens) -> bool:
        """Keeps refreshed tokens and ends the claim. Without a refresh token the one of before stays.

        False, and nothing is kept, if the claim is over: another worker has it, or the credential was stored again.
        """

    def release_refresh(self, claim: RefreshClaim) -> bool:
        """Ends a claim that brought nothing; False if it was over before."""

    def mark_synced(self, credential_id: UUID, at: datetime) -> None:
        """Notes a good sync. The owner need not connect again."""

    def problems(self, credential_id: UUID) -> StreamProblems:
        """What keeps streams of the credential from going on. Locked until the end of the transaction."""

    def keep_problems(self, credential_id: UUID, problems: StreamProblems) -> None:
        """Puts these in the place of the problems of before."""

    def mark_failed(
        self,
        credential_id: UUID,
        at: datetime,
        *,
        reconnect: bool,
        sealed: str | None = None,
    ) -> str | None:
        """Notes a sync that ended badly. With `reconnect` the owner is asked to connect again.

        `sealed` is the secret that failed. Where it is given and another one is kept by now, nothing is noted: the
        owner has connected again. Returns the service's name if the owner was not asked before; else None.
        """
