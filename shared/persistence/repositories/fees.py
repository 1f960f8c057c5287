"""What channels took for orders, as often as they report it."""

from collections.abc import Sequence

from psycopg.rows import class_row

from shared.domain.fees import commission_rate
from shared.domain.rejections import Kept
from shared.domain.sales import LineKind, SaleFee, SaleLine
from shared.persistence.apart import write_apart
from shared.persistence.database import Connection
from shared.persistence.repositories.sale_lines import line_key

# A fee that was final stays as it was reported last; one that is not never takes its place.
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

# The SKU is the channel's own name of the product: its fees and its refunds bear that one.
LINES_OF = """
SELECT s.channel, s.channel_order_id, s.channel_line_id, s.line_kind::text AS kind,
       coalesce(c.channel_sku, p.sku) AS sku,
       coalesce(p.name, '') AS product_name, s.sale_date, s.quantity, s.unit_price, s.total_amount, s.tax_amount,
       s.currency, coalesce(s.market, '') AS market, s.shipping_amount, s.presentment_amount,
       s.presentment_currency, s.commission_amount, s.fee_estimated, s.source_updated_at,
       s.tax_estimated
FROM sales s LEFT JOIN products p ON p.id = s.product_id
LEFT JOIN LATERAL (
    SELECT channel_sku FROM product_channel_skus c WHERE c.product_id = s.product_id AND c.channel = s.channel
    ORDER BY channel_sku = s.channel_line_id DESC, last_seen_at DESC, channel_sku LIMIT 1
) c ON true
WHERE s.channel = %s AND s.channel_order_id = ANY(%s::text[]) ORDER BY s.channel_line_id
"""

# A real fee is not overwritten by an estimate. Nothing else of a line changes with its fees.
SET_COMMISSIONS = """
UPDATE sales s SET commission_amount = n.amount, commission_rate = n.rate, fee_estimated = n.estimated,
    updated_at = now()
FROM unnest(%s::text[], %s::text[], %s::text[], %s::numeric[], %s::numeric[], %s::boolean[])
     AS n (channel, channel_order_id, channel_line_id, amount, rate, estimated)
WHERE (s.channel, s.channel_order_id, s.channel_line_id) = (n.channel, n.channel_order_id, n.channel_line_id)
  AND NOT (n.estimated AND NOT s.fee_estimated AND s.commission_amount IS NOT NULL)
  AND (s.commission_amount, s.fee_estimated) IS DISTINCT FROM (n.amount, n.estimated)
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
        # A row that only this tenant can lock: an advisory lock is anybody's to take.
        self._connection.execute(
            "SELECT FROM api_credentials WHERE service_name = %s ORDER BY id FOR NO KEY UPDATE",
            (channel,),
        )

    def of_orders(self, channel: str, orders: Sequence[str]) -> list[SaleFee]:
        """All fees of some orders, by their keys."""
        with self._connection.cursor(row_factory=class_row(SaleFee)) as cursor:
            return cursor.execute(FEES_OF, (channel, list(orders))).fetchall()

    def lines_of(self, channel: str, orders: Sequence[str]) -> list[SaleLine]:
        """All lines of some orders, as they were read: with the channel's names of what was sold."""
        rows = self._connection.execute(LINES_OF, (channel, list(orders)))
        return [SaleLine(**{**row, "kind": LineKind(row["kind"])}) for row in rows]

    def set_commissions(self, lines: Sequence[SaleLine]) -> Kept:
        """Corrects what lines cost; a share that no column holds is set aside."""
        written = write_apart(self._connection, lines, self._set_commissions)
        return Kept(written.changed, written.rejected(line_key))

    def _set_commissions(self, lines: Sequence[SaleLine]) -> int:
        rows = [
            (*line[:3], line.commission_amount, commission_rate(line), line.fee_estimated)
            for line in lines
        ]
        return self._connection.execute(
            SET_COMMISSIONS, [*map(list, zip(*rows, strict=True))]
        ).rowcount
