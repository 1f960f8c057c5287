"""Balances by day, and the rolled-up metrics."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from shared.domain.company import Company
from shared.domain.working_capital import AccountClass, Balances, WorkingCapital
from shared.persistence.database import Connection

UPSERT_METRICS = """
INSERT INTO working_capital_metrics AS w (
    company_id, period_type, period_date, period_days, cash, accounts_receivable, inventory, accounts_payable,
    short_term_debt, revenue, cost_of_goods_sold,
    days_sales_outstanding, days_inventory_outstanding, days_payables_outstanding, reasons)
VALUES (%s, %s::public.period_type, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (company_id, period_type, period_date) DO UPDATE SET
    period_days = excluded.period_days, cash = excluded.cash, accounts_receivable = excluded.accounts_receivable,
    inventory = excluded.inventory, accounts_payable = excluded.accounts_payable,
    short_term_debt = excluded.short_term_debt, revenue = excluded.revenue,
    cost_of_goods_sold = excluded.cost_of_goods_sold,
    days_sales_outstanding = excluded.days_sales_outstanding,
    days_inventory_outstanding = excluded.days_inventory_outstanding,
    days_payables_outstanding = excluded.days_payables_outstanding, reasons = excluded.reasons, updated_at = now()
WHERE (w.period_days, w.cash, w.accounts_receivable, w.inventory, w.accounts_payable, w.short_term_debt,
       w.revenue, w.cost_of_goods_sold, w.days_sales_outstanding, w.days_inventory_outstanding,
       w.days_payables_outstanding, w.reasons)
   IS DISTINCT FROM
      (excluded.period_days, excluded.cash, excluded.accounts_receivable, excluded.inventory,
       excluded.accounts_payable, excluded.short_term_debt, excluded.revenue, excluded.cost_of_goods_sold,
       excluded.days_sales_outstanding, excluded.days_inventory_outstanding, excluded.days_payables_outstanding,
       excluded.reasons)
"""

# A balance stands until the next one is reported, account by account. From the day on which books report a
# class, what a person entered for it before does not count beside them. Books in another currency are left out.
BALANCES = """
WITH balances AS (
    SELECT account_class, source, amount, balance_date AS since,
           lead(balance_date) OVER (PARTITION BY account_class, source, account_code ORDER BY balance_date) AS until
    FROM account_balances
    WHERE company_id = %(company_id)s AND currency = %(currency)s AND balance_date <= %(last)s
), by_books AS (
    SELECT account_class, min(balance_date) AS since FROM account_balances
    WHERE company_id = %(company_id)s AND currency = %(currency)s AND source <> 'entered' GROUP BY account_class
)
SELECT d.day, t.account_class, sum(t.amount) AS amount
FROM unnest(%(days)s::date[]) AS d (day)
JOIN balances t ON t.since <= d.day AND (t.until IS NULL OR t.until > d.day)
LEFT JOIN by_books b USING (account_class)
WHERE t.source <> 'entered' OR b.since IS NULL OR b.since > d.day
GROUP BY d.day, t.account_class
"""

# Stock at cost: the last count of each SKU and place up to the day. Unknown before the first count,
# and where a SKU in stock has no known cost.
STOCK_VALUES = """
SELECT d.day,
       CASE WHEN count(*) FILTER (WHERE h.quantity_on_hand > 0 AND c.unit_cost IS NULL) = 0
            THEN coalesce(sum(greatest(h.quantity_on_hand, 0) * c.unit_cost), 0) END AS amount,
       min(h.sku) FILTER (WHERE h.quantity_on_hand > 0 AND c.unit_cost IS NULL) AS costless
FROM unnest(%(days)s::date[]) AS d (day)
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (product_id, location) product_id, quantity_on_hand, sku
    FROM inventory_history JOIN products ON products.id = product_id
    WHERE snapshot_date <= d.day AND company_id = %(company_id)s
    ORDER BY product_id, location, snapshot_date DESC
) h
LEFT JOIN LATERAL (
    SELECT unit_cost FROM product_costs
    WHERE product_id = h.product_id AND currency = %(currency)s
    ORDER BY valid_from <= d.day DESC, CASE WHEN valid_from <= d.day THEN valid_from END DESC, valid_from
    LIMIT 1
) c ON true
GROUP BY d.day
"""

ENTER = """
INSERT INTO account_balances AS b (company_id, balance_date, account_class, source, amount, currency)
VALUES (%s, %s, %s::public.account_class, 'entered', %s, %s)
ON CONFLICT (company_id, balance_date, account_class, source, account_code)
DO UPDATE SET amount = excluded.amount, currency = excluded.currency, updated_at = now()
WHERE (b.amount, b.currency) IS DISTINCT FROM (excluded.amount, excluded.currency)
"""


class WorkingCapitalRepository:
    """Reads balances and stock values of a day, writes the metrics of a period."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def upsert(self, company_id: UUID, rows: Sequence[WorkingCapital]) -> int:
        """Writes rows by type and period; returns rows new or changed."""
        changed = 0
        with self._connection.cursor() as cursor:
            for row in rows:
                changed += cursor.execute(UPSERT_METRICS, _values(company_id, row)).rowcount
        return changed

    def balances_on(self, company: Company, days: Sequence[date]) -> dict[date, Balances]:
        """The balances known at the end of each day, in the company's currency."""
        asked = sorted(set(days))
        known = {
            "days": asked,
            "last": asked[-1] if asked else None,
            "company_id": company.id,
            "currency": company.currency,
        }
        amounts: dict[tuple[date, str], Decimal] = {
            (row["day"], row["account_class"]): row["amount"]
            for row in self._connection.execute(BALANCES, known)
        }
        stock = {row["day"]: row for row in self._connection.execute(STOCK_VALUES, known)}
        return {
            day: Balances(
                cash=amounts.get((day, AccountClass.CASH)),
                accounts_receivable=amounts.get((day, AccountClass.ACCOUNTS_RECEIVABLE)),
                inventory=stock[day]["amount"] if day in stock else None,
                accounts_payable=amounts.get((day, AccountClass.ACCOUNTS_PAYABLE)),
                short_term_debt=amounts.get((day, AccountClass.SHORT_TERM_DEBT)),
                reasons=_why_no_stock(stock.get(day)),
            )
            for day in asked
        }

    def enter(self, company: Company, day: date, amounts: dict[AccountClass, Decimal]) -> int:
        """Writes balances that a person gives; returns rows new or changed."""
        changed = 0
        for account_class, amount in amounts.items():
            changed += self._connection.execute(
                ENTER, (company.id, day, account_class, amount, company.currency)
            ).rowcount
        return changed


def _why_no_stock(row: DictRow | None) -> dict[str, str]:
    if row is None:
        return {"inventory": "nothing was counted yet"}
    if row["amount"] is None:
        return {"inventory": f"{row['costless']} has no known cost"}
    return {}


def _values(company_id: UUID, row: WorkingCapital) -> tuple[object, ...]:
    balances = row.balances
    return (
        company_id,
        row.period_type,
        row.period_date,
        row.period_days,
        balances.cash,
        balances.accounts_receivable,
        balances.inventory,
        balances.accounts_payable,
        balances.short_term_debt,
        row.flows.revenue,
        row.flows.cost_of_goods_sold,
        row.days_sales_outstanding,
        row.days_inventory_outstanding,
        row.days_payables_outstanding,
        Jsonb(dict(row.reasons)),
    )
