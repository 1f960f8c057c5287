"""Xero: one organisation a credential, rotating tokens, calls a minute and a day."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields

from shared.connectors.xero.connector import XeroConnector
from shared.connectors.xero.credential import XeroCredential
from shared.connectors.xero.organisation import find_organisation
from shared.connectors.xero.token import XeroTokenSource
from shared.domain.credential import StoredCredential
from shared.use_cases.vendors import BooksConnector
from workers.vendors.room import VendorRoom


def check(_service: str, secret: dict[str, str]) -> None:
    """Raises `InvalidInput` for a credential that cannot be one."""
    XeroCredential.parse(secret)


@contextmanager
def open_books(
    room: VendorRoom, stored: StoredCredential, *, on_demand: bool
) -> Iterator[BooksConnector]:
    """The organisation's connector, closed with the block. `on_demand` may use the calls that nights leave."""
    credential = _credential(room.secret(stored))
    settings = room.settings
    with ExitStack() as stack:
        identity = stack.enter_context(room.token_http("xero", settings.xero_identity_url))
        source = XeroTokenSource(identity, credential, room.now)
        access = room.token_access(stored, source, "Authorization", "Bearer ")
        http = stack.enter_context(room.http("xero", settings.xero_base_url, access))
        limits = stack.enter_context(room.limits())
        organisation = find_organisation(http, credential.organisation_id)
        day_calls = settings.xero_day_calls
        yield XeroConnector(
            http, organisation, limits, room.now, on_demand=on_demand, day_calls=day_calls
        )


def _credential(secret: dict[str, str]) -> XeroCredential:
    """As it was stored: the refresh token lies elsewhere, where refreshing changes it."""
    known = {each.name for each in fields(XeroCredential)}
    return XeroCredential(
        **{"refresh_token": "", **{k: v for k, v in secret.items() if k in known}}
    )
