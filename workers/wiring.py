"""The composition root: the only place that builds pools, clients, connectors and the vault."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from schedules.reactions import react
from shared.closing import Closing
from shared.domain.events import React
from shared.domain.job import Lease
from shared.errors import KeyMissing, ServiceError, VaultError
from shared.persistence.database import Database
from shared.persistence.jobs.job_ledger import JobLedger
from shared.persistence.jobs.leases import Leases
from shared.persistence.jobs.vendor_circuits import Circuits
from shared.persistence.repositories.credentials import PgcryptoDecryption
from shared.persistence.server_clock import ServerClock
from shared.persistence.tenants.lifecycle import TenantLifecycle
from shared.persistence.tenants.registry import TenantRegistry
from shared.persistence.unit_of_work import Fence, unit_of_work_opener
from shared.security.pgcrypto import UpgradingVault, refuse_without_key
from shared.security.redaction import remember_secret
from shared.security.vault import AesGcmVault, KeyRing
from shared.use_cases.ports.forecasts import Forecaster as AnyForecaster
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from workers.heartbeat import Heartbeat
from workers.settings import Settings

if TYPE_CHECKING:
    from workers.vendors.room import VendorRoom


@dataclass(frozen=True, slots=True)
class Wiring(Closing):
    """What a process works with."""

    settings: Settings
    # Work inside one tenant; scans and the ledger across tenants; an operator's changes.
    database: Database
    dispatcher: Database
    admin: Database
    heartbeat: Heartbeat
    clock: ServerClock

    @property
    def ledger(self) -> JobLedger:
        """The ledger as a worker uses it: one tenant's jobs at a time."""
        return JobLedger(self.database)

    @property
    def leases(self) -> Leases:
        """What a worker writes about the jobs that it was sent."""
        return Leases(self.database, self.settings.lease_s)

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
    def forecaster(self) -> AnyForecaster:
        """All members and their ensemble."""
        from shared.forecasting.tenant_forecaster import (  # noqa: PLC0415 - numpy is slow to load
            TenantForecaster,
        )

        return TenantForecaster()

    def unit_of_work(
        self, tenant_id: UUID, *, lease: Lease | None = None, actor: str, react: React = react
    ) -> OpenUnitOfWork:
        """Opens units of work of one tenant; under a lease, each of them holds it."""
        fence = None if lease is None else Fence(lease, self.settings.lease_s)
        return unit_of_work_opener(self.database, tenant_id, react=react, fence=fence, actor=actor)

    def registry(self, actor: str = "operator") -> TenantRegistry:
        """All tenants, as an operator; `actor` stands in the audit log."""
        return TenantRegistry(self.admin, actor)

    def lifecycle(self, actor: str) -> TenantLifecycle:
        """Changes tenants as an operator; `actor` stands in the audit log."""
        return TenantLifecycle(self.admin, actor, react)

    def vendor_room(
        self,
        tenant_id: UUID,
        open_unit_of_work: OpenUnitOfWork,
        on_call: Callable[[], None],
        now: Callable[[], datetime] | None = None,
        job_id: UUID | None = None,
    ) -> "VendorRoom":
        """What a tenant's connectors are built from; `now` is PostgreSQL's if None.

        A job asks no vendor that others have found away; who is no job asks as often as he likes.
        """
        from workers.vendors.job_circuit import JobCircuit  # noqa: PLC0415 - with its room
        from workers.vendors.room import VendorRoom  # noqa: PLC0415 - httpx is slow to load

        now = now or self.clock.now
        room = VendorRoom(self.settings, self.vault, tenant_id, open_unit_of_work, on_call, now)
        if job_id is None:
            return room
        circuits = Circuits(self.database)
        return replace(room, circuit=lambda name: JobCircuit(circuits, name, tenant_id, job_id))


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
    clock = ServerClock(worker)
    return Wiring(settings, worker, login("dispatcher"), login("admin"), heartbeat, clock)


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
    raise KeyMissing(
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
