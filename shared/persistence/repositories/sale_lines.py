"""Writing order lines: new ones are added, known ones compared and corrected."""

from collections.abc import Sequence
from functools import partial
from operator import attrgetter
from uuid import UUID

from shared.domain.fees import commission_rate
from shared.domain.rejections import Kept
from shared.domain.sales import SaleLine
from shared.persistence.apart import write_apart
from shared.persistence.database import Connection

# What is written beside the company, in this order.
COLUMNS = {
    "product_id": "uuid",
    "commission_rate": "numeric",
    "channel": "text",
    "channel_order_id": "text",
    "channel_line_id": "text",
    "line_kind": "public.sale_line_kind",
    "sale_date": "date",
    "quantity": "int",
    "unit_price": "numeric",
    "total_amount": "numeric",
    "tax_amount": "numeric",
    "currency": "text",
    "market": "text",
    "shipping_amount": "numeric",
    "presentment_amount": "numeric",
    "presentment_currency": "text",
    "commission_amount": "numeric",
    "fee_estimated": "boolean",
    "source_updated_at": "timestamptz",
    "tax_estimated": "boolean",
}
# The same of a line, without the first two.
FIELDS = attrgetter(*["kind" if name == "line_kind" else name for name in list(COLUMNS)[2:]])

# The vendor's own id first, then the name that the channel uses or has used, then ours.
FIND_PRODUCTS = """
SELECT DISTINCT ON (kind, key) kind, key, product_id FROM (
    SELECT 1 AS kind, channel_product_id AS key, product_id, last_seen_at
    FROM product_channel_skus WHERE channel = %(channel)s AND channel_product_id = ANY(%(variants)s::text[])
    UNION ALL
    SELECT 2, channel_sku, product_id, last_seen_at
    FROM product_channel_skus WHERE channel = %(channel)s AND channel_sku = ANY(%(skus)s::text[])
    UNION ALL
    SELECT 3, sku, id, NULL FROM products WHERE sku = ANY(%(skus)s::text[])
) found ORDER BY kind, key, last_seen_at DESC NULLS LAST
"""
VARIANT, CHANNEL_SKU, SKU = 1, 2, 3

# A SKU that the shop has deleted still has its orders: it is kept as an inactive product.
ADD_PRODUCTS = """
INSERT INTO products (company_id, sku, name, is_active)
SELECT %s, sku, name, false FROM unnest(%s::text[], %s::text[]) AS n (sku, name) ORDER BY sku
ON CONFLICT (sku) DO NOTHING
"""

# One array a column. A real fee is not overwritten by an estimate, newer news not by older.
UPSERT = """
INSERT INTO sales AS s (company_id, {columns})
SELECT %s, n.* FROM unnest({arrays}) AS n
ON CONFLICT (channel, channel_order_id, channel_line_id) DO UPDATE SET
    product_id = excluded.product_id, line_kind = excluded.line_kind, sale_date = excluded.sale_date,
    quantity = excluded.quantity, unit_price = excluded.unit_price, total_amount = excluded.total_amount,
    tax_amount = excluded.tax_amount, currency = excluded.currency, market = excluded.market,
    shipping_amount = excluded.shipping_amount, presentment_amount = excluded.presentment_amount,
    presentment_currency = excluded.presentment_currency,
    commission_amount = CASE WHEN {keeps_fee} THEN s.commission_amount ELSE excluded.commission_amount END,
    commission_rate = CASE WHEN {keeps_fee} THEN s.commission_rate ELSE excluded.commission_rate END,
    fee_estimated = excluded.fee_estimated AND NOT {keeps_fee},
    source_updated_at = excluded.source_updated_at, tax_estimated = excluded.tax_estimated, updated_at = now()
WHERE coalesce(excluded.source_updated_at >= s.source_updated_at, true)
  AND (s.product_id, s.line_kind, s.sale_date, s.quantity, s.unit_price, s.total_amount, s.tax_amount, s.currency,
       s.market, s.shipping_amount, s.presentment_amount, s.presentment_currency, s.commission_amount,
       s.fee_estimated, s.source_updated_at, s.tax_estimated)
   IS DISTINCT FROM
      (excluded.product_id, excluded.line_kind, excluded.sale_date, excluded.quantity, excluded.unit_price,
       excluded.total_amount, excluded.tax_amount, excluded.currency, excluded.market, excluded.shipping_amount,
       excluded.presentment_amount, excluded.presentment_currency,
       CASE WHEN {keeps_fee} THEN s.commission_amount ELSE excluded.commission_amount END,
       excluded.fee_estimated AND NOT {keeps_fee}, excluded.source_updated_at, excluded.tax_estimated)
""".format(
    columns=", ".join(COLUMNS),
    arrays=", ".join(f"%s::{each}[]" for each in COLUMNS.values()),
    keeps_fee="(excluded.fee_estimated AND NOT s.fee_estimated AND s.commission_amount IS NOT NULL)",
)


