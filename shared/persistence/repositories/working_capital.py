"""Balances by day, and the rolled-up metrics."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from shared.domain.company import Company
from shared.domain.working_capital import AccountClass, Balances, WorkingCapital
from shared.persistence.database import Connection
from shared.persistence.repositories.conversion import RATES, Factors, read_factors

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

# A balance stands until the next one is reported, account by account.
BALANCES = f"""
WITH {RATES}, balances AS (
    SELECT account_class, source = 'entered' AS is_entered, amount, currency, balance_date AS since,
           lead(balance_date) OVER (PARTITION BY account_class, source, account_code ORDER BY balance_date) AS until
    FROM account_balances
    WHERE company_id = %(company_id)s AND balance_date <= %(last)s
)
SELECT d.day, t.account_class, t.is_entered, max(t.since) AS since,
       CASE WHEN bool_and(t.amount = 0 OR r.factor IS NOT NULL)
            THEN coalesce(sum(t.amount * r.factor), 0) END AS amount,
       min(t.currency) FILTER (WHERE t.amount <> 0 AND r.factor IS NULL) AS unrated,
       array_agg(DISTINCT t.currency) FILTER (WHERE t.amount <> 0) AS used,
       (SELECT min(b.since) FROM balances b WHERE b.account_class = t.account_class AND NOT b.is_entered)
           AS books_since
FROM unnest(%(days)s::date[]) AS d (day)
JOIN balances t ON t.since <= d.day AND (t.until IS NULL OR t.until > d.day)
LEFT JOIN rates r ON r.currency = t.currency AND r.day = d.day
GROUP BY d.day, t.account_class, t.is_entered
"""

# Stock at cost: the last count of each SKU and place up to the day. Unknown before the first count,
# and where a SKU in stock has no known cost.
STOCK_VALUES = f"""
WITH {RATES}
SELECT d.day,
       CASE WHEN bool_and(h.quantity_on_hand <= 0 OR c.unit_cost * r.factor IS NOT NULL)
            THEN coalesce(sum(greatest(h.quantity_on_hand, 0) * c.unit_cost * r.factor), 0) END AS amount,
       min(h.sku) FILTER (WHERE h.quantity_on_hand > 0 AND c.unit_cost IS NULL) AS costless,
       min(c.currency) FILTER (WHERE h.quantity_on_hand > 0 AND r.factor IS NULL) AS unrated,
       array_agg(DISTINCT c.currency) FILTER (WHERE h.quantity_on_hand > 0 AND c.unit_cost <> 0) AS used
FROM unnest(%(days)s::date[]) AS d (day)
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (product_id, location) product_id, quantity_on_hand, sku
    FROM inventory_history JOIN products ON products.id = product_id
    WHERE snapshot_date <= d.day AND company_id = %(company_id)s
    ORDER BY product_id, location, snapshot_date DESC
) h
LEFT JOIN LATERAL (
    SELECT unit_cost, currency FROM product_costs
    WHERE product_id = h.product_id
    ORDER BY currency = %(currency)s DESC, valid_from <= d.day DESC,
             CASE WHEN valid_from <= d.day THEN valid_from END DESC, valid_from
    LIMIT 1
) c ON true
LEFT JOIN rates r ON r.currency = c.currency AND r.day = d.day
GROUP BY d.day
"""

CURRENCIES = """
SELECT DISTINCT currency FROM account_balances WHERE company_id = %(company_id)s
UNION SELECT DISTINCT currency FROM product_costs
"""

# What stands in books alone; inventory is counted and valued.
OF_BOOKS = (
    AccountClass.CASH,
    AccountClass.ACCOUNTS_RECEIVABLE,
    AccountClass.ACCOUNTS_PAYABLE,
    AccountClass.SHORT_TERM_DEBT,
)

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
        currencies = [row["currency"] for row in self._connection.execute(CURRENCIES, known)]
        factors = read_factors(self._connection, company.currency, currencies, asked)
        rated = {**known, **factors.known}
        amounts = {
            (row["day"], row["account_class"], row["is_entered"]): row
            for row in self._connection.execute(BALANCES.encode(), rated)
        }
        stock = {row["day"]: row for row in self._connection.execute(STOCK_VALUES.encode(), rated)}
        return {day: _balances(day, amounts, stock.get(day), factors) for day in asked}

    def enter(self, company: Company, day: date, amounts: dict[AccountClass, Decimal]) -> int:
        """Writes balances that a person gives; returns rows new or changed."""
        changed = 0
        for account_class, amount in amounts.items():
            changed += self._connection.execute(
                ENTER, (company.id, day, account_class, amount, company.currency)
            ).rowcount
        return changed


def _balances(
    day: date,
    amounts: Mapping[tuple[date, str, bool], DictRow],
    stock: DictRow | None,
    factors: Factors,
) -> Balances:
    """The balances of one day.

    What a person entered counts before books report a class, and beside books that cannot be converted, unless
    it is older than they are.
    """
    reasons = _why_no_stock(stock, day, factors)
    reasons |= factors.mark(stock and stock["used"], day)
    found: dict[AccountClass, Decimal | None] = {}
    for account_class in OF_BOOKS:
        books, entered = (amounts.get((day, account_class, by_hand)) for by_hand in (False, True))
        if books and entered and entered["since"] < books["books_since"]:
            entered = None
        rows = [row for row in (books, entered) if row is not None]
        known = [row for row in rows if row["amount"] is not None]
        found[account_class] = known[0]["amount"] if known else None
        if known:
            reasons |= factors.mark(known[0]["used"], day)
        elif rows:
            reasons[account_class.lower()] = factors.why_none(rows[0]["unrated"], day)
    return Balances(
        cash=found[AccountClass.CASH],
        accounts_receivable=found[AccountClass.ACCOUNTS_RECEIVABLE],
        inventory=None if stock is None else stock["amount"],
        accounts_payable=found[AccountClass.ACCOUNTS_PAYABLE],
        short_term_debt=found[AccountClass.SHORT_TERM_DEBT],
        reasons=reasons,
    )


def _why_no_stock(row: DictRow | None, day: date, factors: Factors) -> dict[str, str]:
    if row is None:
        return {"inventory": "nothing was counted yet"}
    if row["amount"] is not None:
        return {}
    if row["costless"] is not None:
        return {"inventory": f"{row['costless']} has no known cost"}
    return {"inventory": factors.why_none(row["unrated"], day)}


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
