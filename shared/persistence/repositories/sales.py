"""Order lines, the daily demand of a SKU, and the daily flows of the company."""

import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from psycopg.rows import DictRow

from shared.domain.calendar import find_zone
from shared.domain.company import Company
from shared.domain.rejections import Kept
from shared.domain.sales import SaleLine
from shared.domain.series import Series
from shared.domain.working_capital import Flows
from shared.persistence.database import Connection
from shared.persistence.repositories.conversion import RATES, Factors, read_factors
from shared.persistence.repositories.sale_lines import void_orders, write_lines

# Demand is what customers wanted on the day: a later refund does not unmake it, and a negative line is none.
DAILY_DEMAND = """
SELECT sale_date, sum(greatest(quantity, 0))::float8 AS units FROM sales
WHERE product_id = %s AND line_kind = 'SALE' AND sale_date <= %s
GROUP BY sale_date ORDER BY sale_date
"""

# Stock that was gone at the end of a day and of the day before. Where a SKU sells on more than one
# such day in ten, its stock is not counted, and none of them is believed.
DAYS_OUT_OF_STOCK = """
WITH counted AS (
    SELECT snapshot_date AS day, sum(quantity_on_hand) AS units FROM inventory_history
    WHERE product_id = %(product_id)s AND snapshot_date <= %(until)s GROUP BY snapshot_date
), gone AS (
    SELECT d.day, EXISTS (SELECT FROM sales s WHERE s.product_id = %(product_id)s AND s.sale_date = d.day
                          AND s.line_kind = 'SALE' AND s.quantity > 0) AS sold
    FROM counted d JOIN counted b ON b.day = d.day - 1 WHERE d.units <= 0 AND b.units <= 0
)
SELECT day FROM gone WHERE NOT sold AND (SELECT 10 * count(*) FILTER (WHERE sold) <= count(*) FROM gone)
"""

# Of the 90 days up to a product's last sale; unknown where any line is in another currency.
UNIT_PRICES = """
WITH lately AS (
    SELECT product_id, max(sale_date) - 90 AS since FROM sales
    WHERE company_id = %(company_id)s AND line_kind = 'SALE' AND quantity > 0 AND sale_date <= %(until)s
    GROUP BY product_id
)
SELECT s.product_id, (sum(s.total_amount) / sum(s.quantity))::float8 AS price
FROM sales s JOIN lately l ON l.product_id = s.product_id AND s.sale_date > l.since
WHERE s.line_kind = 'SALE' AND s.quantity > 0 AND s.sale_date <= %(until)s
GROUP BY s.product_id HAVING bool_and(s.currency = %(currency)s) AND sum(s.total_amount) >= 0
"""

COUNTED_ORDERS = """
SELECT channel_order_id FROM sales
WHERE channel = %(channel)s AND channel_order_id IS NOT NULL AND source_updated_at IS NOT NULL
GROUP BY channel_order_id
HAVING bool_or((quantity, total_amount, tax_amount, shipping_amount) <> (0, 0, 0, 0))
   AND min(sale_date) >= coalesce(%(since)s::date, '-infinity')
"""

# Where each connected shop stands; one whose past is still to be read, or to be read again, is not whole.
# The days are counted in Python, whose time zones refuse nobody.
SHOPS = """
SELECT now.complete_until,
       now.credential_id IS NOT NULL AND before.complete_until IS NULL AS past_missing,
       shop.timezone AS zone, companies.timezone AS company_zone
FROM api_credentials c JOIN companies ON companies.id = c.company_id
LEFT JOIN sync_cursors now ON now.credential_id = c.id AND now.stream = 'orders'
LEFT JOIN sync_cursors before ON before.credential_id = c.id AND before.stream = 'orders_backfill'
LEFT JOIN vendor_accounts shop ON shop.credential_id = c.id
WHERE c.is_active AND c.service_type = 'ecommerce' AND NOT (c.needs_reconnect AND now.complete_until IS NULL)
"""

# Unknown (NULL) rather than wrong: a line in a currency without a rate, or one whose SKU has no known cost. A
# cost in the company's own currency comes before others. Nothing is rounded before it is stored.
DAILY_FLOWS = f"""
WITH {RATES}
SELECT s.sale_date,
       CASE WHEN bool_and(s.total_amount = 0 OR r.factor IS NOT NULL)
            THEN coalesce(sum(s.total_amount * r.factor), 0) END AS revenue,
       CASE WHEN bool_and(s.quantity = 0 OR s.product_id IS NULL OR c.unit_cost * k.factor IS NOT NULL)
            THEN coalesce(sum(s.quantity * c.unit_cost * k.factor), 0) END AS cost_of_goods_sold,
       min(s.currency) FILTER (WHERE s.total_amount <> 0 AND r.factor IS NULL) AS unrated,
       array_agg(DISTINCT s.currency) FILTER (WHERE s.total_amount <> 0)
           || array_agg(DISTINCT c.currency) FILTER (WHERE s.quantity <> 0 AND c.unit_cost <> 0) AS used,
       min(c.currency) FILTER (WHERE s.quantity <> 0 AND k.factor IS NULL) AS unrated_cost,
       min(p.sku) FILTER (WHERE s.quantity <> 0 AND c.unit_cost IS NULL) AS costless
FROM sales s LEFT JOIN products p ON p.id = s.product_id
LEFT JOIN LATERAL (
    SELECT unit_cost, currency FROM product_costs
    WHERE product_id = s.product_id
    ORDER BY currency = %(currency)s DESC, valid_from <= s.sale_date DESC,
             CASE WHEN valid_from <= s.sale_date THEN valid_from END DESC, valid_from
    LIMIT 1
) c ON true
LEFT JOIN rates r ON r.currency = s.currency AND r.day = s.sale_date
LEFT JOIN rates k ON k.currency = c.currency AND k.day = s.sale_date
WHERE s.company_id = %(company_id)s AND s.sale_date BETWEEN %(first)s AND %(last)s
GROUP BY s.sale_date
"""

