"""Amazon's marketplaces as channels: where each is called, its money, its day and its stock."""

from dataclasses import dataclass

from shared.errors import InvalidInput

EUROPE = "https://sellingpartnerapi-eu.amazon.com"
NORTH_AMERICA = "https://sellingpartnerapi-na.amazon.com"
TOKEN_URL = "https://api.amazon.com"  # noqa: S105 - where tokens are asked for


@dataclass(frozen=True, slots=True)
class Marketplace:
    """One marketplace. `domain` is what its files call it, `market` what sales are listed under.

    `timezone` is the IANA name of the zone of its day.
    `prices_include_tax` says how reports write prices: with VAT in Europe and Mexico, without sales tax
    in the USA and Canada. `stock_location` is shared where one pool of stock serves several marketplaces.
    """

    channel: str
    marketplace_id: str
    endpoint: str
    market: str
    currency: str
    timezone: str
    stock_location: str
    prices_include_tax: bool
    domain: str

    @property
    def region(self) -> str:
        """`eu` or `na`: limits are counted in each apart."""
        return "eu" if self.endpoint == EUROPE else "na"


def _european(channel: str, identity: str, market: str, timezone: str) -> Marketplace:
    domain = f"amazon.{market.lower()}"
    return Marketplace(channel, identity, EUROPE, market, "EUR", timezone, "fba_eu", True, domain)


MARKETPLACES = {
    each.channel: each
    for each in (
        Marketplace(
            "amazon_uk",
            "A1F83G8C2ARO7P",
            EUROPE,
            "UK",
            "GBP",
            "Europe/London",
            "fba_uk",
            True,
            "amazon.co.uk",
        ),
        _european("amazon_de", "A1PA6795UKMFR9", "DE", "Europe/Berlin"),
        _european("amazon_fr", "A13V1IB3VIYZZH", "FR", "Europe/Paris"),
        _european("amazon_it", "APJ6JRA9NG5V4", "IT", "Europe/Rome"),
        _european("amazon_es", "A1RKKUPIHCS9HS", "ES", "Europe/Madrid"),
        Marketplace(
            "amazon_usa",
            "ATVPDKIKX0DER",
            NORTH_AMERICA,
            "USA",
            "USD",
            "America/Los_Angeles",
            "fba_usa",
            False,
            "amazon.com",
        ),
        Marketplace(
            "amazon_ca",
            "A2EUQ1WTGCTBG2",
            NORTH_AMERICA,
            "CA",
            "CAD",
            "America/Los_Angeles",
            "fba_ca",
            False,
            "amazon.ca",
        ),
        Marketplace(
            "amazon_mx",
            "A1AM78C64UM0Y8",
            NORTH_AMERICA,
            "MX",
            "MXN",
            "America/Los_Angeles",
            "fba_mx",
            True,
            "amazon.com.mx",
        ),
    )
}


def find_marketplace(channel: str) -> Marketplace:
    """The marketplace of a channel; raises `InvalidInput` naming those that exist."""
    if channel not in MARKETPLACES:
        raise InvalidInput(f"channel: {channel[:40]} is none of {', '.join(MARKETPLACES)}")
    return MARKETPLACES[channel]


def channel_of(marketplace_id: str) -> str | None:
    """The channel of a marketplace id, or None for one that we do not sell in."""
    found = (c for c, each in MARKETPLACES.items() if each.marketplace_id == marketplace_id)
    return next(found, None)
