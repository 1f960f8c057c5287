"""Reports as flat files: all orders, listings, settlements."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from sandbox.amazon.account_ledger import (
    NOTHING,
    Article,
    Item,
    Ledger,
    Order,
    Site,
    fee_tax,
    fees_of,
    net,
    pennies,
)
from sandbox.amazon.order_nodes import instant

BY_ORDER_DATE = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL"
BY_LAST_UPDATE = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"
LISTINGS = "GET_MERCHANT_LISTINGS_ALL_DATA"
SETTLEMENT = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
ORDER_COLUMNS = [
    "amazon-order-id",
    "merchant-order-id",
    "purchase-date",
    "last-updated-date",
    "order-status",
    "fulfillment-channel",
    "sales-channel",
    "order-channel",
    "ship-service-level",
    "product-name",
    "sku",
    "asin",
    "item-status",
    "quantity",
    "currency",
    "item-price",
    "item-tax",
    "shipping-price",
    "shipping-tax",
    "gift-wrap-price",
    "gift-wrap-tax",
    "item-promotion-discount",
    "ship-promotion-discount",
    "ship-city",
    "ship-state",
    "ship-postal-code",
    "ship-country",
    "promotion-ids",
    "is-business-order",
]
LISTING_COLUMNS = [
    "item-name",
    "item-description",
    "listing-id",
    "seller-sku",
    "price",
    "quantity",
    "open-date",
    "asin1",
    "fulfillment-channel",
    "status",
]
SETTLEMENT_COLUMNS = [
    "settlement-id",
    "settlement-start-date",
    "settlement-end-date",
    "deposit-date",
    "total-amount",
    "currency",
    "transaction-type",
    "order-id",
    "amount-type",
    "amount-description",
    "amount",
    "posted-date",
    "posted-date-time",
    "sku",
    "quantity-purchased",
    "marketplace-name",
]
# What sellers who read other languages find in their reports.
HEADERS = {
    "de": {
        "item-name": "Artikelbezeichnung",
        "seller-sku": "Händler-SKU",
        "price": "Preis",
        "status": "Status",
        "fulfillment-channel": "Versand durch",
    },
    "zh": {
        "item-name": "商品名称",
        "seller-sku": "卖家 SKU",
        "price": "价格",
        "asin1": "ASIN1",
        "status": "状态",
    },
    # A language that nobody has taught us.
    "vo": {"item-name": "nem", "seller-sku": "selana-num", "price": "suäm", "status": "stad"},
}
WORDS = {"PENDING": "Pending", "UNSHIPPED": "Unshipped", "SHIPPED": "Shipped"}


def order_document(orders: Iterable[tuple[Site, Order]], at: datetime) -> str:
    """All items of the orders; those of one order do not always stand together."""
    rows = [
        _order_row(order, item, place, site, at)
        for site, order in orders
        for place, item in enumerate(order.items)
    ]
    # Second and further items last, as a vendor that promises no order may well do.
    rows.sort(key=lambda row: row[0])
    return _table(ORDER_COLUMNS, [row for _, row in rows])


def listing_document(articles: Iterable[Article], language: str) -> str:
    """All offers with their prices, under headers of a language."""
    rows = [
        {
            "item-name": each.name,
            "listing-id": f"L{each.asin}",
            "seller-sku": each.sku,
            "price": str(each.price),
            "asin1": each.asin,
            "fulfillment-channel": "DEFAULT" if each.is_digital else "AMAZON_EU",
            "status": "Active",
        }
        for each in articles
    ]
    table = _table(LISTING_COLUMNS, rows)
    header, rest = table.split("\r\n", 1)
    names = HEADERS.get(language, {})
    return "\t".join(names.get(each, each) for each in header.split("\t")) + "\r\n" + rest


def settlement_document(ledgers: Iterable[Ledger], since: datetime, until: datetime) -> str:
    """What was paid out for orders posted in a time, with decimal commas and days first; all sites together."""
    rows = [{"settlement-id": "26000000001", "total-amount": "1.234,56", "currency": "EUR"}]
    for ledger in ledgers:
        for order in ledger.orders:
            if order.posted_at is not None and since <= order.posted_at < until:
                for item in order.items:
                    rows += _settled(order, item, ledger.site)
    return _table(SETTLEMENT_COLUMNS, rows)


def _order_row(
    order: Order, item: Item, place: int, site: Site, at: datetime
) -> tuple[int, dict[str, str]]:
    status = order.status(at)
    cancelled = status == "CANCELLED"
    row = {
        "amazon-order-id": order.order_id,
        "purchase-date": instant(order.created_at).replace("Z", "+00:00"),
        "last-updated-date": instant(order.updated_at(at)).replace("Z", "+00:00"),
        "order-status": WORDS.get(status, "Cancelled"),
        "sales-channel": "Non-Amazon" if order.is_foreign else site.name,
        "product-name": item.article.name,
        "sku": item.article.sku,
        "asin": item.article.asin,
        "item-status": "Cancelled" if cancelled else WORDS[status],
        "quantity": "0" if cancelled else str(item.quantity),
        "ship-city": "Manchester",
    }
    if not cancelled and status != "PENDING" and order.replaces is None and not order.is_foreign:
        reported = _prices(item, site)
        if not site.reports_tax:
            reported = {
                name: amount for name, amount in reported.items() if not name.endswith("-tax")
            }
        row |= {name: str(amount) for name, amount in reported.items() if amount}
        row["currency"] = site.currency
    return place, row


def _prices(item: Item, site: Site) -> dict[str, Decimal]:
    return {
        "item-price": item.price,
        "item-tax": site.tax_of(item.price) - site.tax_of(item.discount),
        "shipping-price": item.shipping,
        "shipping-tax": site.tax_of(item.shipping),
        "gift-wrap-price": item.gift_wrap,
        "gift-wrap-tax": site.tax_of(item.gift_wrap),
        "item-promotion-discount": item.discount,
    }


def _settled(order: Order, item: Item, site: Site) -> list[dict[str, str]]:
    if order.posted_at is None:
        return []
    amounts = {("ItemPrice", "Principal"): net(site, item.price)}
    # What is paid out includes the VAT on the fees.
    fees = fees_of(item, site)
    amounts |= {("ItemFees", kind): -fee - fee_tax(fee) for kind, fee in fees.items()}
    return [
        {
            "settlement-id": "26000000001",
            "currency": site.currency,
            "transaction-type": "Order",
            "order-id": order.order_id,
            "amount-type": kind,
            "amount-description": detail,
            "amount": str(pennies(amount)).replace(".", ","),
            "posted-date": order.posted_at.strftime("%d.%m.%Y"),
            "posted-date-time": order.posted_at.strftime("%d.%m.%Y %H:%M:%S UTC"),
            "sku": item.article.sku,
            "marketplace-name": site.name,
        }
        for (kind, detail), amount in amounts.items()
        if amount != NOTHING
    ]


def _table(columns: Sequence[str], rows: Iterable[dict[str, str]]) -> str:
    lines = ["\t".join(columns)]
    lines += ["\t".join(row.get(column, "") for column in columns) for row in rows]
    return "\r\n".join(lines) + "\r\n"