CURRENCIES = """
SELECT DISTINCT currency FROM sales WHERE company_id = %(company_id)s AND sale_date BETWEEN %(first)s AND %(last)s
UNION SELECT DISTINCT currency FROM product_costs
"""


class SaleRepository:
    """Writes order lines by their identity; a replay of the same page changes no row."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def upsert(self, company_id: UUID, lines: Sequence[SaleLine]) -> Kept:
        """Writes lines; what the table refuses is set aside."""
        return write_lines(self._connection, company_id, lines) if lines else Kept()

    def void_orders(self, channel: str, orders: Sequence[str]) -> int:
        """Makes all rows of these orders count nothing; returns how many did count."""
        return void_orders(self._connection, channel, orders)

    def counted_orders(self, channel: str, since: date | None) -> set[str]:
        """The channel's orders that count, from a day of sale on."""
        rows = self._connection.execute(COUNTED_ORDERS, {"channel": channel, "since": since})
        return {row["channel_order_id"] for row in rows}

    def complete_until(self) -> date | None:
        """The last day whose orders are all here, as the port says; None where no shop counts.

        The day in which a shop's finished window ends is not whole yet: the one before it is. A shop whose
        past is still on its way is left out, unless all are so: then no day is complete (`date.min`). One that
        was never pulled makes it `date.min` too, unless it waits for its owner to connect it again.
        """
        shops = self._connection.execute(SHOPS).fetchall()
        whole = [shop for shop in shops if not shop["past_missing"]]
        if shops and not whole:
            return date.min
        return min((_day_before(shop) for shop in whole), default=None)

    def demand_series(self, product_id: UUID, sku: str, until: date) -> Series | None:
        """Units wanted on each day from the first sale to `until`; None without a sale.

        Days without a sale are 0, or NaN where the product was out of stock.
        """
        rows = self._connection.execute(DAILY_DEMAND, (product_id, until)).fetchall()
        if not rows:
            return None
        start: date = rows[0]["sale_date"]
        known = {"product_id": product_id, "until": until}
        gone = self._connection.execute(DAYS_OUT_OF_STOCK, known).fetchall()
        by_day = {row["day"]: math.nan for row in gone}
        by_day |= {row["sale_date"]: float(row["units"]) for row in rows}
        days = (start + timedelta(days=n) for n in range((until - start).days + 1))
        return Series(sku, start, tuple(by_day.get(day, 0.0) for day in days))

    def unit_prices(self, company: Company, until: date) -> dict[UUID, float]:
        """Net price of a unit by product, as the port says."""
        known = {"company_id": company.id, "currency": company.currency, "until": until}
        rows = self._connection.execute(UNIT_PRICES, known)
        return {row["product_id"]: row["price"] for row in rows}

    def daily_flows(self, company: Company, first: date, last: date) -> dict[date, Flows]:
        """Revenue and cost of goods sold of each day that has sales, in the company's currency."""
        known = {
            "company_id": company.id,
            "currency": company.currency,
            "first": first,
            "last": last,
        }
        currencies = [row["currency"] for row in self._connection.execute(CURRENCIES, known)]
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        factors = read_factors(self._connection, company.currency, currencies, days)
        rows = self._connection.execute(DAILY_FLOWS.encode(), {**known, **factors.known})
        return {row["sale_date"]: _flows(row, factors) for row in rows}


def _flows(row: DictRow, factors: Factors) -> Flows:
    day: date = row["sale_date"]
    reasons = factors.mark([each for each in row["used"] or () if each], day)
    if row["revenue"] is None:
        reasons["revenue"] = factors.why_none(row["unrated"], day)
    if row["cost_of_goods_sold"] is None:
        reasons["cost_of_goods_sold"] = (
            f"{row['costless']} has no known cost"
            if row["costless"] is not None
            else factors.why_none(row["unrated_cost"], day)
        )
    return Flows(row["revenue"], row["cost_of_goods_sold"], reasons)


def _day_before(shop: DictRow) -> date:
    if shop["complete_until"] is None:
        return date.min
    zone = find_zone(shop["zone"], shop["company_zone"])
    until: datetime = shop["complete_until"]
    return until.astimezone(zone).date() - timedelta(days=1)
