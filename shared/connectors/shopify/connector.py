"""The pages of a Shopify shop: by paged queries where there is little, by bulk operations where there is much."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from shared.connectors.shopify import documents
from shared.connectors.shopify.about import read_about
from shared.connectors.shopify.bulk import Bucket, BulkRunner
from shared.connectors.shopify.bulk_records import named_refunds, orders_of, variants_of
from shared.connectors.shopify.client import ShopifyClient
from shared.connectors.shopify.listing import OrderListing
from shared.connectors.shopify.orders import WholeOrder, read_orders
from shared.connectors.shopify.pages import Paging, Variant
from shared.connectors.shopify.places import Place, after_page, next_bucket, read_place, write_place
from shared.connectors.shopify.shelves import read_products
from shared.domain.fields import part
from shared.domain.products import Product
from shared.domain.sales import FeeRule, RejectedRecord
from shared.domain.window_steps import Basis, SyncWindow
from shared.errors import ScopeMissing, VendorUnavailable
from shared.use_cases.vendors import Page, SalePage, Shop, ShopTraits, VendorApi

# More than this, and a bulk operation is there sooner than the bucket lets the pages through.
PAGED_ORDERS, PAGED_VARIANTS = 250, 100
# Without the scope the vendor shows no older order, and says nothing.
SHOWN_TO_ALL, SCOPE = timedelta(days=60), "read_all_orders"
# What Shopify Payments takes on its smallest plan for a card of the country; checked 2026.
FEE_RULES = {
    "shopify_uk": FeeRule(Decimal("0.020"), Decimal("0.25")),
    "shopify_eu": FeeRule(Decimal("0.021"), Decimal("0.30")),
    "shopify_usa": FeeRule(Decimal("0.029"), Decimal("0.30")),
}
# Payment fees come days later and need not change the order.
FEES_ARE_THERE_AFTER = (timedelta(days=4), timedelta(days=14))


class ShopifyConnector:
    """Reads one shop as one channel (`shopify_uk`, …). `now` and `sleep` are the clock.

    `count_copies_of` are the marketplaces whose orders count also where an app has copied them into the shop.
    """

    def __init__(
        self,
        client: ShopifyClient,
        api: VendorApi,
        channel: str,
        *,
        count_copies_of: frozenset[str] = frozenset(),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._channel = channel
        self._count_copies_of = count_copies_of
        self._now = now
        self._paging = Paging(client)
        self._bulk = BulkRunner(client, api, sleep)
        self._listing = OrderListing(client, self._paging)

    @property
    def traits(self) -> ShopTraits:
        """Orders are read once more when their payment fees have come."""
        return ShopTraits(FEE_RULES[self._channel], orders_again=FEES_ARE_THERE_AFTER)

    def describe_shop(self) -> Shop:
        """Name, currency and time zone."""
        return self._about[0]

    @cached_property
    def _about(self) -> tuple[Shop, set[str]]:
        return read_about(self._client.query(documents.SHOP))

    def product_pages(self, cursor: str | None) -> Iterator[Page[Product]]:
        """All product variants with cost and stock; the last page has no next cursor."""
        place = read_place(cursor)
        if not place:
            counted = self._client.query(documents.COUNT_VARIANTS)
            if _count_of(counted, "productVariantsCount") > PAGED_VARIANTS:
                place = {"bulk": self._bulk.start(documents.BULK_PRODUCTS)}
                yield Page((), (), write_place(place))
        if "bulk" in place:
            for bucket in self._buckets(place):
                variants = variants_of(bucket)
                aside = (*bucket.orphans(), *bucket.malformed)
                yield self._product_page(variants, next_bucket(place, bucket), aside)
            return
        # All of them before any is kept: variants of one SKU may stand on two pages, and their stock adds up.
        yield self._product_page(list(self._paging.variants()), None)

    def sale_pages(self, window: SyncWindow, cursor: str | None) -> Iterator[SalePage]:
        """Whole orders of the window; the last page has no next cursor. Raises `ScopeMissing`."""
        search, place = _search(self._visible(window)), read_place(cursor)
        if not place and self._count(search) > PAGED_ORDERS:
            place = {"bulk": self._bulk.start(documents.BULK_ORDERS % search)}
            yield SalePage((), (), write_place(place))
        if "bulk" in place:
            for bucket in self._buckets(place):
                orders = self._orders_of(bucket)
                aside = (*bucket.orphans(), *bucket.malformed)
                yield self._sale_page(orders, next_bucket(place, bucket), aside)
            return
        sort_key = f"{window.basis.name}_AT"
        for orders, after in self._paging.orders(search, sort_key, place.get("after")):
            yield self._sale_page(orders, after_page(after))

    def posted_pages(self, _window: SyncWindow, _cursor: str | None) -> Iterator[SalePage]:
        """None: fees and refunds come with the orders."""
        yield SalePage((), (), None)

    def listed_orders(self) -> Iterator[Sequence[str]]:
        """The ids of all orders that may be seen, a page at a time; raises `VendorUnavailable` unless it is all."""
        return self._listing.all()

    def listed_since(self) -> datetime | None:
        """Orders created before are not listed; None where all are."""
        return None if self._sees_all else self._now() - SHOWN_TO_ALL

    def still_there(self, orders: Sequence[str]) -> set[str]:
        """Those of these orders that the shop still has."""
        return self._listing.still_there(orders)

    def _buckets(self, place: Place) -> Iterator[Bucket]:
        finished = self._bulk.wait(place["bulk"])
        return self._bulk.read(finished, int(place.get("part", 0)))

    def _product_page(
        self,
        variants: Sequence[Variant],
        cursor: str | None,
        aside: Sequence[RejectedRecord] = (),
    ) -> Page[Product]:
        products, rejected = read_products(variants, self._channel, self._about[0].currency)
        return Page(tuple(products), (*rejected, *aside), cursor)

    def _sale_page(
        self,
        orders: Sequence[WholeOrder],
        cursor: str | None,
        aside: Sequence[RejectedRecord] = (),
    ) -> SalePage:
        zone = ZoneInfo(self._about[0].timezone)
        read = read_orders(orders, self._channel, zone, count_copies_of=self._count_copies_of)
        return SalePage(
            read.lines,
            (*read.rejected, *aside),
            cursor,
            left_out=read.left_out,
            fees=read.fees,
            gone=read.gone,
        )

    def _orders_of(self, bucket: Bucket) -> list[WholeOrder]:
        """The bucket's orders; refunds and agreements are asked for, since a bulk file cannot hold them."""
        refunds = self._paging.refunds(named_refunds(bucket.roots))
        return self._paging.with_agreements(orders_of(bucket, refunds))

    def _count(self, search: str) -> int:
        answer = self._client.query(documents.COUNT_ORDERS, {"search": search})
        return _count_of(answer, "ordersCount")

    @property
    def _sees_all(self) -> bool:
        # An app whose scopes the vendor leaves out is believed to see.
        return not self._about[1] or SCOPE in self._about[1]

    def _visible(self, window: SyncWindow) -> SyncWindow:
        """The part of the window that the credential may see; raises `ScopeMissing` where there is none."""
        edge = self._now() - SHOWN_TO_ALL
        if window.basis is not Basis.CREATED or window.since >= edge or self._sees_all:
            return window
        if window.until <= edge:
            raise ScopeMissing(
                f"shopify: orders older than {SHOWN_TO_ALL.days} days need the scope {SCOPE}; "
                "add it to the app and connect the shop again"
            )
        return replace(window, since=edge)


def _count_of(answer: object, field: str) -> int:
    counted = part(answer, field).get("count")
    if isinstance(counted, bool) or not isinstance(counted, int):
        raise VendorUnavailable(f"shopify: {field}: there is no number")
    return counted


def _search(window: SyncWindow) -> str:
    field = f"{window.basis}_at"
    return f"{field}:>='{_instant(window.since)}' {field}:<='{_instant(window.until)}'"


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