# Of orders that are no sales of the channel: the rows stay, and count nothing.
VOID_ORDERS = """
UPDATE sales SET quantity = 0, total_amount = 0, tax_amount = 0, shipping_amount = 0, commission_amount = NULL,
    commission_rate = NULL, fee_estimated = false, tax_estimated = false, updated_at = now(),
    presentment_amount = CASE WHEN presentment_amount IS NOT NULL THEN 0 END
WHERE channel = %s AND channel_order_id = ANY(%s::text[])
  AND (quantity, total_amount, tax_amount, shipping_amount, coalesce(commission_amount, 0)) <> (0, 0, 0, 0, 0)
"""


def write_lines(connection: Connection, company_id: UUID, lines: Sequence[SaleLine]) -> Kept:
    """Writes lines; what the table refuses is set aside."""
    unique = newest(lines)
    products = Products(connection, company_id, unique)
    written = write_apart(connection, unique, partial(_upsert, connection, company_id, products))
    return Kept(written.changed, written.rejected(line_key))


def void_orders(connection: Connection, channel: str, orders: Sequence[str]) -> int:
    """Makes all rows of these orders count nothing; returns how many did count."""
    if not orders:
        return 0
    return connection.execute(VOID_ORDERS, (channel, list(orders))).rowcount


def _upsert(
    connection: Connection, company_id: UUID, products: "Products", lines: Sequence[SaleLine]
) -> int:
    rows = [(products.of(line), commission_rate(line), *FIELDS(line)) for line in lines]
    columns = map(list, zip(*rows, strict=True))
    return connection.execute(UPSERT, (company_id, *columns)).rowcount


def line_key(line: SaleLine) -> str:
    """What a line that was set aside is listed under."""
    return f"{line.channel_order_id} {line.channel_line_id}"


def newest(lines: Sequence[SaleLine]) -> list[SaleLine]:
    """Each line once: the one that the vendor changed last."""
    found: dict[tuple[str, str, str], SaleLine] = {}
    for line in lines:
        key = line.channel, line.channel_order_id, line.channel_line_id
        known = found.get(key)
        if known is None or not _is_older(line, known):
            found[key] = line
    return list(found.values())


def _is_older(line: SaleLine, known: SaleLine) -> bool:
    if line.source_updated_at is None or known.source_updated_at is None:
        return False
    return line.source_updated_at < known.source_updated_at


class Products:
    """Which product each line of a page is about, those included that only old orders name."""

    def __init__(self, connection: Connection, company_id: UUID, lines: Sequence[SaleLine]) -> None:
        self._connection = connection
        self._found: dict[tuple[str, int, str], UUID] = {}
        for channel in {line.channel for line in lines}:
            self._find(channel, [line for line in lines if line.channel == channel])
        goods = {(line.channel, line.channel_product_id, line.sku): line for line in lines}
        missing = {line.sku: line for line in goods.values() if line.sku and not self.of(line)}
        if missing:
            self._add(company_id, missing)

    def of(self, line: SaleLine) -> UUID | None:
        """The product's id; None for a line that names none."""
        channel, found = line.channel, self._found
        if line.channel_product_id is not None:
            known = found.get((channel, VARIANT, line.channel_product_id))
            if known is not None:
                return known
        if line.sku is None:
            return None
        return found.get((channel, CHANNEL_SKU, line.sku)) or found.get((channel, SKU, line.sku))

    def _find(self, channel: str, lines: Sequence[SaleLine]) -> None:
        asked = {
            "channel": channel,
            "variants": list({line.channel_product_id for line in lines} - {None}),
            "skus": list({line.sku for line in lines} - {None}),
        }
        for row in self._connection.execute(FIND_PRODUCTS, asked):
            self._found[channel, row["kind"], row["key"]] = row["product_id"]

    def _add(self, company_id: UUID, missing: dict[str, SaleLine]) -> None:
        names = [line.product_name[:255] for line in missing.values()]
        self._connection.execute(ADD_PRODUCTS, (company_id, list(missing), names))
        for channel in {line.channel for line in missing.values()}:
            of_channel = [line for line in missing.values() if line.channel == channel]
            self._find(channel, of_channel)
