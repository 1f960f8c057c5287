"""Which organisation is read, and what it says of itself."""

from collections.abc import Mapping
from typing import Any

from shared.connectors.xero.timezones import iana_zone
from shared.domain.fields import read_currency, read_name
from shared.errors import InvalidInput, SkipRecord, VendorUnavailable
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
    reported = node.get("BaseCurrency")
    try:
        currency = read_currency(
            reported.upper() if isinstance(reported, str) else reported, "BaseCurrency"
        )
    except SkipRecord:
        raise InvalidInput(
            "BaseCurrency: is missing or is not a currency; set it in Xero's organisation settings"
        ) from None
    name = _text(node, "Name") or _text(node, "LegalName") or "?"
    return Books(name, currency, iana_zone(node.get("Timezone")), _text(node, "OrganisationID"))


def _text(node: Mapping[str, Any], field: str) -> str:
    try:
        return read_name(node.get(field), field)
    except SkipRecord:
        return ""
