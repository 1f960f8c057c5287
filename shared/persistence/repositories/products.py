"""Products, what channels call them, what they cost, and their stock."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from shared.domain.catalogue import Product, StockLevel
from shared.domain.money import round_money
from shared.persistence.database import Connection

# Prices and costs are the company's own currency's: a shop that sells in another one must not overwrite them.
UPSERT_PRODUCTS = """
INSERT INTO products AS p (company_id, sku, name, category, unit_cost, unit_price, is_active)
SELECT c.id, n.sku, n.name, n.category, CASE WHEN n.currency = c.primary_currency THEN n.unit_cost END,
       CASE WHEN n.currency = c.primary_currency THEN n.unit_price END, n.is_active
FROM companies c,
     unnest(%s::text[], %s::text[], %s::text[], %s::numeric[], %s::numeric[], %s::text[], %s::boolean[])
     AS n (sku, name, category, unit_cost, unit_price, currency, is_active)
WHERE c.id = %s
ON CONFLICT (sku) DO UPDATE SET
    name = excluded.name, category = coalesce(excluded.category, p.category),
    unit_price = coalesce(excluded.unit_price, p.unit_price),
    unit_cost = coalesce(excluded.unit_cost, p.unit_cost), updated_at = now()
WHERE (p.name, p.category, p.unit_price, p.unit_cost) IS DISTINCT FROM
      (excluded.name, coalesce(excluded.category, p.category), coalesce(excluded.unit_price, p.unit_price),
       coalesce(excluded.unit_cost, p.unit_cost))
"""

# A product is for sale while one of its channels sells it.
DECIDE_ACTIVE = """
UPDATE products p SET is_active = c.is_active, updated_at = now()
FROM (SELECT product_id, bool_or(is_active) AS is_active FROM product_channel_skus
      WHERE product_id IN (SELECT id FROM products WHERE sku = ANY(%s::text[])) GROUP BY product_id) c
WHERE p.id = c.product_id AND p.is_active <> c.is_active
"""

UPSERT_CHANNEL_SKUS = """
INSERT INTO product_channel_skus AS c (channel, channel_sku, product_id, channel_product_id, is_active, last_seen_on)
SELECT n.channel, n.channel_sku, p.id, n.channel_product_id, n.is_active, %s
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[])
     AS n (channel, channel_sku, sku, channel_product_id, is_active)
JOIN products p USING (sku)
ON CONFLICT (channel, channel_sku) DO UPDATE SET
    product_id = excluded.product_id, channel_product_id = excluded.channel_product_id,
    is_active = excluded.is_active, last_seen_on = excluded.last_seen_on, updated_at = now()
WHERE (c.product_id, c.channel_product_id, c.is_active, c.last_seen_on)
   IS DISTINCT FROM (excluded.product_id, excluded.channel_product_id, excluded.is_active, excluded.last_seen_on)
"""

# A cost is written down only on the day from which it differs.
UPSERT_COSTS = """
INSERT INTO product_costs AS c (product_id, valid_from, unit_cost, currency)
SELECT p.id, n.valid_from, n.unit_cost, n.currency
FROM unnest(%s::text[], %s::date[], %s::numeric[], %s::text[]) AS n (sku, valid_from, unit_cost, currency)
JOIN products p USING (sku)
LEFT JOIN LATERAL (
    SELECT unit_cost FROM product_costs
    WHERE product_id = p.id AND currency = n.currency AND valid_from <= n.valid_from
    ORDER BY valid_from DESC LIMIT 1
) latest ON true
WHERE latest.unit_cost IS DISTINCT FROM n.unit_cost
ON CONFLICT (product_id, currency, valid_from) DO UPDATE SET unit_cost = excluded.unit_cost
"""

# Stock that a page does not list any more is gone: it becomes zero, it does not stay as it was.
UPSERT_INVENTORY = """
WITH listed AS (
    SELECT p.id AS product_id, n.location, n.on_hand, n.reserved
    FROM unnest(%(skus)s::text[], %(locations)s::text[], %(on_hand)s::int[], %(reserved)s::int[])
         AS n (sku, location, on_hand, reserved)
    JOIN products p USING (sku)
), counted AS (
    SELECT product_id, location, on_hand, reserved FROM listed
    UNION ALL
    SELECT i.product_id, i.location, 0, 0 FROM inventory i JOIN products p ON p.id = i.product_id
    WHERE p.sku = ANY(%(page)s::text[]) AND i.channel = %(channel)s
      AND NOT EXISTS (SELECT FROM listed WHERE product_id = i.product_id AND location = i.location)
), history AS (
    INSERT INTO inventory_history AS h (product_id, location, snapshot_date, quantity_on_hand, quantity_reserved)
    SELECT product_id, location, %(day)s, on_hand, reserved FROM counted
    ON CONFLICT (product_id, location, snapshot_date) DO UPDATE SET
        quantity_on_hand = excluded.quantity_on_hand, quantity_reserved = excluded.quantity_reserved
    WHERE (h.quantity_on_hand, h.quantity_reserved)
       IS DISTINCT FROM (excluded.quantity_on_hand, excluded.quantity_reserved)
)
INSERT INTO inventory AS i (company_id, product_id, location, channel, quantity_on_hand, quantity_reserved)
SELECT %(company_id)s, product_id, location, %(channel)s, on_hand, reserved FROM counted
ON CONFLICT (product_id, location) DO UPDATE SET
    quantity_on_hand = excluded.quantity_on_hand, quantity_reserved = excluded.quantity_reserved,
    channel = excluded.channel, updated_at = now()
