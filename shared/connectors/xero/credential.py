"""What opens a Xero organisation."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from uuid import UUID

from shared.errors import InvalidInput

NEEDED = ("client_id", "client_secret", "refresh_token")


@dataclass(frozen=True, slots=True)
class XeroCredential:
    """The app's id and secret, what renews its tokens, and the organisation; no secret is ever shown.

    `organisation_id` is the `xero-tenant-id`; empty where the connection has one organisation only.
    """

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    organisation_id: str = ""

    @classmethod
    def parse(cls, secret: Mapping[str, str]) -> "XeroCredential":
        """The credential of a JSON object; raises `InvalidInput` naming the field, never its value."""
        known = [each.name for each in fields(cls)]
        unknown = sorted(set(secret) - set(known))
        if unknown:
            raise InvalidInput(f"{unknown[0][:40]}: is not known; there are {', '.join(known)}")
        for name in NEEDED:
            if not _is_printable(secret.get(name)):
                raise InvalidInput(
                    f"{name}: is missing or holds a character that it cannot have; copy it again"
                )
        organisation = secret.get("organisation_id") or ""
        return cls(**{**secret, "organisation_id": organisation and _organisation(organisation)})


def _organisation(text: object) -> str:
    """The id as Xero writes it."""
    try:
        return str(UUID(str(text)))
    except ValueError:
        raise InvalidInput(
            "organisation_id: is not a UUID; write the tenantId that Xero's connections show"
        ) from None


def _is_printable(text: object) -> bool:
    return isinstance(text, str) and bool(text) and all("!" <= each <= "~" for each in text)
