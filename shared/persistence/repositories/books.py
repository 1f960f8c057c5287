"""What the accounting vendor reports: balances of accounts by day, and invoices."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from uuid import UUID

from shared.domain.accounts import AccountBalance, ClosedInvoice, DayBalances, OpenInvoice
from shared.domain.rejections import Kept
from shared.persistence.apart import write_apart
from shared.persistence.database import Connection

UPSERT_BALANCES = """
INSERT INTO account_balances AS b (company_id, balance_date, account_class, source, account_code, amount, currency)
SELECT %s, %s, n.account_class::public.account_class, %s, n.account_code, n.amount, n.currency
FROM unnest(%s::text[], %s::text[], %s::numeric[], %s::text[]) AS n (account_class, account_code, amount, currency)
ON CONFLICT (company_id, balance_date, account_class, source, account_code)
DO UPDATE SET amount = excluded.amount, currency = excluded.currency, updated_at = now()
WHERE (b.amount, b.currency) IS DISTINCT FROM (excluded.amount, excluded.currency)
"""

# A balance stands until the next one is reported: an account that is gone comes to nothing, but one
# that could not be read keeps what it had.
END_GONE = """
WITH reported AS (
    SELECT account_class::public.account_class, account_code
    FROM unnest(%(classes)s::text[], %(codes)s::text[]) AS n (account_class, account_code)
), last AS (
    SELECT DISTINCT ON (account_class, account_code) account_class, account_code, amount, currency
    FROM account_balances
    WHERE company_id = %(company)s AND source = %(source)s AND balance_date <= %(day)s
    ORDER BY account_class, account_code, balance_date DESC
)
INSERT INTO account_balances AS b (company_id, balance_date, account_class, source, account_code, amount, currency)
SELECT %(company)s, %(day)s, account_class, %(source)s, account_code, 0, currency FROM last
WHERE amount <> 0 AND account_code <> ALL (%(unread)s)
  AND (account_class, account_code) NOT IN (SELECT account_class, account_code FROM reported)
ON CONFLICT (company_id, balance_date, account_class, source, account_code)
DO UPDATE SET amount = 0, updated_at = now()
"""

INVOICE_FIELDS = (
    "source_invoice_id",
    "kind",
    "status",
    "issued_on",
    "due_on",
    "currency",
    "exchange_rate",
    "total_amount",
    "amount_due",
    "closed_on",
)

UPSERT_INVOICES = """
INSERT INTO open_invoices AS i (company_id, source, source_invoice_id, kind, status, issued_on, due_on, currency,
                                exchange_rate, total_amount, amount_due, closed_on)
SELECT %s, %s, n.source_invoice_id, n.kind::public.invoice_kind, n.status, n.issued_on, n.due_on, n.currency,
       n.exchange_rate, n.total_amount, n.amount_due, n.closed_on
FROM unnest(%s::text[], %s::text[], %s::text[], %s::date[], %s::date[], %s::text[], %s::numeric[], %s::numeric[],
            %s::numeric[], %s::date[])
     AS n (source_invoice_id, kind, status, issued_on, due_on, currency, exchange_rate, total_amount, amount_due,
           closed_on)
ON CONFLICT (source, source_invoice_id) DO UPDATE SET
    kind = excluded.kind, status = excluded.status, issued_on = excluded.issued_on, due_on = excluded.due_on,
    currency = excluded.currency, exchange_rate = excluded.exchange_rate, total_amount = excluded.total_amount,
    amount_due = excluded.amount_due, closed_on = excluded.closed_on, updated_at = now()
WHERE (i.kind, i.status, i.issued_on, i.due_on, i.currency, i.exchange_rate, i.total_amount, i.amount_due, i.closed_on)
   IS DISTINCT FROM
      (excluded.kind, excluded.status, excluded.issued_on, excluded.due_on, excluded.currency, excluded.exchange_rate,
       excluded.total_amount, excluded.amount_due, excluded.closed_on)
"""


# Where the vendor does not say since when, the row's own day stands: the one on which it was closed before, or
# issued. The day of a pull would be another one at each replay.
CLOSE_INVOICES = """
UPDATE open_invoices i SET status = n.status, amount_due = 0,
    closed_on = coalesce(n.closed_on, i.closed_on, i.issued_on), updated_at = now()
FROM unnest(%s::text[], %s::text[], %s::date[]) AS n (source_invoice_id, status, closed_on)
WHERE i.source = %s AND i.source_invoice_id = n.source_invoice_id
  AND (i.status, i.amount_due, i.closed_on)
      IS DISTINCT FROM (n.status, 0, coalesce(n.closed_on, i.closed_on, i.issued_on))
"""


class BookRepository:
    """Writes what the books say; a replay changes no row."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def upsert_balances(
        self, company_id: UUID, source: str, day: date, reported: DayBalances
    ) -> Kept:
        """Writes the balances of a day and ends those of accounts that are gone; what is refused is set aside."""
        unique = {(each.account_class, each.account_code): each for each in reported.balances}
        write = partial(self._write_balances, company_id, source, day)
        written = write_apart(self._connection, list(unique.values()), write)
        gone = self._end_gone(company_id, source, day, reported) if reported.whole else 0
        return Kept(written.changed + gone, written.rejected(lambda each: each.account_code))

    def upsert_invoices(
        self, company_id: UUID, source: str, invoices: Sequence[OpenInvoice]
    ) -> Kept:
        """Writes invoices by the vendor's id; what is refused is set aside."""
        unique = {each.source_invoice_id: each for each in invoices}
        write = partial(self._write_invoices, company_id, source)
        written = write_apart(self._connection, list(unique.values()), write)
        return Kept(written.changed, written.rejected(lambda each: each.source_invoice_id))

    def close_invoices(self, source: str, closed: Sequence[ClosedInvoice]) -> int:
        """Closes those that are there, with nothing due; returns how many that changed."""
        unique = list({each.source_invoice_id: each for each in closed}.values())
        if not unique:
            return 0
        ids = [each.source_invoice_id for each in unique]
        statuses = [each.status for each in unique]
        days = [each.closed_on for each in unique]
        return self._connection.execute(CLOSE_INVOICES, (ids, statuses, days, source)).rowcount

    def _write_invoices(
        self, company_id: UUID, source: str, invoices: Sequence[OpenInvoice]
    ) -> int:
        columns = [[getattr(each, name) for each in invoices] for name in INVOICE_FIELDS]
        return self._connection.execute(UPSERT_INVOICES, (company_id, source, *columns)).rowcount

    def _write_balances(
        self, company_id: UUID, source: str, day: date, balances: Sequence[AccountBalance]
    ) -> int:
        columns = (
            [str(each.account_class) for each in balances],
            [each.account_code for each in balances],
            [each.amount for each in balances],
            [each.currency for each in balances],
        )
        return self._connection.execute(
            UPSERT_BALANCES, (company_id, day, source, *columns)
        ).rowcount

    def _end_gone(self, company_id: UUID, source: str, day: date, reported: DayBalances) -> int:
        return self._connection.execute(
            END_GONE,
            {
                "company": company_id,
                "source": source,
                "day": day,
                "classes": [str(each.account_class) for each in reported.balances],
                "codes": [each.account_code for each in reported.balances],
                "unread": sorted(reported.unread),
            },
        ).rowcount
