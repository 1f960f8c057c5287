"""The services that can be connected, and who opens each: a new vendor is a line here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Annotated, NamedTuple, Protocol

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from shared.connectors.amazon.marketplaces import MARKETPLACES as AMAZON_CHANNELS
from shared.connectors.shopify.fields import MARKETS as SHOPIFY_CHANNELS
from shared.domain.credential import ACCOUNTING, ECOMMERCE, StoredCredential
from shared.errors import InvalidInput
from shared.use_cases.vendors import Books, BooksConnector, Shop, ShopConnector
from workers.vendors import amazon, shopify, xero
from workers.vendors.room import VendorRoom

Check = Callable[[str, dict[str, str]], None]
Together = Callable[[VendorRoom, StoredCredential], tuple[StoredCredential, ...]]


class OpenShop(Protocol):
    """Opens a shop; `others` are the credentials of the same account that are read together with it."""

    def __call__(
        self, room: VendorRoom, stored: StoredCredential, others: Sequence[StoredCredential] = ()
    ) -> AbstractContextManager[ShopConnector]: ...


class OpenBooks(Protocol):
    """Opens an organisation's books; `on_demand` may use the calls that nights leave."""

    def __call__(
        self, room: VendorRoom, stored: StoredCredential, *, on_demand: bool
    ) -> AbstractContextManager[BooksConnector]: ...


@dataclass(frozen=True, slots=True)
class Service:
    """A service: how its credential is checked, and how its shop or its books are opened."""

    type: str
    check: Check
    open_shop: OpenShop | None = None
    open_books: OpenBooks | None = None
    # Which other credentials are of the same account and read together; each is one of its own if None.
    together: Together | None = None
    # Reports what it has settled, against which the fees can be held.
    settles: bool = False
    # Its orders can be deleted, which no search for changes reports.
    forgets: bool = False


SHOPIFY = Service(ECOMMERCE, shopify.check, open_shop=shopify.open_shop, forgets=True)
AMAZON = Service(
    ECOMMERCE,
    amazon.check,
    open_shop=amazon.open_shop,
    together=amazon.together,
    settles=True,
)
XERO = Service(ACCOUNTING, xero.check, open_books=xero.open_books)

SERVICES: Mapping[str, Service] = {
    **dict.fromkeys(SHOPIFY_CHANNELS, SHOPIFY),
    **dict.fromkeys(AMAZON_CHANNELS, AMAZON),
    "xero": XERO,
}

SHOPS = tuple(name for name, service in SERVICES.items() if service.open_shop is not None)
BOOKS = tuple(name for name, service in SERVICES.items() if service.open_books is not None)
# The credential's own type is what somebody wrote: the service decides.
TYPES = {name: service.type for name, service in SERVICES.items()}
SETTLING = tuple(name for name, service in SERVICES.items() if service.settles)
FORGETTING = tuple(name for name, service in SERVICES.items() if service.forgets)


def _one_of(services: Sequence[str]) -> tuple[AfterValidator, WithJsonSchema]:
    """What an argument that names one of these services is checked by, here and in the published contract."""

    def check(name: str) -> str:
        if name not in services:
            known = ", ".join(services)
            words = {"name": repr(name[:50]), "known": known}
            raise PydanticCustomError("service", "{name} is not one of {known}", words)
        return name

    return AfterValidator(check), WithJsonSchema({"type": "string", "enum": list(services)})


ShopName = Annotated[str, *_one_of(SHOPS)]
BooksName = Annotated[str, *_one_of(BOOKS)]
SettlingName = Annotated[str, *_one_of(SETTLING)]
ForgettingName = Annotated[str, *_one_of(FORGETTING)]


def find_service(name: str) -> Service:
    """The service of a name; raises `InvalidInput` naming those there are."""
    found = SERVICES.get(name)
    if found is None:
        raise InvalidInput(f"service: {name!r} is not known; there are {', '.join(SERVICES)}")
    return found


def open_shop(
    room: VendorRoom, stored: StoredCredential, others: Sequence[StoredCredential] = ()
) -> AbstractContextManager[ShopConnector]:
    """The connector of a shop's credential, opened as late as can be and closed with the block."""
    service = find_service(stored.service_name)
    if service.open_shop is None:
        raise InvalidInput(f"service: {stored.service_name} is no shop; `books.pull` reads it")
    return service.open_shop(room, stored, others)


class ConnectedShop(NamedTuple):
    """A shop's connector, its credential, and the credentials of the same account that are read together."""

    connector: ShopConnector
    credential: StoredCredential
    together: tuple[StoredCredential, ...]


@contextmanager
def connected_shop(room: VendorRoom, service: str) -> Iterator[ConnectedShop]:
    """The shop that the room's tenant has connected under this name."""
    stored = _stored(room, service)
    together = account_of(room, stored)
    with open_shop(room, stored, together) as connector:
        yield ConnectedShop(connector, stored, together)


def account_of(room: VendorRoom, stored: StoredCredential) -> tuple[StoredCredential, ...]:
    """The other credentials of the same account that are read together with this one."""
    find = find_service(stored.service_name).together
    return () if find is None else find(room, stored)


def one_of_each_account(room: VendorRoom, services: Sequence[str]) -> list[str]:
    """The services, of each account only the first: a pull of one reads its others too."""
    left = list(services)
    for service in services:
        if service in left and find_service(service).together is not None:
            names = {each.service_name for each in account_of(room, _stored(room, service))}
            left = [each for each in left if each not in names]
    return left


@contextmanager
def connected_books(
    room: VendorRoom, service: str, *, on_demand: bool
) -> Iterator[tuple[BooksConnector, StoredCredential]]:
    """The same of accounting books."""
    stored = _stored(room, service)
    with open_books(room, stored, on_demand=on_demand) as connector:
        yield connector, stored


def describe(room: VendorRoom, service: str) -> Shop | Books:
    """What the vendor says of itself to the credential that is kept under this name."""
    stored = _stored(room, service)
    if find_service(service).open_books is not None:
        with open_books(room, stored, on_demand=True) as books:
            return books.describe_books()
    with open_shop(room, stored) as shop:
        return shop.describe_shop()


def _stored(room: VendorRoom, service: str) -> StoredCredential:
    with room.open_unit_of_work() as work:
        return work.credentials.get(service)


def open_books(
    room: VendorRoom, stored: StoredCredential, *, on_demand: bool
) -> AbstractContextManager[BooksConnector]:
    """The connector of an accounting credential, opened as late as can be and closed with the block."""
    service = find_service(stored.service_name)
    if service.open_books is None:
        raise InvalidInput(f"service: {stored.service_name} has no books; `sales.pull` reads it")
    return service.open_books(room, stored, on_demand=on_demand)
