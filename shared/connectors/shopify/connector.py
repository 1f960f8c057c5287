"""The pages of a Shopify shop: by paged queries where there is little, by bulk operations where there is much."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from shared.connectors.shopify import documents
from shared.connectors.shopify.bulk import Bucket, BulkRunner
from shared.connectors.shopify.client import ShopifyClient
from shared.connectors.shopify.fields import Node, collect, short_id
from shared.connectors.shopify.orders import WholeOrder, WholeRefund, read_orders
from shared.connectors.shopify.pages import Paging, Variant
from shared.connectors.shopify.products import read_product
from shared.domain.catalogue import Product
from shared.domain.sales import FeeRule, SaleFee, SaleLine
from shared.domain.sync import Basis, SyncWindow
from shared.errors import ScopeMissing
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
Place = dict[str, str]


class ShopifyConnector:
    """Reads one shop as one channel (`shopify_uk`, …). `now` and `sleep` are the clock."""

    def __init__(
        self,
        client: ShopifyClient,
        api: VendorApi,
        channel: str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._channel = channel
        self._now = now
        self._paging = Paging(client)
        self._bulk = BulkRunner(client, api, sleep)

    @property
    def traits(self) -> ShopTraits:
        """Orders are read once more when their payment fees have come."""
        return ShopTraits(FEE_RULES[self._channel], orders_again=FEES_ARE_THERE_AFTER)

    def describe_shop(self) -> Shop:
        """Name, currency and time zone."""
        return self._about[0]

    @cached_property
    def _about(self) -> tuple[Shop, set[str]]:
        data = self._client.query(documents.SHOP)
        shop, installed = data["shop"], data["currentAppInstallation"] or {}
        scopes = {scope["handle"] for scope in installed.get("accessScopes") or ()}
        told = Shop(shop["name"], shop["currencyCode"], shop["ianaTimezone"], short_id(shop["id"]))
        return told, scopes

    def product_pages(self, cursor: str | None) -> Iterator[Page[Product]]:
        """All product variants with cost and stock; the last page has no next cursor."""
        place = _read_place(cursor)
        if not place:
            counted = self._client.query(documents.COUNT_VARIANTS)["productVariantsCount"]
            if counted["count"] > PAGED_VARIANTS:
                place = {"bulk": self._bulk.start(documents.BULK_PRODUCTS)}
                yield Page((), (), _write_place(place))
        if "bulk" in place:
            for bucket in self._buckets(place):
                yield self._product_page(_variants_of(bucket), _next_bucket(place, bucket), bucket)
            return
        # All of them before any is kept: variants of one SKU may stand on two pages, and their stock adds up.
        yield self._product_page(list(self._paging.variants()), None)

    def sale_pages(self, window: SyncWindow, cursor: str | None) -> Iterator[SalePage]:
        """Whole orders of the window; the last page has no next cursor. Raises `ScopeMissing`."""
        search, place = _search(self._visible(window)), _read_place(cursor)
        if not place and self._count(search) > PAGED_ORDERS:
            place = {"bulk": self._bulk.start(documents.BULK_ORDERS % search)}
            yield SalePage((), (), _write_place(place))
        if "bulk" in place:
            for bucket in self._buckets(place):
                yield self._sale_page(self._orders_of(bucket), _next_bucket(place, bucket), bucket)
            return
        sort_key = f"{window.basis.name}_AT"
        for orders, after in self._paging.orders(search, sort_key, place.get("after")):
            yield self._sale_page(orders, _after(after))

    def fee_pages(self, _window: SyncWindow, _cursor: str | None) -> Iterator[Page[SaleFee]]:
        """None: fees come with the orders."""
        yield Page((), (), None)

    def refund_pages(self, _window: SyncWindow, _cursor: str | None) -> Iterator[Page[SaleLine]]:
        """None: refunds come with the orders."""
        yield Page((), (), None)

    def _buckets(self, place: Place) -> Iterator[Bucket]:
        finished = self._bulk.wait(place["bulk"])
        return self._bulk.read(finished, int(place.get("part", 0)))

    def _product_page(
        self, variants: list[Variant], cursor: str | None, bucket: Bucket | None = None
    ) -> Page[Product]:
        levels = {variant.node["id"]: variant.levels for variant in variants}
        currency = self._about[0].currency

        def read(node: Node) -> Product:
            return read_product(node, self._channel, currency, levels[node["id"]])

        records, rejected = collect([variant.node for variant in variants], read)
        malformed = bucket.malformed if bucket else []
        return Page(tuple(records), (*rejected, *malformed), cursor)

    def _sale_page(
        self, orders: list[WholeOrder], cursor: str | None, bucket: Bucket | None = None
    ) -> SalePage:
        read = read_orders(orders, self._channel, ZoneInfo(self._about[0].timezone))
        malformed = bucket.malformed if bucket else []
        return SalePage(read.lines, (*read.rejected, *malformed), cursor, fees=read.fees)

    def _orders_of(self, bucket: Bucket) -> list[WholeOrder]:
        """The bucket's orders; what was refunded is asked for, since a bulk file cannot tell it."""
        named = [refund["id"] for root in bucket.roots for refund in root.get("refunds") or ()]
        refunds = self._paging.refunds(named) if named else {}
        return [_order_of(root, bucket, refunds) for root in bucket.roots]

    def _count(self, search: str) -> int:
        counted = self._client.query(documents.COUNT_ORDERS, {"search": search})["ordersCount"]
        return int(counted["count"]) if counted else 0

    def _visible(self, window: SyncWindow) -> SyncWindow:
        """The part of the window that the credential may see; raises `ScopeMissing` where there is none."""
        edge = self._now() - SHOWN_TO_ALL
        scopes = self._about[1]
        # An app that is told no scopes at all is believed to see.
        if (
            window.basis is not Basis.CREATED
            or window.since >= edge
            or not scopes
            or SCOPE in scopes
        ):
            return window
        if window.until <= edge:
            raise ScopeMissing(
                f"shopify: orders older than {SHOWN_TO_ALL.days} days need the scope {SCOPE}; "
                "add it to the app and connect the shop again"
            )
        return replace(window, since=edge)


def _order_of(root: Node, bucket: Bucket, refunds: dict[str, WholeRefund]) -> WholeOrder:
    children = bucket.children.get(root["id"], [])
    shipping = [child for child in children if "discountedPriceSet" in child]
    lines = [child for child in children if "discountedPriceSet" not in child]
    named = [refund["id"] for refund in root.get("refunds") or ()]
    return WholeOrder(root, lines, shipping, [refunds[each] for each in named if each in refunds])


def _variants_of(bucket: Bucket) -> list[Variant]:
    return [
        Variant(
            root,
            # The parent named is the variant or its inventory item.
            bucket.children.get(root["id"], [])
            + bucket.children.get(str((root.get("inventoryItem") or {}).get("id")), []),
        )
        for root in bucket.roots
    ]


def _search(window: SyncWindow) -> str:
    field = f"{window.basis}_at"
    return f"{field}:>='{_instant(window.since)}' {field}:<='{_instant(window.until)}'"


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _after(after: str | None) -> str | None:
    return None if after is None else _write_place({"after": after})


def _next_bucket(place: Place, bucket: Bucket) -> str | None:
    # `part` was `bucket` while variants were dealt otherwise: such a place begins its file again.
    if bucket.is_last:
        return None
    return _write_place({"bulk": place["bulk"], "part": str(bucket.number + 1)})


def _read_place(cursor: str | None) -> Place:
    return dict(json.loads(cursor)) if cursor else {}


def _write_place(place: Place) -> str:
    return json.dumps(place)
