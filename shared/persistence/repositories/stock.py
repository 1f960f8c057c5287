"""Stock by product and place: what a page counts is written, what it leaves out stays as it was."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from uuid import UUID

from shared.domain.fields import LARGEST_INT
from shared.domain.products import Product, StockLevel
from shared.domain.rejections import Kept, reject
from shared.domain.sales import RejectedRecord
from shared.errors import SkipRecord
from shared.persistence.apart import write_apart
from shared.persistence.database import Connection

# A place of a counted SKU that the page does not name any more is empty: it does not stay as it was.
# A place that several channels share is counted by each of them.
FIND_EMPTIED = """
SELECT p.sku, i.location FROM inventory i JOIN products p ON p.id = i.product_id
WHERE p.sku = ANY(%s::text[]) AND (i.channel = %s OR i.location = ANY(%s::text[]))
"""

UPSERT_INVENTORY = """
WITH counted AS (
    SELECT p.id AS product_id, n.location, n.on_hand, n.reserved
    FROM unnest(%(skus)s::text[], %(locations)s::text[], %(on_hand)s::int[], %(reserved)s::int[])
         AS n (sku, location, on_hand, reserved)
    JOIN products p USING (sku)
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
    channel = coalesce(i.channel, excluded.channel), updated_at = now()
WHERE (i.quantity_on_hand, i.quantity_reserved, i.channel)
   IS DISTINCT FROM (excluded.quantity_on_hand, excluded.quantity_reserved, coalesce(i.channel, excluded.channel))
"""

# What a full scan of a channel does not list is not in stock there. A place that sites of one account share
# is emptied when none of them has listed the product for two days: each is scanned every night.
EMPTY_GONE = """
WITH emptied AS (
    UPDATE inventory i SET quantity_on_hand = 0, quantity_reserved = 0, updated_at = now()
    WHERE (quantity_on_hand, quantity_reserved) <> (0, 0)
      AND (i.channel = %(channel)s OR split_part(i.channel, '_', 1) = split_part(%(channel)s, '_', 1)
                                  AND NOT starts_with(i.location, i.channel || ': '))
      AND EXISTS (SELECT FROM product_channel_skus c WHERE c.product_id = i.product_id
                  AND c.channel = %(channel)s AND c.last_seen_at < %(seen)s)
      AND NOT EXISTS (SELECT FROM product_channel_skus c WHERE c.product_id = i.product_id
                      AND c.channel = %(channel)s AND c.last_seen_at >= %(seen)s)
      AND (starts_with(i.location, i.channel || ': ') OR NOT EXISTS (
           SELECT FROM product_channel_skus c WHERE c.product_id = i.product_id AND c.channel <> %(channel)s
           AND split_part(c.channel, '_', 1) = split_part(%(channel)s, '_', 1)
           AND c.last_seen_at >= %(seen)s - interval '2 days'))
    RETURNING product_id, location
)
INSERT INTO inventory_history (product_id, location, snapshot_date, quantity_on_hand)
SELECT product_id, location, %(day)s, 0 FROM emptied
ON CONFLICT (product_id, location, snapshot_date)
DO UPDATE SET quantity_on_hand = 0, quantity_reserved = 0
"""


def write_stock(
    connection: Connection, company_id: UUID, products: Sequence[Product], day: date
) -> Kept:
    """Writes the stock of a page's products, all of one channel; what does not fit is set aside."""
    counted = [product for product in products if product.stock is not None]
    if not counted:
        return Kept()
    levels, rejected = add_up_stock([level for each in counted for level in each.stock or ()])
    aside = {record.record_key for record in rejected}
    known = {(level.sku, level.location) for level in levels}
    found = connection.execute(
        FIND_EMPTIED,
        (
            list({each.sku for each in counted}),
            counted[0].channel,
            list({level.location for level in levels}),
        ),
    )
    levels += [
        StockLevel(row["sku"], row["location"], 0, 0)
        for row in found
        if (row["sku"], row["location"]) not in known
        and stock_key(row["sku"], row["location"]) not in aside
    ]
    write = partial(_upsert, connection, company_id, counted[0].channel, day)
    written = write_apart(connection, levels, write)
    refused = written.rejected(lambda level: stock_key(level.sku, level.location))
    return Kept(0, (*rejected, *refused))


def empty_gone(connection: Connection, channel: str, since: datetime, day: date) -> None:
    """Counts nothing of what the channel's scan that began at `since` did not list."""
    connection.execute(EMPTY_GONE, {"channel": channel, "seen": since, "day": day})


def stock_key(sku: str, location: str) -> str:
    """What a count that was set aside is listed under."""
    return f"{sku} at {location}"


def add_up_stock(
    levels: Sequence[StockLevel],
) -> tuple[list[StockLevel], list[RejectedRecord]]:
    """One level a SKU and place: two variants of one SKU, or two places of one name, add up.

    A sum that no column holds is set aside: the count of before stays.
    """
    totals: dict[tuple[str, str], StockLevel] = {}
    for level in levels:
        known = totals.get((level.sku, level.location))
        totals[level.sku, level.location] = level if known is None else known.plus(level)
    kept: list[StockLevel] = []
    rejected: list[RejectedRecord] = []
    for total in totals.values():
        if total.fits(LARGEST_INT):
            kept.append(total)
        else:
            error = SkipRecord(f"quantities: {total.on_hand} units are more than can be counted")
            rejected.append(reject(stock_key(total.sku, total.location), error))
    return kept, rejected


def _upsert(
    connection: Connection, company_id: UUID, channel: str, day: date, levels: Sequence[StockLevel]
) -> int:
    return connection.execute(
        UPSERT_INVENTORY,
        {
            "company_id": company_id,
            "day": day,
            "channel": channel,
            "skus": [level.sku for level in levels],
            "locations": [level.location for level in levels],
            "on_hand": [level.on_hand for level in levels],
            "reserved": [level.reserved for level in levels],
        },
    ).rowcount
