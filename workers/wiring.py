"""The composition root: the only place that builds pools, clients, connectors and the vault."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from uuid import UUID

import redis

from shared.config import Settings
from shared.connectors.shopify.client import SMALLEST_QUOTA, ShopifyClient
from shared.connectors.shopify.connector import ShopifyConnector
from shared.connectors.shopify.credential import ShopifyCredential
from shared.connectors.shopify.webhook import is_signed
from shared.domain.job import Lease
from shared.domain.limit import Limit, NoLimit, Quota
from shared.domain.webhook import Delivery
from shared.errors import InvalidInput, ServiceError, VaultError
from shared.http.client import VendorHttp
from shared.http.limits import SharedLimit
from shared.observability.metrics import VENDOR_CALLS
from shared.persistence.database import Database
from shared.persistence.leases import Leases
from shared.persistence.ledger import JobLedger
from shared.persistence.repositories.credentials import PgcryptoDecryption
from shared.persistence.unit_of_work import Fence, unit_of_work_opener
from shared.security.pgcrypto import UpgradingVault, refuse_without_key
from shared.security.redaction import remember_secret
from shared.security.vault import AesGcmVault, KeyRing
from shared.use_cases import ports
from shared.use_cases.ports import OpenUnitOfWork, ShopConnector, StoredCredential
from shared.use_cases.store_credential import open_credential
from workers.heartbeat import Heartbeat


@dataclass(frozen=True, slots=True)
class Wiring:
    """What a process works with."""

    settings: Settings
    # Work inside one tenant; scans and the ledger across tenants; an operator's changes.
    database: Database
    dispatcher: Database
    admin: Database
    heartbeat: Heartbeat

    @property
    def ledger(self) -> JobLedger:
        """The ledger as a worker uses it: one tenant's jobs at a time."""
        return JobLedger(self.database)

    @property
    def leases(self) -> Leases:
        """What a worker writes about the jobs that it was sent."""
        return Leases(self.database, self.settings.lease_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes all connections."""
        self.heartbeat.stop()
        for database in (self.database, self.dispatcher, self.admin):
            database.close()

    @property
    def vault(self) -> UpgradingVault:
        """The vault with the keys of the settings; raises `VaultError` without a key ring."""
        key = self.settings.pgcrypto_key
        reader = PgcryptoDecryption(self.database, key.get_secret_value()) if key else None
        return UpgradingVault(
            AesGcmVault(read_key_ring(self.settings)), reader or refuse_without_key
        )

    @property
    def forecaster(self) -> ports.Forecaster:
        """All models and their ensemble."""
        from shared.forecasting.forecaster import Forecaster  # noqa: PLC0415 - numpy is slow to load

        return Forecaster()

    def unit_of_work(
        self, tenant_id: UUID, *, lease: Lease | None = None, actor: str
    ) -> OpenUnitOfWork:
        """Opens units of work of one tenant; under a lease, each of them holds it."""
        fence = None if lease is None else Fence(lease, self.settings.lease_s)
        return unit_of_work_opener(self.database, tenant_id, fence=fence, actor=actor)

    @contextmanager
    def shop(
        self, tenant_id: UUID, stored: StoredCredential, on_call: Callable[[], None]
    ) -> Iterator[ShopConnector]:
        """The connector of a credential, opened as late as can be and closed with the block.

        `on_call` is told of each request that left.
        """
        credential = ShopifyCredential.parse(open_credential(self.vault, tenant_id, stored))
        remember_secret(credential.access_token)
        base_url = self.settings.shopify_base_url.replace("{shop_domain}", credential.shop_domain)
        headers = {"X-Shopify-Access-Token": credential.access_token}
        attempts = self.settings.vendor_attempts

        def on_answer(status: str) -> None:
            VENDOR_CALLS.labels("shopify", status).inc()
            on_call()

        with (
            VendorHttp(
                "shopify", base_url, headers, attempts=attempts, on_answer=on_answer
            ) as http,
            self._limit(f"shopify:{credential.shop_domain}", SMALLEST_QUOTA) as limit,
        ):
            yield ShopifyConnector(ShopifyClient(http, limit), stored.service_name)

    def webhook_check(
        self, tenant_id: UUID, open_unit_of_work: OpenUnitOfWork
    ) -> Callable[[Delivery], bool]:
        """Says whether a delivery was signed with the secret of its credential, or with the app's."""

        def check(delivery: Delivery) -> bool:
            secret = self._webhook_secret(tenant_id, open_unit_of_work, delivery.channel)
            remember_secret(secret)
            return is_signed(delivery.body or b"", delivery.headers, secret)

        return check

    def _webhook_secret(
        self, tenant_id: UUID, open_unit_of_work: OpenUnitOfWork, channel: str
    ) -> str:
        given = self.settings.shopify_webhook_secret
        app_secret = "" if given is None else given.get_secret_value()
        try:
            with open_unit_of_work() as work:
                stored = work.credentials.get(channel)
        except InvalidInput:
            # A shop that has gone is still told of: by the app's own secret.
            return app_secret
        opened = open_credential(self.vault, tenant_id, stored)
        return ShopifyCredential.parse(opened).webhook_secret or app_secret

    @contextmanager
    def _limit(self, account: str, quota: Quota) -> Iterator[Limit]:
        """The account's limit, shared by all workers through Redis, where there is one."""
        url = self.settings.redis_url
        if url is None:
            yield NoLimit()
            return
        # Calls must not wait long for what only spares them a refusal.
        with redis.Redis.from_url(
            url.get_secret_value(), socket_timeout=2.0, socket_connect_timeout=2.0
        ) as client:
            longest_wait_s = self.settings.longest_limit_wait_s
            yield SharedLimit(
                client, account, quota, longest_wait_s=longest_wait_s, sleep=time.sleep
            )


def build_wiring(settings: Settings) -> Wiring:
    """Opens the pools, whose connections are made when needed; raises `ServiceError` without a URL."""

    for secret in settings.secrets():
        remember_secret(secret)

    def login(name: str) -> Database:
        url = settings.url_of(name)
        if url is None:
            raise ServiceError("DATABASE_URL: is not set; `capliquify services env` prints it")
        return Database(url, pool_max=settings.pool_max, name=f"capliquify {name}").open()

    worker = login("worker")
    heartbeat = Heartbeat(Leases(worker, settings.lease_s), settings.heartbeat_s)
    return Wiring(settings, worker, login("dispatcher"), login("admin"), heartbeat)


def read_key_ring(settings: Settings) -> KeyRing:
    """The key ring from the environment, or from the file that it names."""
    if settings.vault_keys is not None:
        return KeyRing.parse(settings.vault_keys.get_secret_value())
    if settings.vault_keys_file is not None:
        try:
            return KeyRing.parse(settings.vault_keys_file.read_text(encoding="utf-8").strip())
        except OSError as error:
            raise VaultError(
                f"CAPLIQUIFY_VAULT_KEYS_FILE: cannot be read: {error.strerror}"
            ) from None
    raise VaultError(
        "vault keys: no key is set; set CAPLIQUIFY_VAULT_KEYS to <id>:<base64 of 32 bytes>"
    )


_current: list[Wiring] = []
# A parent's pools, seen by a forked child: kept and never used, since their end would be the parent's to make.
_inherited: list[Wiring] = []


def open_wiring() -> None:
    """Builds this process's wiring from its environment; a forked child must not share its parent's."""
    _inherited.extend(_current)
    _current[:] = [build_wiring(Settings.read())]


def close_wiring() -> None:
    """Closes this process's connections."""
    while _current:
        _current.pop().close()


def current_wiring() -> Wiring:
    """The wiring of this process, built at first use."""
    if not _current:
        open_wiring()
    return _current[0]
