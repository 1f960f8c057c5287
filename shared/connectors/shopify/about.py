"""What a shop says of itself, and what the app may see of it; pure."""

from typing import Any
from zoneinfo import ZoneInfo

from shared.connectors.shopify.fields import read_name, short_id
from shared.domain.fields import LONGEST_NAME, part, parts, read_currency, read_text
from shared.errors import SkipRecord, VendorUnavailable
from shared.use_cases.vendors import Shop

LONGEST_ZONE = 50


def read_about(answer: dict[str, Any]) -> tuple[Shop, set[str]]:
    """The shop and the scopes of the app; raises `VendorUnavailable` where the shop does not say what it is."""
    shop = part(answer, "shop")
    try:
        zone = read_text(shop.get("ianaTimezone"), "ianaTimezone", LONGEST_ZONE)
        ZoneInfo(zone)
        described = Shop(
            read_name(shop.get("name"), "name", LONGEST_NAME),
            read_currency(shop.get("currencyCode"), "currencyCode"),
            zone,
            short_id(shop.get("id")),
        )
    except (SkipRecord, KeyError, ValueError, OSError) as error:
        raise VendorUnavailable(f"shopify: the shop does not say what it is ({error})") from None
    installed = part(answer, "currentAppInstallation")
    scopes = {str(scope.get("handle")) for scope in parts(installed, "accessScopes")}
    return described, scopes
