"""Pages of products: FBA stock as one full snapshot, with the prices of the listings report."""

from collections.abc import Iterator, Mapping, Sequence

from shared.connectors.amazon.client import (
    AmazonClient,
    next_token,
    refuse_repetition,
    require_list,
)
from shared.connectors.amazon.cursor import read_place, write_place
from shared.connectors.amazon.inventory import listed_product, read_summary
from shared.connectors.amazon.listings import LISTINGS, Listing, Listings, read_offers
from shared.connectors.amazon.marketplaces import Marketplace
from shared.connectors.amazon.report_files import (
    Outcome,
    document_rows,
    look_at_report,
    request_report,
)
from shared.domain.fields import require_node
from shared.domain.products import Product
from shared.domain.rejections import collect
from shared.errors import (
    AccessForbidden,
    CredentialRejected,
    CursorExpired,
    GiveUp,
    VendorUnavailable,
)
from shared.use_cases.vendors import Page

SUMMARIES = "/fba/inventory/v1/summaries"
LISTED_A_PAGE = 500
# So many SKUs may be asked for by name at once.
NAMED_AT_ONCE = 50
NO_REPORT = "listings: the report failed; prices and names stay as they were"
NO_STOCK = "stock: Amazon reports no stock in its centres for this account; if it uses FBA, check its permissions"


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
            number = request_report(self._client, [self._market.marketplace_id], LISTINGS)
            place = {"report": number}
            yield Page((), (), write_place(**place))
        reported = self._listings(str(place["report"]))
        problems = [reported.problem] if reported.problem else []
        here = write_place(**place)
        yield Page((), reported.rejected, here)
        seen: set[str] = set()
        try:
            for page in self._stock(reported.offers, here):
                seen.update(product.sku for product in page.records)
                yield page
        except AccessForbidden as error:
            problems.append(error.message)
        except CredentialRejected:
            raise
        except GiveUp:
            problems.append(NO_STOCK)
        else:
            yield from self._by_name(reported.offers, seen, here)
        yield from self._rest(reported, seen, here, tuple(problems))

    def _rest(
        self, reported: Listings, seen: set[str], cursor: str, problems: tuple[str, ...]
    ) -> Iterator[Page[Product]]:
        """The offers of which no page of stock has reported."""
        rest = [each for sku, each in reported.offers.items() if sku not in seen]
        whole = bool(reported.offers)
        for start in range(0, max(len(rest), 1), LISTED_A_PAGE):
            chunk = rest[start : start + LISTED_A_PAGE]
            last = start + LISTED_A_PAGE >= len(rest)
            products = tuple(listed_product(each, self._market) for each in chunk)
            following = None if last else cursor
            yield Page(products, (), following, whole=whole, problems=problems if last else ())

    def _listings(self, report_id: str) -> Listings:
        """The offers; none where the report failed: stock without prices is better than no stock."""
        report = look_at_report(self._client, report_id)
        if report.outcome is not Outcome.DONE:
            return Listings({}, (), NO_REPORT)
        return read_offers(document_rows(self._client, str(report.document_id)))

    def _stock(
        self, listings: Mapping[str, Listing], cursor: str, skus: Sequence[str] = ()
    ) -> Iterator[Page[Product]]:
        token: str | None = None
        while True:
            body = self._ask(token, skus)
            nodes = require_list(body, "payload", "inventorySummaries")
            records, rejected = collect(
                nodes,
                _key,
                lambda node: read_summary(
                    require_node(node, "inventorySummaries"), listings, self._market
                ),
            )
            yield Page(tuple(records), tuple(rejected), cursor)
            before, token = token, next_token(body, "pagination", "nextToken")
            refuse_repetition(token, before)
            if token is None:
                return

    def _by_name(
        self, listings: Mapping[str, Listing], seen: set[str], cursor: str
    ) -> Iterator[Page[Product]]:
        """SKUs that Amazon stores and that its pages left out: they are asked for once more, by name."""
        missing = [sku for sku, each in listings.items() if each.is_stored and sku not in seen]
        for start in range(0, len(missing), NAMED_AT_ONCE):
            for page in self._stock(listings, cursor, missing[start : start + NAMED_AT_ONCE]):
                seen.update(product.sku for product in page.records)
                yield page

    def _ask(self, token: str | None, skus: Sequence[str]) -> object:
        params = {
            "details": "true",
            "granularityType": "Marketplace",
            "granularityId": self._market.marketplace_id,
            "marketplaceIds": self._market.marketplace_id,
        }
        if skus:
            params["sellerSkus"] = ",".join(skus)
        try:
            return self._client.get_page(
                "getInventorySummaries", SUMMARIES, params, {"nextToken": token}
            )
        except CursorExpired as error:
            # The listings are read already: only the stock begins again, with the next attempt.
            raise VendorUnavailable(error.message) from None


def _key(node: object) -> object:
    return node.get("sellerSku", "?") if isinstance(node, dict) else "?"
