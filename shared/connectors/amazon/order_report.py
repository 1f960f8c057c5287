"""Rows of the flat file of all orders to `Order`s; pure but for a spool on disk.

A report does not promise that the rows of an order stand together, and an order must be read whole. So
the columns that are needed are dealt out by order into a few spools, which are read one after the other:
each fits into memory, and the order of orders is the same each time that the file is read.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from decimal import Decimal
from functools import partial
from tempfile import SpooledTemporaryFile

from shared.connectors.amazon.flat_files import Row
from shared.connectors.amazon.marketplaces import Marketplace
from shared.connectors.amazon.order_lines import Order, OrderItem
from shared.connectors.amazon.sites import is_outside, site_of_name
from shared.domain.fields import (
    LONGEST_ID,
    read_amount,
    read_count,
    read_currency,
    read_instant,
    read_name,
    read_price,
    read_sku,
    read_text,
)
from shared.domain.money import NOTHING, round_money
from shared.domain.rejections import collect
from shared.errors import SkipRecord

BY_ORDER_DATE = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL"
BY_LAST_UPDATE = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"
REQUIRED = (
    "amazon-order-id",
    "purchase-date",
    "last-updated-date",
    "order-status",
    "sku",
    "quantity",
    "currency",
    "item-price",
)
OPTIONAL = (
    "item-status",
    "product-name",
    "sales-channel",
    "item-tax",
    "shipping-price",
    "shipping-tax",
    "gift-wrap-price",
    "gift-wrap-tax",
    "item-promotion-discount",
    "ship-promotion-discount",
)
SPOOLS = 64
SPOOL_BYTES = 256 * 1024


def group_rows(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows of each order, wherever they stand; a row that is none comes alone, under `?`."""
    with ExitStack() as stack:
        spools = [
            stack.enter_context(
                SpooledTemporaryFile(SPOOL_BYTES, "w+", encoding="utf-8", newline="\n")
            )
            for _ in range(SPOOLS)
        ]
        for row in rows:
            key = row.get("amazon-order-id", "")
            kept = (
                row if "?" in row else {name: row.get(name, "") for name in (*REQUIRED, *OPTIONAL)}
            )
            # Plain ASCII: half a character cannot be written otherwise.
            spools[zlib.crc32(key.encode("utf-8")) % SPOOLS].write(json.dumps(kept) + "\n")
        for spool in spools:
            spool.seek(0)
            yield from _by_order([json.loads(line) for line in spool])


def read_order_rows(rows: Sequence[Row], market: Marketplace) -> Order | None:
    """One order of its rows, or None where it brings no line; raises `SkipRecord`."""
    first = rows[0]
    if "?" in first:
        raise SkipRecord("columns: the row has another number of columns than the header")
    order_id = read_text(first["amazon-order-id"], "amazon-order-id", LONGEST_ID - 20)
    name = first["sales-channel"].strip()
    if name and (is_outside(name) or site_of_name(name) != market):
        return None
    status = first["order-status"].strip().lower()
    is_cancelled = status in {"cancelled", "canceled"}
    if status.startswith("pending") and any(not row["item-price"].strip() for row in rows):
        return None
    items, rejected = collect(
        rows,
        lambda row: f"{order_id} {row['sku']}",
        partial(_read_item, market=market),
    )
    return Order(
        order_id,
        read_instant(first["purchase-date"].strip(), "purchase-date"),
        max(read_instant(row["last-updated-date"].strip(), "last-updated-date") for row in rows),
        is_cancelled,
        tuple(items),
        tuple(rejected),
    )


def _by_order(rows: Iterable[Row]) -> Iterator[list[Row]]:
    orders: dict[str, list[Row]] = {}
    for row in rows:
        if "?" in row:
            yield [row]
        else:
            orders.setdefault(row["amazon-order-id"], []).append(row)
    yield from orders.values()


def _read_item(row: Row, market: Marketplace) -> OrderItem:
    quantity = read_count(row["quantity"], "quantity")
    price = row["item-price"].strip()
    listed = read_price(price, "item-price") if price else NOTHING
    goods = listed + _amount(row, "gift-wrap-price") - abs(_amount(row, "item-promotion-discount"))
    goods_tax = _amount(row, "item-tax") + _amount(row, "gift-wrap-tax")
    shipping = _amount(row, "shipping-price") - abs(_amount(row, "ship-promotion-discount"))
    shipping_tax = _amount(row, "shipping-tax")
    if row["item-status"].strip().lower() in {"cancelled", "canceled"}:
        quantity, goods, goods_tax, shipping, shipping_tax = 0, *[NOTHING] * 4
    if market.prices_include_tax:
        goods, shipping = goods - goods_tax, shipping - shipping_tax
    currency = row["currency"].strip() or market.currency
    return OrderItem(
        read_sku(row["sku"]),
        read_name(row["product-name"].strip(), "product-name"),
        quantity,
        abs(round_money(listed / quantity)) if quantity else NOTHING,
        goods,
        goods_tax,
        shipping,
        shipping_tax,
        read_currency(currency, "currency"),
        is_tax_blank=not row["item-tax"].strip(),
        is_shipping_tax_blank=not row["shipping-tax"].strip(),
    )


def _amount(row: Row, column: str) -> Decimal:
    text = row[column].strip()
    return read_amount(text, column) if text else NOTHING
