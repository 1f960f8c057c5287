"""Amazon: one seller's account at one marketplace a credential, a limit for each operation.

Credentials of one account are read together: Amazon's reports hold all of its sites.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from shared.connectors.amazon.connector import AmazonConnector
from shared.connectors.amazon.credential import AmazonCredential
from shared.connectors.amazon.marketplaces import MARKETPLACES, find_marketplace
from shared.connectors.amazon.token import AmazonTokens
from shared.domain.credential import StoredCredential
from shared.domain.limit import Limit, Quota
from shared.use_cases.vendors import ShopConnector
from workers.vendors.room import VendorRoom

HEADER = "x-amz-access-token"


def check(service: str, secret: dict[str, str]) -> None:
    """Raises `InvalidInput` for a credential that cannot be one of this marketplace."""
    AmazonCredential.parse(secret).check_channel(service)


def together(room: VendorRoom, stored: StoredCredential) -> tuple[StoredCredential, ...]:
    """The tenant's other credentials of the same account and region: their orders stand on the same pages."""
    own = _account(room, stored)
    with room.open_unit_of_work() as work:
        names = [
            name
            for name in work.credentials.connected("ecommerce")
            if name in MARKETPLACES and name != stored.service_name
        ]
        others = [work.credentials.get(name) for name in names]
    region = find_marketplace(stored.service_name).region
    return tuple(
        other
        for other in others
        if find_marketplace(other.service_name).region == region and own & _account(room, other)
    )


@contextmanager
def open_shop(
    room: VendorRoom, stored: StoredCredential, others: Sequence[StoredCredential] = ()
) -> Iterator[ShopConnector]:
    """The site's connector, together with the account's `others`; closed with the block."""
    secret = room.secret(stored)
    market = find_marketplace(stored.service_name)
    base_url = room.settings.amazon_base_url or market.endpoint
    account = secret.get("seller_id") or min(str(each.id) for each in (stored, *others))
    with ExitStack() as stack:
        token_http = stack.enter_context(room.token_http("amazon", room.settings.amazon_token_url))
        source = AmazonTokens(token_http, secret["client_id"], secret["client_secret"], room.now)
        access = room.token_access(stored, source, HEADER)
        http = stack.enter_context(room.http("amazon", base_url, access, market.region))
        limits = stack.enter_context(room.limits())

        def limit_of(operation: str, quota: Quota) -> Limit:
            # Amazon counts by account and application: a seller's marketplaces of a region share.
            return limits(f"amazon:{account}:{market.region}:{operation}", quota)

        sites = [each.service_name for each in others]
        yield AmazonConnector(http, stored.service_name, limit_of, room.now, sites)


def _account(room: VendorRoom, stored: StoredCredential) -> set[tuple[str, ...]]:
    """What identifies the seller's account: the seller's id, or the login that it granted."""
    secret = room.secret(stored)
    reported = {("login", secret["client_id"], room.refresh_token(stored))}
    return reported | ({("seller", secret["seller_id"])} if secret.get("seller_id") else set())
