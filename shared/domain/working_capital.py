"""Working capital: days outstanding from balances and flows. What is not known stays unknown."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from shared.domain.calendar import Period, PeriodType

# One day's revenue swings with the weekday; a daily figure looks at the month behind it.
DAILY_WINDOW_DAYS = 30
# A figure beyond this says nothing; DSO + DIO - DPO must still fit numeric(10, 2).
LARGEST_DAYS = Decimal("33333333.33")


class AccountClass(StrEnum):
    """What kind of balance an account holds."""

    CASH = "CASH"
    ACCOUNTS_RECEIVABLE = "ACCOUNTS_RECEIVABLE"
    INVENTORY = "INVENTORY"
    ACCOUNTS_PAYABLE = "ACCOUNTS_PAYABLE"
    SHORT_TERM_DEBT = "SHORT_TERM_DEBT"


@dataclass(frozen=True, slots=True)
class Balances:
    """What stands in the books at the end of a day, in the company's currency; None: not known."""

    cash: Decimal | None = None
    accounts_receivable: Decimal | None = None
    inventory: Decimal | None = None
    accounts_payable: Decimal | None = None
    short_term_debt: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Flows:
    """Revenue (net of tax and refunds) and cost of goods sold over some days; None: not known."""

    revenue: Decimal | None
    cost_of_goods_sold: Decimal | None


@dataclass(frozen=True, slots=True)
class WorkingCapital:
    """One row of `working_capital_metrics`; the database derives the sums and ratios from it."""

    period_type: PeriodType
    period_date: date
    period_days: int
    balances: Balances
    flows: Flows
    days_sales_outstanding: Decimal | None
    days_inventory_outstanding: Decimal | None
    days_payables_outstanding: Decimal | None


def flow_window(period: Period, as_of: date) -> tuple[date, date]:
    """First and last day whose flows a period is measured by; an open period ends at `as_of`."""
    last = min(period.end, as_of)
    if period.type is PeriodType.DAILY:
        return last - timedelta(days=DAILY_WINDOW_DAYS - 1), last
    return period.start, last


def days_outstanding(balance: Decimal | None, flow: Decimal | None, days: int) -> Decimal | None:
    """`balance / flow × days` at two places; None where a part is unknown or the flow is not positive."""
    if balance is None or flow is None or flow <= 0:
        return None
    value = (balance * days / flow).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return value if abs(value) <= LARGEST_DAYS else None


def measure(period: Period, balances: Balances, flows: Flows, days: int) -> WorkingCapital:
    """The row of one period from its closing balances and its flows over `days` days."""
    cost = flows.cost_of_goods_sold
    return WorkingCapital(
        period_type=period.type,
        period_date=period.start,
        period_days=days,
        balances=balances,
        flows=flows,
        days_sales_outstanding=days_outstanding(balances.accounts_receivable, flows.revenue, days),
        days_inventory_outstanding=days_outstanding(balances.inventory, cost, days),
        days_payables_outstanding=days_outstanding(balances.accounts_payable, cost, days),
    )
