"""The sites of one account: which of them a record names, and whether anybody has connected it; pure.

Reports and transactions hold every site of a region, whatever was asked for. A record belongs to the site
that it names; one of a site that nobody has connected counts nowhere.
"""

from collections.abc import Mapping, Sequence

from shared.connectors.amazon.marketplaces import MARKETPLACES, Marketplace
from shared.connectors.amazon.transactions import is_of
from shared.domain.fields import Node, part, show
from shared.errors import SkipRecord

# Sold outside Amazon, and only sent out by it: the shop that sold it reports the sale.
NON_AMAZON = ("NON_AMAZON", "NON AMAZON")
DOMAINS = {each.domain: each for each in MARKETPLACES.values()}


class Sites:
    """The connected sites of an account in one region."""

    def __init__(self, markets: Sequence[Marketplace]) -> None:
        self.markets = tuple(markets)
        self._by_id = {each.marketplace_id: each for each in markets}

    @property
    def ids(self) -> list[str]:
        """Their marketplace ids, as Amazon's parameters want them."""
        return list(self._by_id)

    def of_order(self, node: Node) -> Marketplace | None:
        """The site of an order of searchOrders; where it names none, the only one asked for."""
        reported = part(node, "salesChannel").get("marketplaceId")
        if reported is None:
            return self._only("marketplaceId")
        return self._by_id.get(str(reported))

    def of_row(self, row: Mapping[str, str]) -> Marketplace | None:
        """The site of a row of the order report; raises `SkipRecord` where it cannot be known."""
        name = row.get("sales-channel", "").strip()
        if not name:
            return self._of_currency(row.get("currency", "").strip())
        found = site_of_name(name)
        return None if found is None else self._by_id.get(found.marketplace_id)

    def of_transaction(self, node: Node) -> Marketplace | None:
        """The site of a transaction; raises `SkipRecord` where it cannot be known."""
        return next((market for market in self.markets if is_of(node, market)), None)

    def _only(self, field: str) -> Marketplace:
        if len(self.markets) > 1:
            raise SkipRecord(f"{field}: is missing, and the account sells on several sites")
        return self.markets[0]

    def _of_currency(self, currency: str) -> Marketplace | None:
        region = self.markets[0].region
        sharing = [
            each
            for each in MARKETPLACES.values()
            if each.region == region and each.currency == currency
        ]
        if len(sharing) > 1:
            raise SkipRecord("sales-channel: is missing, and several sites sell in this currency")
        return self._by_id.get(sharing[0].marketplace_id) if sharing else None


def site_of_name(name: str) -> Marketplace | None:
    """The site that a file names, such as `Amazon.co.uk`; None for one that cannot be connected.

    Raises `SkipRecord` for a name that is no Amazon site.
    """
    domain = name.strip().lower().removeprefix("www.")
    if domain in DOMAINS:
        return DOMAINS[domain]
    if domain.startswith("amazon.") or is_outside(name):
        return None
    raise SkipRecord(f"sales-channel: {show(name)} is no site that is known")


def is_outside(name: str) -> bool:
    """Whether a sales channel is another shop's, for which Amazon only sends the goods."""
    return name.strip().upper().replace("-", "_").startswith(NON_AMAZON)
