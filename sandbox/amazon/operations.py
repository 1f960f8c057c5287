"""What each operation answers: pages that demand identical parameters, and tokens that grow old."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.amazon.account import SellerAccount
from sandbox.amazon.account_ledger import Article, Order, Site
from sandbox.amazon.clock import SandboxClock
from sandbox.amazon.faults import Faults
from sandbox.amazon.order_nodes import instant, order_node
from sandbox.amazon.transaction_nodes import transactions

TWO_MINUTES = timedelta(minutes=2)
HISTORY = timedelta(days=730)
LONGEST_FINANCES = timedelta(days=180)
ORDER_TOKENS_LIVE, STOCK_TOKENS_LIVE = timedelta(hours=24), timedelta(seconds=30)
# May be other ones on another page of the same search.
FREE_PARAMETERS = {"paginationToken", "nextToken", "maxResultsPerPage", "includedData"}
NODES_A_PAGE = 20


class Refused(Exception):
    """The vendor answers 400 with this message."""


@dataclass(frozen=True, slots=True)
class Token:
    """A place in a search, and the parameters that it belongs to."""

    start: int
    parameters: tuple[tuple[str, str], ...]
    made_at: datetime


@dataclass(slots=True)
class Operations:
    """The operations that read the ledger. `page_size` holds for transactions and stock."""

    account: SellerAccount
    clock: SandboxClock
    faults: Faults
    page_size: int = NODES_A_PAGE
    _tokens: dict[str, Token] = field(default_factory=dict)

    def search_orders(self, params: Mapping[str, str]) -> dict[str, Any]:
        """searchOrders: in the order of the instant that is searched by."""
        stem = _basis(params)
        since, until = _window(params, f"{stem}After", f"{stem}Before", self.clock.now())
        size = int(params.get("maxResultsPerPage", "100"))
        if not 1 <= size <= 100 or since < self.clock.now() - HISTORY:
            raise Refused("Invalid maxResultsPerPage, or a date of more than two years ago")
        by_update = stem == "lastUpdated"
        asked = params.get("marketplaceIds")
        ids = None if asked is None else asked.split(",")
        found = self._orders(since, until, ids, by_update=by_update)
        start = self._start(params, "paginationToken", ORDER_TOKENS_LIVE)
        page, token = self._page(found, start, size, params)
        now = self.clock.now()
        body: dict[str, Any] = {
            "orders": [order_node(order, site, now) for site, order in page],
            f"{stem}Before": instant(until),
        }
        return body | ({} if token is None else {"pagination": {"nextToken": token}})

    def list_transactions(self, params: Mapping[str, str]) -> dict[str, Any]:
        """listTransactions: a window of more than 180 days is answered with nothing."""
        since, until = _window(params, "postedAfter", "postedBefore", self.clock.now())
        now = self.clock.now()
        ledgers = self.account.ledgers
        posted = [each for ledger in ledgers for each in transactions(ledger, now)]
        posted.sort(key=lambda each: (each.at, each.identity))
        found = [each for each in posted if since <= each.at < until]
        if until - since > LONGEST_FINANCES:
            found = []
        start = self._start(params, "nextToken", ORDER_TOKENS_LIVE)
        page, token = self._page(found, start, self.page_size, params)
        # A window without any is answered so, as the vendor does at times.
        nodes = [each.write() for each in page] if found else None
        payload: dict[str, Any] = {"transactions": nodes}
        return {"payload": payload | ({} if token is None else {"nextToken": token})}

    def summaries(self, params: Mapping[str, str]) -> dict[str, Any]:
        """getInventorySummaries: what lies in the vendor's centres."""
        if params.get("granularityType") != "Marketplace" or not params.get("granularityId"):
            raise Refused("Invalid granularity")
        ledger = self.account.of(params["granularityId"])
        if not self.account.has_fba or ledger is None:
            raise Refused("Invalid Input")
        named = params["sellerSkus"].split(",") if "sellerSkus" in params else None
        stored = [
            each
            for each in ledger.articles
            if not each.is_digital
            and (each.sku not in self.account.skipped if named is None else each.sku in named)
        ]
        start = self._start(params, "nextToken", STOCK_TOKENS_LIVE)
        page, token = self._page(stored, start, self.page_size, params)
        granularity = {name: params[name] for name in ("granularityType", "granularityId")}
        is_detailed = params.get("details") == "true"
        nodes = [summary_node(each, is_detailed=is_detailed) for each in page]
        body: dict[str, Any] = {
            "payload": {"granularity": granularity, "inventorySummaries": nodes}
        }
        return body | ({} if token is None else {"pagination": {"nextToken": token}})

    def participations(self) -> dict[str, Any]:
        """getMarketplaceParticipations."""
        return {"payload": [participation_node(each.site) for each in self.account.ledgers]}

    def _orders(
        self, since: datetime, until: datetime, ids: list[str] | None, *, by_update: bool
    ) -> list[tuple[Site, Order]]:
        now = self.clock.now()
        if self.faults.strikes("change_mid_sync"):
            self.clock.advance(3600)
        instants = [
            (order.updated_at(now) if by_update else order.created_at, order.order_id, site, order)
            for site, order in self.account.orders()
            if order.created_at <= now and (ids is None or site.marketplace_id in ids)
        ]
        found = sorted(
            (each for each in instants if since <= each[0] <= until), key=lambda each: each[:2]
        )
        return [(site, order) for _, _, site, order in found]

    def _start(self, params: Mapping[str, str], name: str, lives: timedelta) -> int:
        text = params.get(name)
        if text is None:
            return 0
        token = self._tokens.get(text)
        if token is None or self.clock.now() - token.made_at > lives:
            raise Refused(f"Invalid or expired {name}")
        if token.parameters != _fixed(params):
            raise Refused(f"{name}: the other parameters have changed")
        return token.start

    def _page(
        self, found: Sequence[Any], start: int, size: int, params: Mapping[str, str]
    ) -> tuple[Sequence[Any], str | None]:
        end = start + size
        page = found[start:end]
        if start and self.faults.strikes("duplicate_across_pages"):
            page = [*found[max(0, start - 5) : start], *page]
        if self.faults.strikes("empty_page_with_token"):
            page, end = [], start
        if end >= len(found) and page:
            return page, None
        if end >= len(found) and start >= len(found):
            return page, None
        text = f"token-{len(self._tokens)}"
        self._tokens[text] = Token(end, _fixed(params), self.clock.now())
        return page, text


