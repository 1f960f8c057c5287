"""What opens an Amazon seller's account to our application."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.connectors.amazon.marketplaces import MARKETPLACES, channel_of
from shared.errors import InvalidInput

REQUIRED = ("client_id", "client_secret", "refresh_token")
OPTIONAL = ("marketplace", "seller_id")
LONGEST = 4096


@dataclass(frozen=True, slots=True)
class AmazonCredential:
    """The application's client at Login with Amazon, and the refresh token that the seller granted.

    `marketplace`, a channel or Amazon's marketplace id, says which one the credential is meant for.
    """

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    marketplace: str | None = None
    seller_id: str | None = None

    @classmethod
    def parse(cls, secret: Mapping[str, str]) -> "AmazonCredential":
        """The credential of a JSON object; raises `InvalidInput` naming the field, never its value."""
        unknown = sorted(set(secret) - {*REQUIRED, *OPTIONAL})
        if unknown:
            raise InvalidInput(
                f"{unknown[0][:40]}: give {', '.join(REQUIRED)}, marketplace and seller_id only"
            )
        for name in REQUIRED:
            _check(name, secret.get(name))
        for name in OPTIONAL:
            if secret.get(name):
                _check(name, secret[name])
        marketplace = secret.get("marketplace") or None
        return cls(
            secret["client_id"],
            secret["client_secret"],
            secret["refresh_token"],
            None if marketplace is None else _channel(marketplace),
            secret.get("seller_id") or None,
        )

    def check_channel(self, channel: str) -> None:
        """Raises `InvalidInput` where the credential is meant for another marketplace."""
        if self.marketplace not in {None, channel}:
            raise InvalidInput(
                f"marketplace: the credential is for {self.marketplace}, not for {channel}; "
                "store it under that service"
            )


def _check(name: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise InvalidInput(f"{name}: is missing; copy it from the application in Seller Central")
    if len(value) > LONGEST or not all("!" <= character <= "~" for character in value):
        raise InvalidInput(f"{name}: holds a character that it cannot have; copy it again")


def _channel(marketplace: str) -> str:
    channel = marketplace if marketplace in MARKETPLACES else channel_of(marketplace)
    if channel is None:
        raise InvalidInput(f"marketplace: give one of {', '.join(MARKETPLACES)}")
    return channel
