"""What the accounting vendor tells: balances of accounts by day, and invoices."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from shared.domain.accounts import AccountBalance, OpenInvoice
from shared.persistence.database import Connection

# A balance stands until the next one is told: an account that is not told any more comes to nothing.
UPSERT_BALANCES = """
WITH told AS (
    SELECT * FROM unnest(%(classes)s::text[], %(codes)s::text[], %(amounts)s::numeric[], %(currencies)s::text[])
        AS n (account_class, account_code, amount, currency)
), gone AS (
    SELECT DISTINCT ON (account_class, account_code) account_class::text, account_code, amount, currency
    FROM account_balances
    WHERE company_id = %(company)s AND source = %(source)s AND balance_date <= %(day)s
    ORDER BY account_class, account_code, balance_date DESC
), rows AS (
    SELECT account_class, account_code, amount, currency FROM told
    UNION ALL
    SELECT account_class, account_code, 0, currency FROM gone
    WHERE amount <> 0 AND (account_class, account_code) NOT IN (SELECT account_class, account_code FROM told)
)
INSERT INTO account_balances AS b (company_id, balance_date, account_class, source, account_code, amount, currency)
SELECT %(company)s, %(day)s, account_class::public.account_class, %(source)s, account_code, amount, currency FROM rows
ON CONFLICT (company_id, balance_date, account_class, source, account_code)
DO UPDATE SET amount = excluded.amount, currency = excluded.currency, updated_at = now()
WHERE (b.amount, b.currency) IS DISTINCT FROM (excluded.amount, excluded.currency)
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


class BookRepository:
    """Writes what the books say; a replay changes no row."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def upsert_balances(
        self, company_id: UUID, source: str, day: date, balances: Sequence[AccountBalance]
    ) -> int:
        """Writes all balances of a day; returns rows new or changed."""
        unique = {(each.account_class, each.account_code): each for each in balances}
        return self._connection.execute(
            UPSERT_BALANCES,
            {
                "company": company_id,
                "source": source,
                "day": day,
                "classes": [str(each.account_class) for each in unique.values()],
                "codes": [each.account_code for each in unique.values()],
                "amounts": [each.amount for each in unique.values()],
                "currencies": [each.currency for each in unique.values()],
            },
        ).rowcount

    def upsert_invoices(
        self, company_id: UUID, source: str, invoices: Sequence[OpenInvoice]
    ) -> int:
        """Writes invoices by the vendor's id; returns rows new or changed."""
        unique = list({each.source_invoice_id: each for each in invoices}.values())
        if not unique:
            return 0
        columns = [[getattr(each, name) for each in unique] for name in INVOICE_FIELDS]
        return self._connection.execute(UPSERT_INVOICES, (company_id, source, *columns)).rowcount
