"""Products, what channels call them, and what they cost; their stock is in `stock.py`."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from uuid import UUID

from shared.domain.money import round_money
from shared.domain.products import ForecastProduct, Product
from shared.domain.rejections import Kept
from shared.persistence.apart import write_apart
from shared.persistence.database import Connection
from shared.persistence.repositories.renames import follow_renames
from shared.persistence.repositories.stock import empty_gone, write_stock

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

FORECASTABLE = """
SELECT id, sku, category, lead_time_days FROM products WHERE is_active ORDER BY created_at, sku LIMIT %s
"""

# A variant that a channel lists under another name than ours is that product.
FIND_ALIASES = """
SELECT c.channel_sku, c.channel_product_id, p.sku
FROM unnest(%s::text[], %s::text[]) AS n (channel_sku, channel_product_id)
JOIN product_channel_skus c ON c.channel = %s AND c.channel_sku = n.channel_sku
                           AND c.channel_product_id = n.channel_product_id
JOIN products p ON p.id = c.product_id AND p.sku <> c.channel_sku
"""

# A product is for sale while one of its channels sells it.
DECIDE_ACTIVE = """
UPDATE products p SET is_active = c.is_active, updated_at = now()
FROM (SELECT product_id, bool_or(is_active) AS is_active FROM product_channel_skus
      WHERE product_id IN (SELECT id FROM products WHERE sku = ANY(%s::text[])) GROUP BY product_id) c
WHERE p.id = c.product_id AND p.is_active <> c.is_active
"""

UPSERT_CHANNEL_SKUS = """
INSERT INTO product_channel_skus AS c (channel, channel_sku, product_id, channel_product_id, is_active,
                                       first_seen_at, last_seen_at)
SELECT n.channel, n.channel_sku, p.id, n.channel_product_id, n.is_active,
       coalesce(%(seen)s::timestamptz, now()), coalesce(%(seen)s::timestamptz, now())
FROM unnest(%(channels)s::text[], %(channel_skus)s::text[], %(skus)s::text[], %(ids)s::text[], %(active)s::boolean[])
     AS n (channel, channel_sku, sku, channel_product_id, is_active)
JOIN products p USING (sku)
ON CONFLICT (channel, channel_sku, channel_product_id) DO UPDATE SET
    product_id = excluded.product_id, is_active = excluded.is_active,
    last_seen_at = greatest(c.last_seen_at, excluded.last_seen_at), updated_at = now()
WHERE (c.product_id, c.is_active) IS DISTINCT FROM (excluded.product_id, excluded.is_active)
   OR c.last_seen_at < excluded.last_seen_at
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

# What a full scan of a channel did not list: off the shelf, unless another channel still lists it.
MARK_SEEN = """
UPDATE product_channel_skus SET last_seen_at = %(seen)s
WHERE channel = %(channel)s AND last_seen_at < %(seen)s
  AND (channel_product_id = ANY(%(names)s::text[]) OR channel_sku = ANY(%(names)s::text[]))
"""

RETIRE = """
WITH gone AS (
    SELECT product_id FROM product_channel_skus WHERE channel = %(channel)s AND last_seen_at < %(seen)s
), marked AS (
    UPDATE product_channel_skus SET is_active = false, updated_at = now()
    WHERE channel = %(channel)s AND last_seen_at < %(seen)s AND is_active
)
UPDATE products p SET is_active = false, updated_at = now()
WHERE is_active AND id IN (SELECT product_id FROM gone)
  AND NOT EXISTS (SELECT FROM product_channel_skus c WHERE c.product_id = p.id AND c.is_active
                  AND NOT (c.channel = %(channel)s AND c.last_seen_at < %(seen)s))
"""

# The name that the channel uses or has used first, then ours: as a line finds its product.
TAX_RATES = """
SELECT DISTINCT ON (sku) sku, tax_rate FROM (
    SELECT 1 AS place, c.channel_sku AS sku, p.tax_rate, c.last_seen_at
    FROM product_channel_skus c JOIN products p ON p.id = c.product_id
    WHERE c.channel = %(channel)s AND c.channel_sku = ANY(%(skus)s::text[])
    UNION ALL
    SELECT 2, sku, tax_rate, NULL FROM products WHERE sku = ANY(%(skus)s::text[])
) found ORDER BY sku, place, last_seen_at DESC NULLS LAST
"""


