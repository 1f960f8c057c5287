"""Products, what channels call them, what they cost, and their stock."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from shared.domain.catalogue import Product, StockLevel
from shared.domain.money import round_money
from shared.persistence.database import Connection

UPSERT_PRODUCTS = """
INSERT INTO products AS p (company_id, sku, name, category, unit_cost, unit_price, is_active)
SELECT %s, * FROM unnest(%s::text[], %s::text[], %s::text[], %s::numeric[], %s::numeric[], %s::boolean[])
ON CONFLICT (sku) DO UPDATE SET
    name = excluded.name, category = excluded.category, unit_price = excluded.unit_price,
    unit_cost = coalesce(excluded.unit_cost, p.unit_cost), is_active = excluded.is_active,
    updated_at = now()
WHERE (p.name, p.category, p.unit_price, p.unit_cost, p.is_active) IS DISTINCT FROM
      (excluded.name, excluded.category, excluded.unit_price,
       coalesce(excluded.unit_cost, p.unit_cost), excluded.is_active)
"""

UPSERT_CHANNEL_SKUS = """
INSERT INTO product_channel_skus AS c (channel, channel_sku, product_id, channel_product_id)
SELECT n.channel, n.channel_sku, p.id, n.channel_product_id
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS n (channel, channel_sku, sku, channel_product_id)
JOIN products p USING (sku)
ON CONFLICT (channel, channel_sku) DO UPDATE SET
    product_id = excluded.product_id, channel_product_id = excluded.channel_product_id, updated_at = now()
WHERE (c.product_id, c.channel_product_id) IS DISTINCT FROM (excluded.product_id, excluded.channel_product_id)
"""

# A cost is written down only on the day from which it differs.
UPSERT_COSTS = """
INSERT INTO product_costs AS c (product_id, valid_from, unit_cost, currency)
SELECT p.id, n.valid_from, n.unit_cost, n.currency
FROM unnest(%s::text[], %s::date[], %s::numeric[], %s::text[]) AS n (sku, valid_from, unit_cost, currency)
JOIN products p USING (sku)
LEFT JOIN LATERAL (
    SELECT unit_cost, currency FROM product_costs
    WHERE product_id = p.id AND valid_from <= n.valid_from ORDER BY valid_from DESC LIMIT 1
) latest ON true
WHERE (latest.unit_cost, latest.currency) IS DISTINCT FROM (n.unit_cost, n.currency::varchar)
ON CONFLICT (product_id, valid_from) DO UPDATE SET unit_cost = excluded.unit_cost, currency = excluded.currency
"""

UPSERT_INVENTORY = """
INSERT INTO inventory AS i (company_id, product_id, location, quantity_on_hand, quantity_reserved)
SELECT %s, p.id, n.location, n.on_hand, n.reserved
FROM unnest(%s::text[], %s::text[], %s::int[], %s::int[]) AS n (sku, location, on_hand, reserved)
JOIN products p USING (sku)
ON CONFLICT (product_id, location) DO UPDATE SET
    quantity_on_hand = excluded.quantity_on_hand, quantity_reserved = excluded.quantity_reserved, updated_at = now()
WHERE (i.quantity_on_hand, i.quantity_reserved) IS DISTINCT FROM (excluded.quantity_on_hand, excluded.quantity_reserved)
"""

UPSERT_HISTORY = """
INSERT INTO inventory_history AS h (product_id, location, snapshot_date, quantity_on_hand, quantity_reserved)
SELECT p.id, n.location, %s, n.on_hand, n.reserved
FROM unnest(%s::text[], %s::text[], %s::int[], %s::int[]) AS n (sku, location, on_hand, reserved)
JOIN products p USING (sku)
ON CONFLICT (product_id, location, snapshot_date) DO UPDATE SET
    quantity_on_hand = excluded.quantity_on_hand, quantity_reserved = excluded.quantity_reserved
WHERE (h.quantity_on_hand, h.quantity_reserved) IS DISTINCT FROM (excluded.quantity_on_hand, excluded.quantity_reserved)
"""


class ProductRepository:
    """Writes what a shop lists; a replay of the same page changes no row."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def upsert(self, company_id: UUID, products: Sequence[Product], as_of: date) -> int:
        """Writes products with their costs and the stock of the day; returns product rows changed."""
        unique = list({product.sku: product for product in products}.values())
        if not unique:
            return 0
        changed = self._connection.execute(
            UPSERT_PRODUCTS,
            (
                company_id,
                [p.sku for p in unique],
                [p.name[:255] for p in unique],
                [p.category[:100] if p.category else None for p in unique],
                [None if p.unit_cost is None else round_money(p.unit_cost) for p in unique],
                [p.unit_price for p in unique],
                [p.is_active for p in unique],
            ),
        ).rowcount
        self._upsert_channel_skus(products)
        self._upsert_costs(unique, as_of)
        self._upsert_stock(company_id, [level for p in unique for level in p.stock], as_of)
        return changed

    def forecastable(self, limit: int | None) -> list[tuple[UUID, str]]:
        """Ids and SKUs of the active products, oldest first, at most `limit` of them."""
        rows = self._connection.execute(
            "SELECT id, sku FROM products WHERE is_active ORDER BY created_at, sku LIMIT %s",
            (limit,),
        )
        return [(row["id"], row["sku"]) for row in rows]

    def _upsert_channel_skus(self, products: Sequence[Product]) -> None:
        unique = list({(p.channel, p.channel_sku): p for p in products}.values())
        self._connection.execute(
            UPSERT_CHANNEL_SKUS,
            (
                [p.channel for p in unique],
                [p.channel_sku for p in unique],
                [p.sku for p in unique],
                [p.channel_product_id for p in unique],
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

    def _upsert_stock(self, company_id: UUID, stock: Sequence[StockLevel], as_of: date) -> None:
        columns = (
            [level.sku for level in stock],
            [level.location for level in stock],
            [level.on_hand for level in stock],
            [level.reserved for level in stock],
        )
        self._connection.execute(UPSERT_INVENTORY, (company_id, *columns))
        self._connection.execute(UPSERT_HISTORY, (as_of, *columns))
