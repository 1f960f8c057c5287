"""What channels took for orders, as often as they tell."""

from collections.abc import Sequence

from psycopg.rows import class_row

from shared.domain.rejections import Kept
from shared.domain.sales import LineKind, SaleFee, SaleLine
from shared.persistence.apart import write_apart
from shared.persistence.database import Connection

# A fee that was final stays as it was told last; one that is not never takes its place.
UPSERT_FEES = """
INSERT INTO sale_fees AS f (channel, channel_order_id, fee_key, sku, amount, tax_amount, currency, is_final, posted_at)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::numeric[], %s::numeric[], %s::text[],
                     %s::boolean[], %s::timestamptz[])
ON CONFLICT (channel, fee_key) DO UPDATE SET
    channel_order_id = excluded.channel_order_id, sku = excluded.sku, amount = excluded.amount,
    tax_amount = excluded.tax_amount, currency = excluded.currency,
    is_final = excluded.is_final, posted_at = excluded.posted_at, updated_at = now()
WHERE (excluded.is_final, excluded.posted_at) >= (f.is_final, f.posted_at)
  AND (f.channel_order_id, f.sku, f.amount, f.tax_amount, f.currency, f.is_final, f.posted_at)
   IS DISTINCT FROM
      (excluded.channel_order_id, excluded.sku, excluded.amount, excluded.tax_amount, excluded.currency,
       excluded.is_final, excluded.posted_at)
"""

FIELDS = (
    "channel",
    "channel_order_id",
    "fee_key",
    "sku",
    "amount",
    "tax_amount",
    "currency",
    "is_final",
    "posted_at",
)

FEES_OF = """
SELECT channel, channel_order_id, fee_key, sku, amount, tax_amount, currency, is_final, posted_at
FROM sale_fees WHERE channel = %s AND channel_order_id = ANY(%s::text[]) ORDER BY fee_key
"""

LINES_OF = """
SELECT s.channel, s.channel_order_id, s.channel_line_id, s.line_kind::text AS kind, p.sku,
       coalesce(p.name, '') AS product_name, s.sale_date, s.quantity, s.unit_price, s.total_amount, s.tax_amount,
       s.currency, coalesce(s.market, '') AS market, s.shipping_amount, s.presentment_amount,
       s.presentment_currency, s.commission_amount, s.fee_estimated, s.source_updated_at,
       s.tax_estimated
FROM sales s LEFT JOIN products p ON p.id = s.product_id
WHERE s.channel = %s AND s.channel_order_id = ANY(%s::text[]) ORDER BY s.channel_line_id
"""


class FeeRepository:
    """Writes fees by their key; a replay changes no row."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def upsert(self, fees: Sequence[SaleFee]) -> Kept:
        """Writes fees; what the table refuses is set aside."""
        unique = list({(fee.channel, fee.fee_key): fee for fee in fees}.values())
        written = write_apart(self._connection, unique, self._upsert)
        return Kept(written.changed, written.rejected(lambda fee: fee.fee_key))

    def _upsert(self, fees: Sequence[SaleFee]) -> int:
        columns = [[getattr(fee, name) for fee in fees] for name in FIELDS]
        return self._connection.execute(UPSERT_FEES, columns).rowcount

    def lock(self, channel: str) -> None:
        """Waits until no other transaction writes orders or fees of the channel; held until the end."""
        self._connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' ' || %s, 0))",
            (channel,),
        )

    def of_orders(self, channel: str, orders: Sequence[str]) -> list[SaleFee]:
        """All fees of some orders, by their keys."""
        with self._connection.cursor(row_factory=class_row(SaleFee)) as cursor:
            return cursor.execute(FEES_OF, (channel, list(orders))).fetchall()

    def lines_of(self, channel: str, orders: Sequence[str]) -> list[SaleLine]:
        """All lines of some orders, as they were read."""
        rows = self._connection.execute(LINES_OF, (channel, list(orders)))
        return [SaleLine(**{**row, "kind": LineKind(row["kind"])}) for row in rows]
