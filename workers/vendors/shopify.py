"""Shopify: one shop a credential, GraphQL under one bucket, tokens that may expire."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from shared.connectors.shopify.client import SMALLEST_QUOTA, ShopifyClient
from shared.connectors.shopify.connector import ShopifyConnector
from shared.connectors.shopify.credential import ShopifyCredential
from shared.connectors.shopify.token import ShopifyTokenSource
from shared.connectors.shopify.webhook import ExpectedShop, find_fault
from shared.domain.credential import StoredCredential
from shared.domain.webhook import Delivery
from shared.errors import AccessForbidden, AccountGone, CredentialRejected, InvalidInput
from shared.http.access import Access, FixedAccess
from shared.security.redaction import remember_secret
from shared.use_cases.process_webhook import WebhookCheck
from shared.use_cases.vendors import ShopConnector
from workers.vendors.room import VendorRoom

HEADER = "X-Shopify-Access-Token"


def check(_service: str, secret: dict[str, str]) -> None:
    """Raises `InvalidInput` for a credential that cannot be one."""
    credential = ShopifyCredential.parse(secret)
    if credential.expires and not credential.refresh_token:
        raise InvalidInput(
            "refresh_token: is missing; give the one that came with the access token"
        )


@contextmanager
def open_shop(
    room: VendorRoom, stored: StoredCredential, others: Sequence[StoredCredential] = ()
) -> Iterator[ShopConnector]:
    """The shop's connector, closed with the block."""
    credential = ShopifyCredential.parse(room.secret(stored))
    base_url = room.settings.shopify_base_url.replace("{shop_domain}", credential.shop_domain)
    with ExitStack() as stack:
        access: Access = FixedAccess({HEADER: credential.access_token})
        if credential.expires:
            token_http = stack.enter_context(room.token_http("shopify", base_url))
            source = ShopifyTokenSource(token_http, credential, room.now)
            access = room.token_access(stored, source, HEADER)
        http = stack.enter_context(room.http("shopify", base_url, access))
        limits = stack.enter_context(room.limits())
        limit = limits(f"shopify:{credential.shop_domain}", SMALLEST_QUOTA)
        client = ShopifyClient(http, limit, room.settings.shopify_api_version)
        yield ShopifyConnector(
            client,
            http,
            stored.service_name,
            count_copies_of=_copies_that_count(room),
            now=room.now,
        )


def _copies_that_count(room: VendorRoom) -> frozenset[str]:
    """The marketplaces that the tenant names, without those that are, or were, connected themselves."""
    with room.open_unit_of_work() as work:
        kept, named = work.credentials.list_kept(), work.tenant.count_copies_of
    return named - {each.service_name.partition("_")[0] for each in kept}


def webhook_check(room: VendorRoom) -> WebhookCheck:
    """Says what is wrong with a delivery, and whether a shop has let the app go."""

    def find_fault_of(delivery: Delivery) -> str | None:
        expected = _expected_shop(room, delivery.channel)
        remember_secret(expected.secret)
        return find_fault(delivery, expected)

    def has_left(stored: StoredCredential) -> bool:
        try:
            with open_shop(room, stored) as connector:
                connector.describe_shop()
        except AccessForbidden:
            # A shop that is frozen, or a permission that is missing, is no shop that has left.
            return False
        except (CredentialRejected, AccountGone):
            return True
        return False

    return WebhookCheck(find_fault_of, has_left)


def _expected_shop(room: VendorRoom, channel: str) -> ExpectedShop:
    given = room.settings.shopify_webhook_secret
    app_secret = "" if given is None else given.get_secret_value()
    with room.open_unit_of_work() as work:
        stored = next((c for c in work.credentials.list_kept() if c.service_name == channel), None)
        known = work.accounts.get(stored.id) if stored else None
        live = work.credentials.find(channel)
    account = known.account if known else None
    if live is None:
        # A shop that has gone still sends what concerns its customers, signed with the app's own secret.
        return ExpectedShop(app_secret, None, account)
    credential = ShopifyCredential.parse(room.secret(live))
    return ExpectedShop(credential.webhook_secret or app_secret, credential.shop_domain, account)
