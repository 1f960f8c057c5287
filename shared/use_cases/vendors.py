"""What a connector is, and what it may use: the contract that one folder in `connectors/` fulfils."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Generic, Protocol, TypeVar, runtime_checkable

from shared.domain.accounts import BankCheck, ClosedInvoice, DayBalances, OpenInvoice
from shared.domain.products import Product
from shared.domain.sales import FeeRule, RejectedRecord, SaleFee, SaleLine
from shared.domain.settlements import Settlement
from shared.domain.window_steps import SyncWindow

RecordT_co = TypeVar("RecordT_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Page(Generic[RecordT_co]):
    """Some records of a stream, those that could not be read, and where the next page starts.

    A page without records is welcome: it keeps the cursor, such as the number of a report that was asked for.
    """

    records: tuple[RecordT_co, ...]
    rejected: tuple[RejectedRecord, ...]
    next_cursor: str | None
    # False where the vendor has kept a part back: what was not reported is not gone then.
    whole: bool = True
    # What the vendor does not report at all, and why, one line each; the rest of the page is good.
    problems: tuple[str, ...] = ()
    # Records that count nothing by a named rule, such as test orders: how many by rule.
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SalePage(Page[SaleLine]):
    """Whole orders: all lines and refunds of each, and the fees that came with them.

    `gone` are orders that are no sales of this channel (any more): what was kept of them counts nothing.
    """

    fees: tuple[SaleFee, ...] = ()
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shop:
    """What a shop says of itself. `timezone` is an IANA name; `account` identifies it among all shops."""

    name: str
    currency: str
    timezone: str
    # Empty where the vendor does not say.
    account: str = ""


@dataclass(frozen=True, slots=True)
class ShopTraits:
    """How a vendor behaves, as far as the streams must know.

    `look_back`: its search lags behind its writes so long. `lag`: a window must end so long ago.
    `history`: how far back it reports.
    `orders_again`: orders are read once more when so old, for what comes late without a change of the order.
    `fee_lags`: fees and refunds are collected when so old, again and again, each time from `fees_look_back`
    before; none where they come with the orders.
    """

    fee_rule: FeeRule
    look_back: timedelta = timedelta(minutes=10)
    lag: timedelta = timedelta(0)
    longest_window: timedelta = timedelta(days=180)
    history: timedelta = timedelta(days=730)
    orders_again: tuple[timedelta, ...] = ()
    fee_lags: tuple[timedelta, ...] = ()
    fees_look_back: timedelta = timedelta(hours=48)


class ShopConnector(Protocol):
    """A shop's API. Pages begin at `cursor`, a text that only the connector reads; None begins at the start.

    Raises `CursorExpired` for a cursor that the vendor has forgotten, `WindowTooLarge` for a window that
    it cannot answer, `VendorBusy` while it prepares, and `SkipRecord` never: such records stand in the page.
    """

    @property
    def traits(self) -> ShopTraits: ...
    def describe_shop(self) -> Shop: ...
    def product_pages(self, cursor: str | None) -> Iterator[Page[Product]]: ...
    def sale_pages(self, window: SyncWindow, cursor: str | None) -> Iterator[SalePage]: ...
    def posted_pages(self, window: SyncWindow, cursor: str | None) -> Iterator[SalePage]:
        """Refund lines and fees that do not come with the orders, by when they were posted."""


@runtime_checkable
class ManySites(Protocol):
    """An account that sells on several sites, each of them a channel; orders are read for all at once."""

    def site(self, channel: str) -> ShopConnector:
        """The connector of another site of the same account, for what is read site by site."""


@runtime_checkable
class SettlingShop(Protocol):
    """A shop that reports what it paid out."""

    def settlements(self, since: datetime) -> Iterator[Settlement]: ...


@runtime_checkable
class ForgettingShop(Protocol):
    """A shop where orders can be deleted, which a search for changes never shows."""

    def listed_orders(self) -> Iterator[Sequence[str]]:
        """The ids of all orders that may be seen, some at a time; raises `VendorUnavailable` unless it is all."""

    def listed_since(self) -> datetime | None:
        """Orders created before are not listed; None where all are."""

    def still_there(self, orders: Sequence[str]) -> set[str]:
        """Those of these orders that the shop still has."""


@dataclass(frozen=True, slots=True)
class Books:
    """What an organisation says of its books. `timezone` is an IANA name; `account` as of a shop."""

    name: str
    currency: str
    timezone: str
    account: str = ""


@dataclass(frozen=True, slots=True)
class ItemPage(Page[OpenInvoice]):
    """Open items. Of `closed` nothing is due any more: what is there of them is closed, nothing is added."""

    closed: tuple[ClosedInvoice, ...] = ()


class BooksConnector(Protocol):
    """An accounting vendor's API."""

    @property
    def item_streams(self) -> Sequence[str]:
        """The names of its lists of open items, such as invoices; each is pulled on its own."""

    def describe_books(self) -> Books: ...
    def balances_on(self, day: date) -> DayBalances:
        """The balance of each account that counts, at the end of a day in the organisation's own zone."""

    def check_bank(self, day: date) -> BankCheck:
        """Bank accounts whose balance at the end of the day another report gives differently."""

    def invoice_pages(
        self, changed_since: datetime | None, cursor: str | None, stream: str | None = None
    ) -> Iterator[ItemPage]:
        """The open items of a stream changed since, of all streams where None; all items where never read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A vendor's answer: HTTP status, headers by lower-case name, and the JSON read (None where there is none)."""

    status: int
    headers: Mapping[str, str]
    body: object


@dataclass(frozen=True, slots=True)
class Call:
    """A request: `path` below the vendor's base URL. `retried` is False where a second try could do harm."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, object] | None = None
    form: Mapping[str, str] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    # Statuses besides 200 that the connector reads itself; all others become errors.
    accepted: frozenset[int] = frozenset()
    retried: bool = True


class VendorApi(Protocol):
    """The HTTP room as a connector sees it; raises our errors, and puts the secrets in itself."""

    def send(self, call: Call) -> Answer:
        """The answer. `VendorUnavailable` when away, `RateLimited`, `CredentialRejected`, `GiveUp` for the rest."""

    def download(self, url: str) -> AbstractContextManager[Iterator[bytes]]:
        """The bytes behind a URL that the vendor reported, in pieces, unzipped, sent without our secrets."""