WHERE (i.quantity_on_hand, i.quantity_reserved, i.channel)
   IS DISTINCT FROM (excluded.quantity_on_hand, excluded.quantity_reserved, excluded.channel)
"""

# What a full scan of a channel did not list: off the shelf, unless another channel still lists it.
RETIRE = """
WITH gone AS (
    SELECT product_id FROM product_channel_skus WHERE channel = %(channel)s AND last_seen_on < %(day)s
), marked AS (
    UPDATE product_channel_skus SET is_active = false, updated_at = now()
    WHERE channel = %(channel)s AND last_seen_on < %(day)s AND is_active
), emptied AS (
    UPDATE inventory i SET quantity_on_hand = 0, quantity_reserved = 0, updated_at = now()
    WHERE channel = %(channel)s AND product_id IN (SELECT product_id FROM gone)
      AND (quantity_on_hand, quantity_reserved) <> (0, 0)
      AND NOT EXISTS (SELECT FROM product_channel_skus c WHERE c.product_id = i.product_id
                      AND c.channel = %(channel)s AND c.last_seen_on >= %(day)s)
    RETURNING product_id, location
), history AS (
    INSERT INTO inventory_history (product_id, location, snapshot_date, quantity_on_hand)
    SELECT product_id, location, %(day)s, 0 FROM emptied
    ON CONFLICT (product_id, location, snapshot_date)
    DO UPDATE SET quantity_on_hand = 0, quantity_reserved = 0
)
UPDATE products p SET is_active = false, updated_at = now()
WHERE is_active AND id IN (SELECT product_id FROM gone)
  AND NOT EXISTS (SELECT FROM product_channel_skus c WHERE c.product_id = p.id AND c.is_active
                  AND NOT (c.channel = %(channel)s AND c.last_seen_on < %(day)s))
"""


class ProductRepository:
    """Writes what a shop lists; a replay of the same page changes no row."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def upsert(self, company_id: UUID, products: Sequence[Product], as_of: date) -> int:
        """Writes products with their costs and the stock of the day; returns product rows changed."""
        unique = list({product.sku: product for product in reversed(products)}.values())
        if not unique:
            return 0
        changed = self._connection.execute(
            UPSERT_PRODUCTS,
            (
                [p.sku for p in unique],
                [p.name[:255] for p in unique],
                [p.category[:100] if p.category else None for p in unique],
                [None if p.unit_cost is None else round_money(p.unit_cost) for p in unique],
                [p.unit_price for p in unique],
                [p.currency for p in unique],
                [p.is_active for p in unique],
                company_id,
            ),
        ).rowcount
        self._upsert_channel_skus(products, as_of)
        changed += self._connection.execute(
            DECIDE_ACTIVE, ([product.sku for product in unique],)
        ).rowcount
        self._upsert_costs(unique, as_of)
        self._upsert_stock(company_id, products, as_of)
        return changed

    def retire_unseen(self, channel: str, since: date) -> int:
        """Takes off the shelf what a full scan of the channel did not list; returns products retired."""
        return self._connection.execute(RETIRE, {"channel": channel, "day": since}).rowcount

    def count_active(self) -> int:
        """How many products are active."""
        row = self._connection.execute(
            "SELECT count(*) AS n FROM products WHERE is_active"
        ).fetchone()
        return int(row["n"]) if row else 0

    def forecastable(self, limit: int | None) -> list[tuple[UUID, str]]:
        """Ids and SKUs of the active products, oldest first, at most `limit` of them."""
        rows = self._connection.execute(
            "SELECT id, sku FROM products WHERE is_active ORDER BY created_at, sku LIMIT %s",
            (limit,),
        )
        return [(row["id"], row["sku"]) for row in rows]

    def _upsert_channel_skus(self, products: Sequence[Product], as_of: date) -> None:
        unique = list({(p.channel, p.channel_sku): p for p in products}.values())
        self._connection.execute(
            UPSERT_CHANNEL_SKUS,
            (
                as_of,
                [p.channel for p in unique],
                [p.channel_sku for p in unique],
                [p.sku for p in unique],
                [p.channel_product_id for p in unique],
                [p.is_active for p in unique],
            ),
        )

    def _upsert_costs(self, products: Sequence[Product], as_of: date) -> None:
        known = [(p.sku, p.unit_cost, p.currency) for p in products if p.unit_cost is not None]
        self._connection.execute(
            UPSERT_COSTS,
            (
                [sku for sku, _, _ in known],
                [as_of] * len(known),
                [cost for _, cost, _ in known],
                [currency for _, _, currency in known],
            ),
        )

    def _upsert_stock(self, company_id: UUID, products: Sequence[Product], as_of: date) -> None:
        levels = add_up_stock([level for product in products for level in product.stock])
        self._connection.execute(
            UPSERT_INVENTORY,
            {
                "company_id": company_id,
                "day": as_of,
                "channel": products[0].channel,
                "page": [product.sku for product in products],
                "skus": [level.sku for level in levels],
                "locations": [level.location for level in levels],
                "on_hand": [level.on_hand for level in levels],
                "reserved": [level.reserved for level in levels],
            },
        )


def add_up_stock(levels: Sequence[StockLevel]) -> list[StockLevel]:
    """One level a SKU and location: two variants of one SKU, or two places of one name, add up."""
    totals: dict[tuple[str, str], StockLevel] = {}
    for level in levels:
        key = level.sku, level.location
        known = totals.get(key)
        if known is None:
            totals[key] = level
        else:
            on_hand, reserved = known.on_hand + level.on_hand, known.reserved + level.reserved
            totals[key] = StockLevel(level.sku, level.location, on_hand, reserved)
    return list(totals.values())
