"""Pages of products: FBA stock as one full snapshot, with the prices of the listings report."""

from collections.abc import Iterator

from shared.connectors.amazon.client import (
    AmazonClient,
    next_token,
    refuse_repetition,
    require_list,
)
from shared.connectors.amazon.cursor import read_place, write_place
from shared.connectors.amazon.inventory import (
    LISTINGS,
    Listing,
    listed_product,
    read_listings,
    read_summary,
)
from shared.connectors.amazon.marketplaces import Marketplace
from shared.connectors.amazon.reports import (
    Outcome,
    document_rows,
    look_at_report,
    request_report,
)
from shared.domain.catalogue import Product
from shared.domain.rejections import collect
from shared.errors import CursorExpired, SkipRecord, VendorUnavailable
from shared.use_cases.vendors import Page

SUMMARIES = "/fba/inventory/v1/summaries"
LISTED_A_PAGE = 500


class ProductPages:
    """The products of one marketplace.

    A page token of stock lives for 30 seconds, so the cursor keeps the report only: the snapshot is
    always taken from its beginning, and never by `startDateTime`, which misses changes.
    """

    def __init__(self, client: AmazonClient, market: Marketplace) -> None:
        self._client, self._market = client, market

    def pages(self, cursor: str | None) -> Iterator[Page[Product]]:
        """All SKUs: those in Amazon's centres with their stock, then what else is listed."""
        place = read_place(cursor)
        if "report" not in place:
            place = {"report": request_report(self._client, self._market, LISTINGS)}
            yield Page((), (), write_place(**place))
        told = self._listings(str(place["report"]))
        listings = told or {}
        seen: set[str] = set()
        for page in self._stock(listings, write_place(**place)):
            seen.update(product.sku for product in page.records)
            yield page
        rest = [each for sku, each in listings.items() if sku not in seen]
        for start in range(0, max(len(rest), 1), LISTED_A_PAGE):
            chunk = rest[start : start + LISTED_A_PAGE]
            last = start + LISTED_A_PAGE >= len(rest)
            products = tuple(listed_product(each, self._market) for each in chunk)
            following = None if last else write_place(**place)
            yield Page(products, (), following, whole=told is not None)

    def _listings(self, report_id: str) -> dict[str, Listing] | None:
        """The offers; None where the report failed: stock without prices is better than no stock."""
        report = look_at_report(self._client, report_id)
        if report.outcome is not Outcome.DONE:
            return None
        # An empty file tells nothing of what is listed.
        return read_listings(document_rows(self._client, str(report.document_id))) or None

    def _stock(self, listings: dict[str, Listing], cursor: str) -> Iterator[Page[Product]]:
        token: str | None = None
        while True:
            body = self._ask(token)
            nodes = require_list(body, "payload", "inventorySummaries")
            records, rejected = collect(nodes, _key, lambda node: self._read(node, listings))
            yield Page(tuple(records), tuple(rejected), cursor)
            before, token = token, next_token(body, "pagination", "nextToken")
            refuse_repetition(token, before)
            if token is None:
                return

    def _ask(self, token: str | None) -> object:
        params = {
            "details": "true",
            "granularityType": "Marketplace",
            "granularityId": self._market.marketplace_id,
            "marketplaceIds": self._market.marketplace_id,
        }
        try:
            return self._client.get_page(
                "getInventorySummaries", SUMMARIES, params, {"nextToken": token}
            )
        except CursorExpired as error:
            # The listings are read already: only the stock begins again, with the next attempt.
            raise VendorUnavailable(error.message) from None

    def _read(self, node: object, listings: dict[str, Listing]) -> Product:
        if not isinstance(node, dict):
            raise SkipRecord("inventorySummaries: holds what is no summary")
        return read_summary(node, listings, self._market)


def _key(node: object) -> object:
    return node.get("sellerSku", "?") if isinstance(node, dict) else "?"
