"""Renamed SKUs: the vendor's variant is the identity, so its history goes with it to the new name.

Decided at the end of a full scan, when it is known which names are gone. A variant whose old name another
variant of the shop still bears has shared it: its past cannot be separated and stays with the old name.
"""

from datetime import datetime
from uuid import UUID

from shared.persistence.database import Connection

# One name of the variant is gone, and exactly one came after it was last seen. `is_pure`: both products are
# this variant's alone, so that the old one only changes its name.
FIND_RENAMES = """
WITH names AS (
    SELECT * FROM product_channel_skus WHERE channel = %(channel)s AND channel_product_id <> ''
), gone AS (
    SELECT DISTINCT ON (channel_product_id) * FROM names WHERE last_seen_at < %(since)s
    ORDER BY channel_product_id, last_seen_at DESC
), came AS (
    SELECT n.channel_product_id, min(n.channel_sku) AS channel_sku, g.product_id AS old
    FROM names n JOIN gone g USING (channel_product_id)
    WHERE n.last_seen_at >= %(since)s AND n.first_seen_at > g.last_seen_at
    GROUP BY n.channel_product_id, g.product_id HAVING count(*) = 1
)
SELECT came.old, n.product_id AS new,
       NOT EXISTS (SELECT FROM product_channel_skus r WHERE r.product_id = n.product_id
                   AND (r.channel, r.channel_product_id) <> (n.channel, n.channel_product_id))
   AND NOT EXISTS (SELECT FROM product_channel_skus r WHERE r.product_id = came.old
                   AND r.channel <> n.channel AND r.is_active) AS is_pure
FROM came JOIN names n USING (channel_product_id, channel_sku)
WHERE n.product_id <> came.old
  AND NOT EXISTS (SELECT FROM names r WHERE r.product_id = came.old AND r.last_seen_at >= %(since)s)
ORDER BY came.old, n.product_id
"""

# What the new product has counted today stands; the rest of its short life joins the old one's.
MOVE_SALES = "UPDATE sales SET product_id = %(to)s WHERE product_id = %(from)s"
MOVE_SALES_OF_CHANNEL = MOVE_SALES + " AND channel = %(channel)s"
MOVE_HISTORY = """
WITH moved AS (DELETE FROM inventory_history WHERE product_id = %(from)s RETURNING *)
INSERT INTO inventory_history AS h (product_id, location, snapshot_date, quantity_on_hand, quantity_reserved)
SELECT %(to)s, location, snapshot_date, quantity_on_hand, quantity_reserved FROM moved
ON CONFLICT (product_id, location, snapshot_date) DO UPDATE SET
    quantity_on_hand = excluded.quantity_on_hand, quantity_reserved = excluded.quantity_reserved
"""
MOVE_STOCK = """
WITH moved AS (DELETE FROM inventory WHERE product_id = %(from)s RETURNING *)
INSERT INTO inventory AS i (company_id, product_id, location, channel, quantity_on_hand, quantity_reserved)
SELECT company_id, %(to)s, location, channel, quantity_on_hand, quantity_reserved FROM moved
ON CONFLICT (product_id, location) DO UPDATE SET
    quantity_on_hand = excluded.quantity_on_hand, quantity_reserved = excluded.quantity_reserved,
    channel = excluded.channel, updated_at = now()
"""
MOVE_COSTS = """
WITH moved AS (DELETE FROM product_costs WHERE product_id = %(from)s RETURNING *)
INSERT INTO product_costs AS c (product_id, valid_from, unit_cost, currency)
SELECT %(to)s, m.valid_from, m.unit_cost, m.currency FROM moved m
LEFT JOIN LATERAL (
    SELECT unit_cost FROM product_costs WHERE product_id = %(to)s AND currency = m.currency
      AND valid_from < m.valid_from ORDER BY valid_from DESC LIMIT 1
) latest ON true
WHERE latest.unit_cost IS DISTINCT FROM m.unit_cost
ON CONFLICT (product_id, currency, valid_from) DO UPDATE SET unit_cost = excluded.unit_cost
"""
MOVE_NAMES = "UPDATE product_channel_skus SET product_id = %(to)s WHERE product_id = %(from)s"
DROP_FORECASTS = "DELETE FROM forecasts WHERE product_id = %(from)s"
DROP_SUMS = "DELETE FROM cumulative_forecasts WHERE product_id = %(from)s"
DROP_ACCURACY = "DELETE FROM forecast_accuracy WHERE product_id = %(from)s"
MOVE_EVENTS = """
WITH moved AS (DELETE FROM planned_events WHERE product_id = %(from)s RETURNING *)
INSERT INTO planned_events (company_id, product_id, kind, first_day, last_day, discount, price, note)
SELECT company_id, %(to)s, kind, first_day, last_day, discount, price, note FROM moved
ON CONFLICT (company_id, product_id, kind, first_day) DO NOTHING
"""
TAKE_NAME = """
WITH left_over AS (DELETE FROM products WHERE id = %(from)s RETURNING *)
SELECT sku, name, category, unit_price, unit_cost, is_active FROM left_over
"""
GIVE_NAME = """
UPDATE products SET sku = %(sku)s, name = %(name)s, category = coalesce(%(category)s, category),
    unit_price = coalesce(%(unit_price)s, unit_price), unit_cost = coalesce(%(unit_cost)s, unit_cost),
    is_active = %(is_active)s, updated_at = now()
WHERE id = %(to)s
"""
# In this order; what names a product and stands in none of these would keep it from going.
MOVES = (
    MOVE_SALES,
    MOVE_HISTORY,
    MOVE_STOCK,
    MOVE_COSTS,
    MOVE_NAMES,
    MOVE_EVENTS,
    DROP_FORECASTS,
    DROP_SUMS,
    DROP_ACCURACY,
)


def follow_renames(connection: Connection, channel: str, since: datetime) -> int:
    """Gives renamed variants of a channel their past; `since` is when the scan began. Returns how many."""
    found = connection.execute(FIND_RENAMES, {"channel": channel, "since": since}).fetchall()
    for row in found:
        if row["is_pure"]:
            _rename(connection, row["old"], row["new"])
        else:
            moved = {"from": row["old"], "to": row["new"], "channel": channel}
            connection.execute(MOVE_SALES_OF_CHANNEL, moved)
    return len(found)


def _rename(connection: Connection, old: UUID, new: UUID) -> None:
    """The old product keeps its id and what people have set on it, and takes the new one's name."""
    moved = {"from": new, "to": old}
    for statement in MOVES:
        connection.execute(statement, moved)
    name = connection.execute(TAKE_NAME, moved).fetchone()
    assert name is not None  # noqa: S101 - the product was found in this transaction
    connection.execute(GIVE_NAME, {**name, "to": old})
