"""Order lines, the daily demand of a SKU, and the daily flows of the company."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from shared.domain.sales import SaleLine
from shared.domain.series import Series
from shared.domain.working_capital import Flows
from shared.persistence.database import Connection
from shared.use_cases.ports import Company

# A SKU that the shop has deleted still has its orders: it is kept as an inactive product.
ADD_DELETED_SKUS = """
INSERT INTO products (company_id, sku, name, is_active)
SELECT %s, sku, max(name), false
FROM unnest(%s::text[], %s::text[]) AS n (sku, name) WHERE sku IS NOT NULL GROUP BY sku
ON CONFLICT (sku) DO NOTHING
"""

# One array a column. A real fee is not overwritten by an estimate, newer news not by older.
UPSERT_SALES = """
INSERT INTO sales AS s (company_id, product_id, channel, channel_order_id, channel_line_id, line_kind, sale_date,
    quantity, unit_price, total_amount, tax_amount, currency, market, shipping_amount, presentment_amount,
    presentment_currency, commission_amount, commission_rate, fee_estimated, source_updated_at)
SELECT %s, p.id, n.channel, n.order_id, n.line_id, n.kind::public.sale_line_kind, n.sale_date,
    n.quantity, n.unit_price, n.total_amount, n.tax_amount, n.currency, n.market, n.shipping_amount,
    n.presentment_amount, n.presentment_currency, n.commission_amount,
    CASE WHEN abs(n.commission_amount) < n.total_amount * 9.9999
         THEN round(n.commission_amount / n.total_amount, 4) END, n.fee_estimated, n.source_updated_at
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::date[], %s::int[], %s::numeric[],
            %s::numeric[], %s::numeric[], %s::text[], %s::text[], %s::numeric[], %s::numeric[], %s::text[],
            %s::numeric[], %s::boolean[], %s::timestamptz[])
     AS n (sku, channel, order_id, line_id, kind, sale_date, quantity, unit_price,
           total_amount, tax_amount, currency, market, shipping_amount, presentment_amount, presentment_currency,
           commission_amount, fee_estimated, source_updated_at)
LEFT JOIN products p USING (sku)
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
    keeps_fee="(excluded.fee_estimated AND NOT s.fee_estimated AND s.commission_amount IS NOT NULL)"
)

# Demand is what customers wanted on the day: a later refund does not unmake it.
DAILY_DEMAND = """
SELECT sale_date, sum(quantity)::float8 AS units FROM sales
WHERE product_id = %s AND line_kind = 'SALE' AND sale_date <= %s
GROUP BY sale_date ORDER BY sale_date
"""

# The day in which a shop's finished window ends is not whole yet: the one before it is. Nothing is before
# the years before the connection have been brought as well; a further shop whose past is still on its way holds
# up nobody.
COMPLETE_UNTIL = """
SELECT CASE WHEN count(*) > 0 AND bool_and(before.position IS NOT NULL AND NOT before.position ? 'done')
    THEN '0001-01-01' ELSE min(coalesce(
    ((now.position ->> 'since')::timestamptz AT TIME ZONE coalesce(shop.position ->> 'timezone', companies.timezone)
    )::date - 1, '0001-01-01')) FILTER (WHERE before.position IS NULL OR before.position ? 'done') END AS day
FROM api_credentials c JOIN companies ON companies.id = c.company_id
LEFT JOIN sync_cursors now ON now.credential_id = c.id AND now.stream = 'orders'
LEFT JOIN sync_cursors before ON before.credential_id = c.id AND before.stream = 'orders_backfill'
LEFT JOIN sync_cursors shop ON shop.credential_id = c.id AND shop.stream = 'shop'
WHERE c.is_active AND c.service_type = 'ecommerce' AND NOT (c.needs_reconnect AND now.position -> 'since' IS NULL)
"""

# Unknown (NULL) rather than wrong: a line in a foreign currency, or one whose SKU has no known cost.
# The earliest known cost stands for the days before it.
DAILY_FLOWS = """
SELECT s.sale_date,
       CASE WHEN bool_and(s.currency = %(currency)s) THEN sum(s.total_amount) END AS revenue,
       CASE WHEN bool_and(s.quantity = 0 OR s.product_id IS NULL OR c.unit_cost IS NOT NULL)
            THEN coalesce(sum(s.quantity * c.unit_cost), 0) END AS cost_of_goods_sold
FROM sales s
LEFT JOIN LATERAL (
    SELECT unit_cost FROM product_costs
    WHERE product_id = s.product_id AND currency = %(currency)s
    ORDER BY valid_from <= s.sale_date DESC,
             CASE WHEN valid_from <= s.sale_date THEN valid_from END DESC, valid_from
    LIMIT 1
) c ON true
WHERE s.company_id = %(company_id)s AND s.sale_date BETWEEN %(first)s AND %(last)s
GROUP BY s.sale_date
"""


class SaleRepository:
    """Writes order lines by their identity; a replay of the same page changes no row."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def upsert(self, company_id: UUID, lines: Sequence[SaleLine]) -> int:
        """Writes lines; returns rows new or changed."""
        if not lines:
            return 0
        unique = newest(lines)
        self._connection.execute(
            ADD_DELETED_SKUS,
            (company_id, [n.sku for n in unique], [n.product_name[:255] for n in unique]),
        )
        return self._connection.execute(UPSERT_SALES, (company_id, *_columns(unique))).rowcount

    def complete_until(self) -> date | None:
        """The last day whose orders every connected shop has told; None where no shop is connected."""
        row = self._connection.execute(COMPLETE_UNTIL).fetchone()
        return row["day"] if row else None

    def demand_series(self, product_id: UUID, sku: str, until: date) -> Series | None:
        """Units wanted on each day from the first sale to `until`, zero-filled; None without a sale."""
        rows = self._connection.execute(DAILY_DEMAND, (product_id, until)).fetchall()
        if not rows:
            return None
        start: date = rows[0]["sale_date"]
        by_day = {row["sale_date"]: float(row["units"]) for row in rows}
        days = (start + timedelta(days=n) for n in range((until - start).days + 1))
        return Series(sku, start, tuple(by_day.get(day, 0.0) for day in days))

    def daily_flows(self, company: Company, first: date, last: date) -> dict[date, Flows]:
        """Revenue and cost of goods sold of each day that has sales, in the company's currency."""
        rows = self._connection.execute(
            DAILY_FLOWS,
            {"company_id": company.id, "currency": company.currency, "first": first, "last": last},
        )
        return {row["sale_date"]: Flows(row["revenue"], row["cost_of_goods_sold"]) for row in rows}


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


# In the order of the statement.
COLUMNS = [
    "sku",
    "channel",
    "channel_order_id",
    "channel_line_id",
    "kind",
    "sale_date",
    "quantity",
    "unit_price",
    "total_amount",
    "tax_amount",
    "currency",
    "market",
    "shipping_amount",
    "presentment_amount",
    "presentment_currency",
    "commission_amount",
    "fee_estimated",
    "source_updated_at",
]


def _columns(lines: Sequence[SaleLine]) -> list[list[object]]:
    """The lines turned into one list a column."""
    return [[getattr(line, name) for line in lines] for name in COLUMNS]
