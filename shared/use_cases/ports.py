"""What the use cases need from the outside, as Protocols; `workers.wiring` brings the real ones."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from shared.domain.accounts import ClosedInvoice, DayBalances, OpenInvoice
from shared.domain.accuracy import ScoreResult
from shared.domain.credential import KeptCredential, StreamProblems, VendorAccount
from shared.domain.events import Event
from shared.domain.positions import AnyPosition, Position
from shared.domain.products import Product
from shared.domain.quota import Meter, MeterReading, Usage
from shared.domain.rejections import Kept
from shared.domain.sales import RejectedRecord, SaleFee, SaleLine
from shared.domain.series import Forecast, Series
from shared.domain.tenant import Tenant
from shared.domain.token import RefreshClaim, SealedTokens
from shared.domain.webhook import Delivery
from shared.domain.working_capital import AccountClass, Balances, Flows, WorkingCapital


class Forecaster(Protocol):
    """Says what comes after a series, once for each of its models."""

    def forecast(self, series: Series, horizon_days: int, level: float) -> Sequence[Forecast]: ...


@dataclass(frozen=True, slots=True)
class Company:
    """The tenant's company. `timezone` is an IANA name."""

    id: UUID
    name: str
    currency: str
    timezone: str
    vat_registered: bool = True


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """A credential as it lies in `api_credentials`: sealed."""

    id: UUID
    company_id: UUID
    service_name: str
    service_type: str
    sealed: str


class Companies(Protocol):
    def get(self) -> Company: ...
    def ensure(self, name: str, currency: str, timezone: str) -> Company: ...
    def set_vat_registered(self, registered: bool) -> None: ...


class Products(Protocol):
    def upsert(
        self,
        company_id: UUID,
        products: Sequence[Product],
        as_of: date,
        seen: datetime | None = None,
    ) -> Kept:
        """Writes products and their stock of the day; `seen` is when the scan began that lists them."""

    def tax_rates(self, channel: str, skus: Sequence[str]) -> dict[str, Decimal]:
        """The products' own rates of VAT, where a person has set one, by what the channel calls them."""

    def own_tax_rates(self) -> dict[str, Decimal]:
        """All rates of VAT that a person has set, by SKU."""

    def set_tax_rate(self, sku: str, rate: Decimal | None) -> bool: ...
    def forecastable(self, limit: int | None) -> Sequence[tuple[UUID, str]]: ...
    def count_active(self) -> int: ...
    def mark_seen(self, channel: str, keys: Sequence[str], seen: datetime) -> None:
        """Notes that a scan has listed these, by the vendor's id or the channel's SKU, but could not read them."""

    def retire_unseen(self, channel: str, since: datetime, day: date) -> int:
        """Follows renamed SKUs, and takes off the shelf what the scan that began then did not list."""


class Sales(Protocol):
    def upsert(self, company_id: UUID, lines: Sequence[SaleLine]) -> Kept: ...
    def void_orders(self, channel: str, orders: Sequence[str]) -> int:
        """Makes all rows of these orders count nothing; returns how many did count."""

    def counted_orders(self, channel: str, since: date | None) -> set[str]:
        """The channel's orders that count, from a day of sale on."""

    def complete_until(self) -> date | None:
        """The last day whose orders every connected shop has reported; None where no shop is connected.

        `date.min` while a shop has not reported its whole first window: no day is complete then.
        """

    def demand_series(self, product_id: UUID, sku: str, until: date) -> Series | None: ...
    def daily_flows(self, company: Company, first: date, last: date) -> dict[date, Flows]: ...


class Fees(Protocol):
    def upsert(self, fees: Sequence[SaleFee]) -> Kept: ...
    def lock(self, channel: str) -> None:
        """Lets one transaction at a time write orders or fees of a channel: each must see the other's."""

    def of_orders(self, channel: str, orders: Sequence[str]) -> Sequence[SaleFee]: ...
    def lines_of(self, channel: str, orders: Sequence[str]) -> Sequence[SaleLine]:
        """All lines of some orders, with the channel's names of what was sold."""

    def set_commissions(self, lines: Sequence[SaleLine]) -> Kept:
        """Corrects what lines cost, and nothing else of them."""


class Forecasts(Protocol):
    def upsert_demand(
        self, company_id: UUID, product_id: UUID, origin: date, forecasts: Sequence[Forecast]
    ) -> int:
        """Writes what is new or changed; returns how many of the forecasts that touched."""

    def score_demand(self, first: date, last: date) -> ScoreResult: ...


