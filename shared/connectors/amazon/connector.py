"""An Amazon account: one site as one channel, together with its other sites that are connected."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from datetime import datetime, timedelta
from decimal import Decimal

from shared.connectors.amazon.client import AmazonClient, require, require_list
from shared.connectors.amazon.finance_pages import FinancePages
from shared.connectors.amazon.limits import Limits
from shared.connectors.amazon.marketplaces import channel_of, find_marketplace
from shared.connectors.amazon.order_pages import LONGEST_REPORT, OrderPages
from shared.connectors.amazon.product_pages import ProductPages
from shared.connectors.amazon.settlements import list_settlements, read_settlement
from shared.connectors.amazon.sites import Sites
from shared.domain.fields import part
from shared.domain.products import Product
from shared.domain.sales import FeeRule
from shared.domain.settlements import Settlement
from shared.domain.window_steps import SyncWindow
from shared.errors import InvalidInput
from shared.use_cases.vendors import Page, SalePage, Shop, ShopTraits, VendorApi

PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
# The referral fee of most categories.
REFERRAL = FeeRule(rate=Decimal("0.15"), fixed=Decimal(0))
TRAITS = ShopTraits(
    fee_rule=REFERRAL,
    # Reports follow the orders by some minutes.
    look_back=timedelta(minutes=30),
    # Amazon wants two minutes; one more is for clocks that differ.
    lag=timedelta(minutes=3),
    longest_window=LONGEST_REPORT,
    # It keeps two years, and the backfill's last window is asked for some days after its first.
    history=timedelta(days=725),
    # Reported after two days and more, deferred up to three weeks.
    fee_lags=(timedelta(0), timedelta(days=14), timedelta(days=30)),
)


class AmazonConnector:
    """Reads the site of a channel (`amazon_uk`, …) through `api`, which calls its endpoint.

    `sites` are the channels of the same account and region that are connected too: their orders and
    transactions stand on the same pages. `limits` gives the limit of an operation, shared by all who call
    for the account; `now` is the clock.
    """

    def __init__(
        self,
        api: VendorApi,
        channel: str,
        limits: Limits,
        now: Callable[[], datetime],
        sites: Sequence[str] = (),
    ) -> None:
        self._market = find_marketplace(channel)
        markets = [find_marketplace(each) for each in sorted({channel, *sites})]
        self._sites = Sites([each for each in markets if each.region == self._market.region])
        self._client = AmazonClient(api, limits, now)
        self._orders = OrderPages(self._client, self._sites)
        self._finances = FinancePages(self._client, self._sites)
        self._products = ProductPages(self._client, self._market)
        # Asked for once, whatever the number of sites.
        self._participations: list[Mapping[str, object]] = []

    def site(self, channel: str) -> "AmazonConnector":
        """The same account at another of its sites."""
        other = copy(self)
        other._market = find_marketplace(channel)
        other._products = ProductPages(self._client, other._market)
        return other

    @property
    def traits(self) -> ShopTraits:
        """How Amazon behaves."""
        return TRAITS

    def describe_shop(self) -> Shop:
        """Name, currency and time zone; raises `InvalidInput` where the account does not sell here."""
        sold_in = []
        for reported in self._participating():
            identity = str(require(reported, "marketplace", "id"))
            if identity == self._market.marketplace_id:
                return self._describe(reported)
            sold_in.append(channel_of(identity) or identity)
        raise InvalidInput(
            f"marketplace: this account does not sell as {self._market.channel}"
            f" (it does as {', '.join(sorted(sold_in)) or 'none'}); connect the account that does"
        )

    def _participating(self) -> list[Mapping[str, object]]:
        if not self._participations:
            answer = self._client.get("getMarketplaceParticipations", PARTICIPATIONS, {})
            self._participations += [
                reported
                for reported in require_list(answer.body, "payload")
                if part(reported, "participation").get("isParticipating")
            ]
        return self._participations

    def _describe(self, reported: Mapping[str, object]) -> Shop:
        name = str(reported.get("storeName") or self._market.channel)
        return Shop(name, self._market.currency, self._market.timezone)

    def product_pages(self, cursor: str | None) -> Iterator[Page[Product]]:
        """All SKUs of this site with their stock in Amazon's centres."""
        return self._products.pages(cursor)

    def sale_pages(self, window: SyncWindow, cursor: str | None) -> Iterator[SalePage]:
        """The lines of whole orders. Refunds are not among them: see `posted_pages`."""
        return self._orders.pages(window, cursor)

    def posted_pages(self, window: SyncWindow, cursor: str | None) -> Iterator[SalePage]:
        """Fees and refund lines by when they were posted: Amazon reports them among the transactions only."""
        return self._finances.pages(window, cursor)

    def settlements(self, since: datetime) -> Iterator[Settlement]:
        """What was paid out since, one settlement at a time, so that one is held in memory."""
        for document_id in list_settlements(self._client, since):
            yield read_settlement(self._client, document_id, self._market)
