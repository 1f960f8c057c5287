"""Which organisation is read, and what it says of itself."""

from collections.abc import Mapping
from typing import Any

from shared.connectors.xero.timezones import iana_zone
from shared.errors import InvalidInput, VendorUnavailable
from shared.use_cases.vendors import Books, Call, VendorApi

CONNECTIONS = "/connections"


def find_organisation(api: VendorApi, organisation_id: str) -> str:
    """The `xero-tenant-id` to send: the one given, or the only one of the connection."""
    if organisation_id:
        return organisation_id
    answer = api.send(Call("GET", CONNECTIONS, headers={"Accept": "application/json"}))
    if not isinstance(answer.body, list):
        raise VendorUnavailable("xero: an answer has no list of connections")
    found = [
        str(each["tenantId"])
        for each in answer.body
        if isinstance(each, dict) and each.get("tenantType") == "ORGANISATION"
    ]
    if not found:
        raise InvalidInput("organisation_id: the app is connected to none; connect Xero again")
    if len(found) > 1:
        raise InvalidInput(
            f"organisation_id: the app is connected to {len(found)} organisations; name one of them"
        )
    return found[0]


def read_books(node: Mapping[str, Any]) -> Books:
    """Name, currency, time zone and id of an organisation."""
    currency = node.get("BaseCurrency")
    if not isinstance(currency, str) or len(currency) != 3 or not currency.isalpha():
        raise InvalidInput("BaseCurrency: is missing; set it in Xero's organisation settings")
    name = str(node.get("Name") or node.get("LegalName") or "?")
    account = str(node.get("OrganisationID") or "")
    return Books(name[:255], currency.upper(), iana_zone(node.get("Timezone")), account)