def participation_node(site: Site) -> dict[str, Any]:
    """A site where the seller sells."""
    marketplace = {
        "id": site.marketplace_id,
        "name": site.name,
        "countryCode": site.country,
        "defaultCurrencyCode": site.currency,
        "defaultLanguageCode": "en_GB",
        "domainName": f"www.{site.name.lower()}",
    }
    participation = {"isParticipating": True, "hasSuspendedListings": False}
    return {
        "marketplace": marketplace,
        "participation": participation,
        "storeName": "Candles of Leith",
    }


def summary_node(article: Article, *, is_detailed: bool) -> dict[str, Any]:
    """The stock of one SKU."""
    details = {
        "fulfillableQuantity": article.fulfillable,
        "inboundWorkingQuantity": 0,
        "inboundShippedQuantity": 12,
        "inboundReceivingQuantity": 0,
        "reservedQuantity": {"totalReservedQuantity": article.reserved},
        "researchingQuantity": {"totalResearchingQuantity": 1},
        "unfulfillableQuantity": {"totalUnfulfillableQuantity": 2},
    }
    node: dict[str, Any] = {
        "asin": article.asin,
        "fnSku": f"X{article.asin[1:]}",
        "sellerSku": article.sku,
        "condition": "NewItem",
        "productName": article.name,
        "totalQuantity": article.fulfillable + article.reserved + 15,
    }
    return node | ({"inventoryDetails": details} if is_detailed else {})


def read_instant(text: str, name: str) -> datetime:
    """An aware instant of a parameter; refuses anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"{name}: Invalid Input") from None
    if moment.tzinfo is None:
        raise Refused(f"{name}: Invalid Input")
    return moment


def _basis(params: Mapping[str, str]) -> str:
    given = [stem for stem in ("created", "lastUpdated") if f"{stem}After" in params]
    if len(given) != 1:
        raise Refused("Exactly one of createdAfter and lastUpdatedAfter must be provided")
    return given[0]


def _window(
    params: Mapping[str, str], after: str, before: str, now: datetime
) -> tuple[datetime, datetime]:
    if after not in params:
        raise Refused("Start date cannot be null")
    since = read_instant(params[after], after)
    until = read_instant(params[before], before) if before in params else now - TWO_MINUTES
    if until > now - TWO_MINUTES or until < since:
        raise Refused(f"{before} must be at least two minutes before the request")
    return since, until


def _fixed(params: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(each for each in params.items() if each[0] not in FREE_PARAMETERS))
