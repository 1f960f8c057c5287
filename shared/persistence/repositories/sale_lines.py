"""Writing order lines: new ones are added, known ones compared and corrected."""

from collections.abc import Sequence
from operator import attrgetter
from uuid import UUID

from shared.domain.fees import commission_rate
from shared.domain.sales import SaleLine
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
}
# The same of a line, without the first two.
FIELDS = attrgetter(*["kind" if name == "line_kind" else name for name in list(COLUMNS)[2:]])

FIND_PRODUCTS = "SELECT sku, id FROM products WHERE sku = ANY(%s::text[])"

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
    source_updated_at = excluded.source_updated_at, updated_at = now()
WHERE coalesce(excluded.source_updated_at >= s.source_updated_at, true)
  AND (s.product_id, s.line_kind, s.sale_date, s.quantity, s.unit_price, s.total_amount, s.tax_amount, s.currency,
       s.market, s.shipping_amount, s.presentment_amount, s.presentment_currency, s.commission_amount,
       s.fee_estimated, s.source_updated_at)
   IS DISTINCT FROM
      (excluded.product_id, excluded.line_kind, excluded.sale_date, excluded.quantity, excluded.unit_price,
       excluded.total_amount, excluded.tax_amount, excluded.currency, excluded.market, excluded.shipping_amount,
       excluded.presentment_amount, excluded.presentment_currency,
       CASE WHEN {keeps_fee} THEN s.commission_amount ELSE excluded.commission_amount END,
       excluded.fee_estimated AND NOT {keeps_fee}, excluded.source_updated_at)
""".format(
    columns=", ".join(COLUMNS),
    arrays=", ".join(f"%s::{each}[]" for each in COLUMNS.values()),
    keeps_fee="(excluded.fee_estimated AND NOT s.fee_estimated AND s.commission_amount IS NOT NULL)",
)


def write_lines(connection: Connection, company_id: UUID, lines: Sequence[SaleLine]) -> int:
    """Writes lines; returns rows new or changed."""
    unique = newest(lines)
    products = _find_products(connection, company_id, unique)
    rows = [(products.get(line.sku), commission_rate(line), *FIELDS(line)) for line in unique]
    columns = map(list, zip(*rows, strict=True))
    return connection.execute(UPSERT, (company_id, *columns)).rowcount


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


def _find_products(
    connection: Connection, company_id: UUID, lines: Sequence[SaleLine]
) -> dict[str | None, UUID]:
    """Ids by SKU, those included that only old orders name."""
    names = {line.sku: line.product_name[:255] for line in lines if line.sku is not None}

    def find() -> dict[str | None, UUID]:
        rows = connection.execute(FIND_PRODUCTS, (list(names),))
        return {row["sku"]: row["id"] for row in rows}

    found = find()
    missing = [sku for sku in names if sku not in found]
    if missing:
        connection.execute(ADD_PRODUCTS, (company_id, missing, [names[sku] for sku in missing]))
        found = find()
    return found
