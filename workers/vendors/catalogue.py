"""The services that can be connected, and who opens each."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from shared.connectors.amazon.marketplaces import MARKETPLACES as AMAZON_CHANNELS
from shared.connectors.shopify.fields import MARKETS as SHOPIFY_CHANNELS
from shared.errors import InvalidInput
from shared.use_cases.ports import StoredCredential
from shared.use_cases.vendors import ShopConnector
from workers.vendors import amazon, shopify
from workers.vendors.room import VendorRoom

ECOMMERCE = "ecommerce"


@dataclass(frozen=True, slots=True)
class Service:
    """A service: its type, how its credential is checked, and how its shop is opened."""

    type: str
    check: Callable[[str, dict[str, str]], None]
    open_shop: Callable[[VendorRoom, StoredCredential], AbstractContextManager[ShopConnector]]


SHOPIFY = Service(ECOMMERCE, shopify.check, shopify.open_shop)
AMAZON = Service(ECOMMERCE, amazon.check, amazon.open_shop)

SERVICES: Mapping[str, Service] = {
    **dict.fromkeys(SHOPIFY_CHANNELS, SHOPIFY),
    **dict.fromkeys(AMAZON_CHANNELS, AMAZON),
}


def find_service(name: str) -> Service:
    """The service of a name; raises `InvalidInput` naming those there are."""
    found = SERVICES.get(name)
    if found is None:
        raise InvalidInput(f"service: {name!r} is not known; there are {', '.join(SERVICES)}")
    return found


@contextmanager
def open_shop(room: VendorRoom, stored: StoredCredential) -> Iterator[ShopConnector]:
    """The connector of a shop's credential, opened as late as can be and closed with the block."""
    with find_service(stored.service_name).open_shop(room, stored) as connector:
        yield connector
