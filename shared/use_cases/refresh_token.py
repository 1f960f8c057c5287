"""An access token that may be used now; refreshed by one worker at a time.

The vendor is called with no transaction open. New tokens are committed before their first use. A worker that is
killed before that commit leaves the old refresh token in the tables, also where the vendor has answered already:
that answer is lost. Whoever asks next uses the old one once more; the claim of the dead worker ends after
`CLAIM_FOR`. How long that works is the vendor's to say:

- Amazon: always, for its refresh token does not rotate.
- Shopify: until the new one is used, for 30 days at most
  (shopify.dev/changelog/more-resilient-refreshes-for-expiring-offline-access-tokens).
- Xero: for 30 minutes (developer.xero.com/faq/oauth2). Later it refuses the token, and the owner must connect again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from shared.domain.token import RefreshClaim, SealedTokens, Tokens
from shared.errors import CredentialRejected, RateLimited
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from shared.use_cases.ports.vault import Vault
from shared.use_cases.store_credential import credential_place, note_failure

# How long one worker may take to ask; a claim that is older belongs to a worker that is gone.
CLAIM_FOR = timedelta(seconds=60)
POLL_S, LONGEST_WAIT_S = 0.25, 15.0


class TokenSource(Protocol):
    """The vendor's token endpoint."""

    def refresh(self, refresh_token: str) -> Tokens:
        """New tokens; raises `CredentialRejected` when the vendor will never give any again."""


@dataclass(frozen=True, slots=True)
class TokenRefresh:
    """Gives access tokens of a tenant's credentials. `now` and `sleep` are the clock."""

    open_unit_of_work: OpenUnitOfWork
    tenant_id: UUID
    vault: Vault
    source: TokenSource
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    # What the credential held when it was opened: another one is not blamed for its refusal.
    sealed: str | None = None

    def access_token(self, credential_id: UUID, refused: str | None = None) -> str:
        """A token to use now, other than the one that the vendor `refused`.

        Raises `CredentialRejected` when the owner must connect again.
        """
        waited_s = 0.0
        while True:
            token, tokens, claim = self._look(credential_id, refused)
            if token is not None:
                return token
            if claim is not None:
                return self._refresh(tokens, claim)
            if waited_s >= LONGEST_WAIT_S:
                raise RateLimited("token: another worker refreshes it and has not ended", 30.0)
            self.sleep(POLL_S)
            waited_s += POLL_S

    def _look(
        self, credential_id: UUID, refused: str | None
    ) -> tuple[str | None, SealedTokens, RefreshClaim | None]:
        """The token that is good, or what is kept and perhaps the right to renew it."""
        with self.open_unit_of_work() as work:
            tokens = work.credentials.tokens(credential_id)
            if tokens.is_fresh(self.now()):
                token = self._open(credential_id, "access_token_encrypted", tokens.access)
                if token != refused:
                    return token, tokens, None
            until = self.now() + CLAIM_FOR
            claim = work.credentials.claim_refresh(credential_id, tokens, self.now(), until)
            return None, tokens, claim

    def _refresh(self, tokens: SealedTokens, claim: RefreshClaim) -> str:
        try:
            old = self._open(claim.credential_id, "refresh_token_encrypted", tokens.refresh)
            new = self.source.refresh(old)
        except CredentialRejected:
            with self.open_unit_of_work() as work:
                if work.credentials.release_refresh(claim):
                    note_failure(
                        work,
                        claim.credential_id,
                        self.now(),
                        reconnect=True,
                        sealed=self.sealed,
                    )
            raise
        except BaseException:
            # The answer may be lost: whoever asks next tries the old token, while the vendor honours it.
            with self.open_unit_of_work() as work:
                work.credentials.release_refresh(claim)
            raise
        self._keep(claim, new)
        return new.access_token

    def _keep(self, claim: RefreshClaim, new: Tokens) -> None:
        access = self._seal(claim, "access_token_encrypted", new.access_token)
        refresh = None
        if new.refresh_token is not None:
            refresh = self._seal(claim, "refresh_token_encrypted", new.refresh_token)
        kept = SealedTokens(access, refresh, new.expires_at)
        with self.open_unit_of_work() as work:
            if not work.credentials.keep_tokens(claim, kept):
                raise RateLimited("token: another worker has refreshed it meanwhile", 1.0)

    def _seal(self, claim: RefreshClaim, column: str, secret: str) -> str:
        return self.vault.seal(secret.encode(), self._place(claim.credential_id, column))

    def _open(self, credential_id: UUID, column: str, sealed: str | None) -> str:
        if sealed is None:
            raise CredentialRejected(
                "token: there is none to refresh with; connect the account again"
            )
        return self.vault.open(sealed, self._place(credential_id, column)).decode()

    def _place(self, credential_id: UUID, column: str) -> str:
        return credential_place(self.tenant_id, credential_id, column)
