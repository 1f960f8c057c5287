"""Amazon: one seller's account at one marketplace a credential, a limit for each operation."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from shared.connectors.amazon.connector import AmazonConnector
from shared.connectors.amazon.credential import AmazonCredential
from shared.connectors.amazon.marketplaces import find_marketplace
from shared.connectors.amazon.token import AmazonTokens
from shared.domain.limit import Limit, Quota
from shared.use_cases.ports import StoredCredential
from shared.use_cases.vendors import ShopConnector
from workers.vendors.room import VendorRoom

HEADER = "x-amz-access-token"


def check(service: str, secret: dict[str, str]) -> None:
    """Raises `InvalidInput` for a credential that cannot be one of this marketplace."""
    AmazonCredential.parse(secret).check_channel(service)


@contextmanager
def open_shop(room: VendorRoom, stored: StoredCredential) -> Iterator[ShopConnector]:
    """The marketplace's connector, closed with the block."""
    secret = room.secret(stored)
    market = find_marketplace(stored.service_name)
    base_url = room.settings.amazon_base_url or market.endpoint
    with ExitStack() as stack:
        token_http = stack.enter_context(room.token_http("amazon", room.settings.amazon_token_url))
        source = AmazonTokens(token_http, secret["client_id"], secret["client_secret"], _now)
        access = room.token_access(stored, source, HEADER)
        http = stack.enter_context(room.http("amazon", base_url, access))
        limits = stack.enter_context(room.limits())

        def limit_of(operation: str, quota: Quota) -> Limit:
            # Amazon counts by account and application: a seller's marketplaces of a region share.
            seller = secret.get("seller_id") or stored.id
            return limits(f"amazon:{seller}:{market.region}:{operation}", quota)

        yield AmazonConnector(http, stored.service_name, limit_of, _now)


def _now() -> datetime:
    return datetime.now(UTC)
