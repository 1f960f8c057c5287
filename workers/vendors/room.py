"""What every vendor's connector is built from, for one tenant and one job."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import redis

from shared.domain.credential import StoredCredential
from shared.domain.limit import Limit, NoLimit, Quota
from shared.http.access import Access, TokenAccess
from shared.http.admission import Circuit, NoCircuit
from shared.http.client import VendorHttp
from shared.http.limits import SharedLimit
from shared.observability.metrics import VENDOR_CALLS
from shared.security.redaction import remember_secret
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from shared.use_cases.ports.vault import Vault
from shared.use_cases.refresh_token import TokenRefresh, TokenSource
from shared.use_cases.store_credential import credential_place, open_credential
from workers.settings import Settings

# A claim to refresh lasts a minute: two tries end within it.
TOKEN_READ_S, TOKEN_CALL_S, TOKEN_ATTEMPTS = 8.0, 10.0, 2


@dataclass(frozen=True, slots=True)
class VendorRoom:
    """`on_call` is called for each request that left."""

    settings: Settings
    vault: Vault
    tenant_id: UUID
    open_unit_of_work: OpenUnitOfWork
    on_call: Callable[[], None]
    now: Callable[[], datetime]
    # Made of a vendor and its region; nobody's where no job asks.
    circuit: Callable[[str], Circuit] = lambda _name: NoCircuit()

    def secret(self, stored: StoredCredential) -> dict[str, str]:
        """The credential in the clear; its values are never shown from now on."""
        secret = open_credential(self.vault, self.tenant_id, stored)
        for name, value in secret.items():
            if name.endswith(("token", "secret")):
                remember_secret(value)
        return secret

    def refresh_token(self, stored: StoredCredential) -> str:
        """The refresh token in the clear, empty where there is none; it is never shown from now on."""
        column = "refresh_token_encrypted"
        with self.open_unit_of_work() as work:
            sealed = work.credentials.tokens(stored.id).refresh
        if sealed is None:
            return ""
        opened = self.vault.open(sealed, credential_place(self.tenant_id, stored.id, column))
        remember_secret(opened.decode())
        return opened.decode()

    def http(
        self, vendor: str, base_url: str, access: Access | Mapping[str, str], region: str = ""
    ) -> VendorHttp:
        """A client of the vendor's data in a region, where it has several."""
        return VendorHttp(
            vendor,
            base_url,
            access,
            attempts=self.settings.vendor_attempts,
            on_answer=self._hear(vendor),
            circuit=self.circuit(f"{vendor} {region}".rstrip()),
        )

    def token_http(self, vendor: str, base_url: str) -> VendorHttp:
        """A client of the vendor's token endpoint, which must be quick."""
        return VendorHttp(
            vendor,
            base_url,
            {},
            attempts=TOKEN_ATTEMPTS,
            read_s=TOKEN_READ_S,
            total_s=TOKEN_CALL_S,
            on_answer=self._hear(vendor),
            circuit=self.circuit(f"{vendor} login"),
        )

    def token_access(
        self, stored: StoredCredential, source: TokenSource, header: str, prefix: str = ""
    ) -> TokenAccess:
        """Headers with an access token that is refreshed by one worker at a time."""
        refresh = TokenRefresh(
            self.open_unit_of_work,
            self.tenant_id,
            self.vault,
            source,
            now=self.now,
            sleep=time.sleep,
            sealed=stored.sealed,
        )

        def token(refused: str | None) -> str:
            found = refresh.access_token(stored.id, refused)
            remember_secret(found)
            return found

        return TokenAccess(header, token, prefix=prefix)

    @contextmanager
    def limits(self) -> Iterator[Callable[[str, Quota], Limit]]:
        """Makes limits by account, of this tenant, shared by all workers through Redis, where there is one."""
        url = self.settings.redis_url
        if url is None:
            yield lambda _account, _quota: NoLimit()
            return
        # Calls must not wait long for what only spares them a refusal.
        with redis.Redis.from_url(
            url.get_secret_value(), socket_timeout=2.0, socket_connect_timeout=2.0
        ) as client:

            def make(account: str, quota: Quota) -> Limit:
                longest_wait_s = self.settings.longest_limit_wait_s
                return SharedLimit(
                    client,
                    account,
                    quota,
                    tenant=str(self.tenant_id),
                    longest_wait_s=longest_wait_s,
                    sleep=time.sleep,
                )

            yield make

    def _hear(self, vendor: str) -> Callable[[str], None]:
        def on_answer(status: str) -> None:
            VENDOR_CALLS.labels(vendor, status).inc()
            self.on_call()

        return on_answer
