"""Figures of one tenant for people to read. The transaction is bound to the tenant."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from psycopg.rows import class_row

from shared.persistence.database import Connection


@dataclass(frozen=True, slots=True)
class SalesTotals:
    """Orders placed, units and revenue net of refunds, and the days between which they lie."""

    orders: int
    units: int
    revenue: Decimal
    first_day: date | None
    last_day: date | None


@dataclass(frozen=True, slots=True)
class ChannelTotals:
    """What a channel sold: net of refunds, shipping apart, and what it took as far as it has reported that."""

    channel: str
    orders: int
    units: int
    revenue: Decimal
    shipping: Decimal
    commission: Decimal
    lines_estimated: int


@dataclass(frozen=True, slots=True)
class EstimatedTax:
    """Lines whose tax is a rule's, and how much it is together."""

    lines: int
    tax: Decimal


@dataclass(frozen=True, slots=True)
class BookTotals:
    """What the books say now: the last balance of each class, and the invoices that are open."""

    balances: dict[str, Decimal]
    open_invoices: int


@dataclass(frozen=True, slots=True)
class SkuOutlook:
    """Units sold in the days up to the origin and expected in as many after it, and the busiest of those."""

    sku: str
    sold: Decimal
    predicted: Decimal
    busiest_day: date
    busiest_lower: Decimal
    busiest_upper: Decimal


@dataclass(frozen=True, slots=True)
class CapitalRow:
    """One row of working capital, the derived columns included."""

    period_type: str
    period_date: date
    cash: Decimal | None
    accounts_receivable: Decimal | None
    inventory: Decimal | None
    accounts_payable: Decimal | None
    working_capital: Decimal | None
    current_ratio: Decimal | None
    days_sales_outstanding: Decimal | None
    days_inventory_outstanding: Decimal | None
    days_payables_outstanding: Decimal | None
    cash_conversion_cycle: Decimal | None


@dataclass(frozen=True, slots=True)
class UsageRow:
    """The counters of one usage period."""

    active_users_count: int
    total_entities_count: int
    storage_used_mb: int
    forecasts_generated: int
    integrations_synced: int


def read_sales_totals(connection: Connection) -> SalesTotals:
    """All sales of the tenant added up."""
    with connection.cursor(row_factory=class_row(SalesTotals)) as cursor:
        found = cursor.execute(
            "SELECT (count(DISTINCT (channel, channel_order_id)) FILTER (WHERE line_kind = 'SALE'))::int AS orders, "
            "coalesce(sum(quantity), 0)::int AS units, coalesce(sum(total_amount), 0) AS revenue, "
            "min(sale_date) AS first_day, max(sale_date) AS last_day FROM sales"
        ).fetchone()
    assert found is not None  # noqa: S101 - an aggregate gives a row
    return found


def read_outlook(connection: Connection, origin: date, days: int, model: str) -> list[SkuOutlook]:
    """Every SKU's demand forecast from `origin` by one model, the largest first."""
    with connection.cursor(row_factory=class_row(SkuOutlook)) as cursor:
        return cursor.execute(
            "SELECT p.sku, coalesce((SELECT sum(quantity) FROM sales s "
            "  WHERE s.product_id = p.id AND line_kind = 'SALE' "
            "  AND sale_date > %(origin)s - %(days)s::int AND sale_date <= %(origin)s), 0)::numeric AS sold, "
            "sum(predicted_value) AS predicted, "
            "(array_agg(forecast_date ORDER BY predicted_value DESC, forecast_date))[1] AS busiest_day, "
            "(array_agg(lower_bound ORDER BY predicted_value DESC, forecast_date))[1] AS busiest_lower, "
            "(array_agg(upper_bound ORDER BY predicted_value DESC, forecast_date))[1] AS busiest_upper "
            "FROM forecasts f JOIN products p ON p.id = f.product_id "
            "WHERE forecast_origin = %(origin)s AND model_type = %(model)s AND forecast_type = 'DEMAND' "
            "AND period_type = 'DAILY' AND forecast_date <= %(origin)s + %(days)s::int "
            "GROUP BY p.id, p.sku ORDER BY predicted DESC, p.sku",
            {"origin": origin, "days": days, "model": model},
        ).fetchall()


def read_latest_capital(connection: Connection, until: date) -> list[CapitalRow]:
    """The newest day, week and month of working capital that begin by `until`."""
    with connection.cursor(row_factory=class_row(CapitalRow)) as cursor:
        return cursor.execute(
            "SELECT DISTINCT ON (period_type) period_type, period_date, cash, accounts_receivable, "
            "inventory, accounts_payable, working_capital, current_ratio, days_sales_outstanding, "
            "days_inventory_outstanding, days_payables_outstanding, cash_conversion_cycle "
            "FROM working_capital_metrics WHERE period_date <= %s "
            "ORDER BY period_type, period_date DESC",
            (until,),
        ).fetchall()


def read_usage(connection: Connection) -> list[UsageRow]:
    """Usage by period of the tenant that the transaction is bound to, the newest first."""
    with connection.cursor(row_factory=class_row(UsageRow)) as cursor:
        return cursor.execute(
            "SELECT active_users_count, total_entities_count, storage_used_mb, forecasts_generated, "
            "integrations_synced FROM public.usage_metrics "
            "WHERE tenant_id = public.current_tenant_id() "
            "ORDER BY period_start DESC"
        ).fetchall()


def read_channel_totals(connection: Connection) -> list[ChannelTotals]:
    """What each channel sold, by name; orders that count nothing are left out."""
    query = (
        "SELECT channel, count(DISTINCT channel_order_id) FILTER (WHERE quantity > 0) AS orders, "
        "sum(quantity) AS units, sum(total_amount) AS revenue, sum(shipping_amount) AS shipping, "
        "coalesce(sum(commission_amount) FILTER (WHERE NOT fee_estimated), 0) AS commission, "
        "count(*) FILTER (WHERE fee_estimated) AS lines_estimated "
        "FROM sales GROUP BY channel ORDER BY channel"
    )
    with connection.cursor(row_factory=class_row(ChannelTotals)) as cursor:
        return cursor.execute(query).fetchall()


def read_estimated_tax(connection: Connection) -> EstimatedTax:
    """The lines whose tax the channel did not report, and what the rule says of them."""
    with connection.cursor(row_factory=class_row(EstimatedTax)) as cursor:
        found = cursor.execute(
            "SELECT count(*)::int AS lines, coalesce(sum(tax_amount), 0) AS tax FROM sales WHERE tax_estimated"
        ).fetchone()
    assert found is not None  # noqa: S101 - an aggregate gives a row
    return found


def read_book_totals(connection: Connection) -> BookTotals:
    """What the accounting vendors have reported."""
    balances = connection.execute(
        "SELECT account_class::text, sum(amount) AS amount FROM ("
        "SELECT DISTINCT ON (account_class, source, account_code) account_class, amount "
        "FROM account_balances WHERE source <> 'entered' "
        "ORDER BY account_class, source, account_code, balance_date DESC) newest GROUP BY account_class"
    )
    by_class = {row["account_class"]: row["amount"] for row in balances}
    row = connection.execute(
        "SELECT count(*) AS number FROM open_invoices WHERE closed_on IS NULL"
    ).fetchone()
    return BookTotals(by_class, int(row["number"]) if row else 0)
