"""Which orders are there: a search for changes never reports what a shop has deleted.

Ids are asked for page by page, 250 at a time, which the smallest plan answers at about a thousand a second; a bulk
operation would have to be waited for by a call that has no place to go on from.
"""

from collections.abc import Iterator, Sequence

from shared.connectors.shopify import documents
from shared.connectors.shopify.client import ShopifyClient
from shared.connectors.shopify.fields import is_gid, short_id
from shared.connectors.shopify.pages import Paging
from shared.domain.fields import part
from shared.errors import VendorUnavailable

ASKED_AT_ONCE = 100


class OrderListing:
    """The ids of the orders of one shop, as the lines have them."""

    def __init__(self, client: ShopifyClient, paging: Paging) -> None:
        self._client, self._paging = client, paging

    def all(self) -> Iterator[Sequence[str]]:
        """The ids of all orders, a page at a time; raises `VendorUnavailable` at the end unless it was all.

        Orders come and go while they are listed: the smaller of the counts before and after must be reached.
        """
        before, listed = self._count(), set[str]()
        for page in self._paging.order_ids():
            if not all(is_gid(each, "Order") for each in page):
                raise VendorUnavailable("shopify: an order in the list has no id")
            ids = [short_id(each) for each in page]
            listed.update(ids)
            yield ids
        there = min(before, self._count())
        if len(listed) < there:
            raise VendorUnavailable(f"shopify: {len(listed)} of {there} orders were listed")

    def still_there(self, orders: Sequence[str]) -> set[str]:
        """Those of these orders that the shop has; what cannot be the id of an order is left alone."""
        ids = {f"gid://shopify/Order/{order}": order for order in orders}
        asked = [gid for gid in ids if is_gid(gid, "Order")]
        there = set(self._paging.existing(documents.ORDERS_THERE, asked, ASKED_AT_ONCE))
        return {order for gid, order in ids.items() if gid in there or not is_gid(gid, "Order")}

    def _count(self) -> int:
        counted = part(self._client.query(documents.COUNT_ALL_ORDERS), "ordersCount").get("count")
        if isinstance(counted, bool) or not isinstance(counted, int):
            raise VendorUnavailable("shopify: ordersCount: there is no number")
        return counted