class ProductRepository:
    """Writes what a shop lists; a replay of the same page changes no row."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def upsert(
        self,
        company_id: UUID,
        products: Sequence[Product],
        as_of: date,
        seen: datetime | None = None,
    ) -> Kept:
        """Writes products with their costs and the stock of the day; what the tables refuse is set aside.

        `seen` is when the scan began that lists them; now if None.
        """
        named = self._rename(products)
        unique = list({product.sku: product for product in reversed(named)}.values())
        write = partial(self._upsert, company_id)
        written = write_apart(self._connection, unique, write)
        refused = {product.sku for product, _ in written.refused}
        kept = [product for product in named if product.sku not in refused]
        if not kept:
            return Kept(written.changed, written.rejected(_key))
        self._upsert_channel_skus(kept, seen)
        skus = list({product.sku for product in kept})
        changed = self._connection.execute(DECIDE_ACTIVE, (skus,)).rowcount
        costs = write_apart(self._connection, _costs(kept), partial(self._upsert_costs, as_of))
        stock = write_stock(self._connection, company_id, kept, as_of)
        reported = Kept(written.changed + changed, written.rejected(_key))
        return reported + Kept(0, costs.rejected(lambda cost: cost[0])) + stock

    def mark_seen(self, channel: str, keys: Sequence[str], seen: datetime) -> None:
        """Notes that a scan has listed these, by the vendor's id or the channel's SKU, but could not read them."""
        if keys:
            names = list({name for key in keys for name in (key, key.rpartition("/")[2])} - {""})
            asked = {"channel": channel, "names": names, "seen": seen}
            self._connection.execute(MARK_SEEN, asked)

    def retire_unseen(self, channel: str, since: datetime, day: date) -> int:
        """Follows renamed SKUs, and takes off the shelf what a full scan did not list; returns products retired.

        `since` is when the scan began.
        """
        follow_renames(self._connection, channel, since)
        empty_gone(self._connection, channel, since, day)
        return self._connection.execute(RETIRE, {"channel": channel, "seen": since}).rowcount

    def count_active(self) -> int:
        """How many products are active."""
        row = self._connection.execute(
            "SELECT count(*) AS n FROM products WHERE is_active"
        ).fetchone()
        return int(row["n"]) if row else 0

    def forecastable(self, limit: int | None) -> list[ForecastProduct]:
        """The active products, oldest first, at most `limit` of them."""
        rows = self._connection.execute(FORECASTABLE, (limit,))
        return [
            ForecastProduct(row["id"], row["sku"], row["category"] or None, row["lead_time_days"])
            for row in rows
        ]

    def tax_rates(self, channel: str, skus: Sequence[str]) -> dict[str, Decimal]:
        """The products' own rates of VAT, where a person has set one, by what the channel calls them."""
        rows = self._connection.execute(TAX_RATES, {"channel": channel, "skus": list(skus)})
        return {row["sku"]: row["tax_rate"] for row in rows if row["tax_rate"] is not None}

    def own_tax_rates(self) -> dict[str, Decimal]:
        """All rates of VAT that a person has set, by SKU."""
        rows = self._connection.execute(
            "SELECT sku, tax_rate FROM products WHERE tax_rate IS NOT NULL ORDER BY sku"
        )
        return {row["sku"]: row["tax_rate"] for row in rows}

    def set_tax_rate(self, sku: str, rate: Decimal | None) -> bool:
        """Sets a product's own rate of VAT, or takes it away; False where there is no such product."""
        updated = self._connection.execute(
            "UPDATE products SET tax_rate = %s, updated_at = now() WHERE sku = %s", (rate, sku)
        )
        return updated.rowcount == 1

    def _rename(self, products: Sequence[Product]) -> Sequence[Product]:
        """The products under our names of them, where a channel calls them otherwise."""
        if not products:
            return products
        asked = [p.channel_sku for p in products], [p.channel_product_id for p in products]
        rows = self._connection.execute(FIND_ALIASES, (*asked, products[0].channel))
        names = {(row["channel_sku"], row["channel_product_id"]): row["sku"] for row in rows}
        return [
            each.renamed(names.get((each.channel_sku, each.channel_product_id), each.sku))
            for each in products
        ]

    def _upsert(self, company_id: UUID, products: Sequence[Product]) -> int:
        return self._connection.execute(
            UPSERT_PRODUCTS,
            (
                [p.sku for p in products],
                [p.name[:255] for p in products],
                [p.category[:100] if p.category else None for p in products],
                [None if p.unit_cost is None else round_money(p.unit_cost) for p in products],
                [p.unit_price for p in products],
                [p.currency for p in products],
                [p.is_active for p in products],
                company_id,
            ),
        ).rowcount

    def _upsert_channel_skus(self, products: Sequence[Product], seen: datetime | None) -> None:
        unique = {(p.channel, p.channel_sku, p.channel_product_id): p for p in products}.values()
        self._connection.execute(
            UPSERT_CHANNEL_SKUS,
            {
                "seen": seen,
                "channels": [p.channel for p in unique],
                "channel_skus": [p.channel_sku for p in unique],
                "skus": [p.sku for p in unique],
                "ids": [p.channel_product_id for p in unique],
                "active": [p.is_active for p in unique],
            },
        )

    def _upsert_costs(self, as_of: date, costs: Sequence[tuple[str, Decimal, str]]) -> int:
        skus, amounts, currencies = zip(*costs, strict=True)
        return self._connection.execute(
            UPSERT_COSTS, (list(skus), [as_of] * len(costs), list(amounts), list(currencies))
        ).rowcount


def _costs(products: Sequence[Product]) -> list[tuple[str, Decimal, str]]:
    """What each SKU costs, by SKU and currency; the first of two variants of one SKU counts."""
    known: dict[tuple[str, str], tuple[str, Decimal, str]] = {}
    for product in products:
        if product.unit_cost is not None:
            cost = product.sku, product.unit_cost, product.currency
            known.setdefault((product.sku, product.currency), cost)
    return list(known.values())


def _key(product: Product) -> str:
    return product.channel_product_id or product.sku