class AccountBooks(Protocol):
    def upsert_balances(
        self, company_id: UUID, source: str, day: date, reported: DayBalances
    ) -> Kept:
        """Writes the balances of a day; an account that is gone comes to nothing, one that was not read does not."""

    def upsert_invoices(
        self, company_id: UUID, source: str, invoices: Sequence[OpenInvoice]
    ) -> Kept: ...
    def close_invoices(self, source: str, closed: Sequence[ClosedInvoice]) -> int:
        """Closes those that are there, with nothing due; returns how many that changed."""


class WorkingCapitals(Protocol):
    def upsert(self, company_id: UUID, rows: Sequence[WorkingCapital]) -> int: ...
    def balances_on(self, company: Company, days: Sequence[date]) -> dict[date, Balances]: ...
    def enter(
        self,
        company: Company,
        day: date,
        amounts: dict[AccountClass, Decimal],
    ) -> int: ...


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


class Accounts(Protocol):
    def get(self, credential_id: UUID) -> VendorAccount | None:
        """Whom the credential opens; None before its first pull."""

    def keep(self, credential_id: UUID, old: VendorAccount | None, new: VendorAccount) -> bool:
        """Compare and set: False if something else than `old` is there by now."""


class Cursors(Protocol):
    def get(self, credential_id: UUID, stream: str, kind: type[AnyPosition]) -> AnyPosition | None:
        """Where the stream stands; None before its first page. Raises `InvalidInput` for what is no such place."""

    def move(self, credential_id: UUID, stream: str, old: Position | None, new: Position) -> bool:
        """Compare and set: False if the stream does not stand at `old` any more."""

    def spell(self, position: Position) -> dict[str, str]:
        """The position as the table holds it, for the audit log."""


class Rejections(Protocol):
    def add(
        self, credential_id: UUID | None, stream: str, records: Sequence[RejectedRecord]
    ) -> None:
        """Sets records aside; without a credential they are our own figures."""

    def counts(self) -> dict[str, int]:
        """How many records are set aside, by service."""

    def forget(self, stream: str, keys: Sequence[str]) -> None:
        """Forgets what was set aside of our own figures: they are good by now."""


class UsageMeters(Protocol):
    def count(self, meter: Meter, amount: int) -> None:
        """Adds to a counter, in this transaction."""

    def count_once(self, meter: Meter) -> None:
        """Adds one, unless the job that runs has counted this meter before."""

    def sample(self, at: datetime) -> Usage:
        """Reads users, entities and storage as they are and writes them down for the period."""

    def record_breaches(
        self, breaches: Sequence[MeterReading], at: datetime
    ) -> Sequence[MeterReading]:
        """Audits each breach once a period; returns those that are new."""


class Webhooks(Protocol):
    def get(self, delivery_id: UUID) -> Delivery: ...
    def refuse(self, delivery_id: UUID, at: datetime) -> None: ...
    def finish(self, delivery_id: UUID, outcome: str, at: datetime) -> None:
        """Notes what became of it, and forgets its bytes."""


class Events(Protocol):
    def publish(self, event: Event) -> None:
        """Puts the jobs that follow from it on the ledger, in this transaction."""


class AuditLog(Protocol):
    def write(
        self,
        action: str,
        resource_type: str,
        resource_id: UUID | None = None,
        changes: Mapping[str, object] | None = None,
        severity: str = "INFO",
    ) -> None: ...


class UnitOfWork(Protocol):
    """One transaction of one tenant: all of it is kept, or nothing."""

    tenant: Tenant
    companies: Companies
    products: Products
    sales: Sales
    fees: Fees
    books: AccountBooks
    forecasts: Forecasts
    working_capital: WorkingCapitals
    credentials: Credentials
    accounts: Accounts
    cursors: Cursors
    rejections: Rejections
    usage: UsageMeters
    audit: AuditLog
    events: Events
    webhooks: Webhooks


OpenUnitOfWork = Callable[[], AbstractContextManager[UnitOfWork]]


class Report(Protocol):
    """Reports how far the work has come. `total` is None while nobody can know it."""

    def __call__(self, done: int, total: int | None, message: str) -> None: ...


class Signer(Protocol):
    """Proves that data were written by a holder of our keys."""

    def sign(self, data: bytes, purpose: str) -> str: ...
    def verify(self, data: bytes, signature: str, purpose: str) -> None:
        """Raises `VaultError` unless a key of ours has signed this very data for this purpose."""


class Vault(Protocol):
    """Seals and opens secrets; `place` binds a sealed value to where it is kept."""

    @property
    def active_key_id(self) -> str: ...
    def key_id(self, sealed: str) -> str: ...
    def seal(self, secret: bytes, place: str) -> str: ...
    def open(self, sealed: str, place: str) -> bytes: ...
