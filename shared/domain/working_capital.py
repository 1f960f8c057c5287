"""Working capital: days outstanding from balances and flows. What is not known stays unknown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any, TypeVar

from shared.domain.calendar import Period, PeriodType
from shared.domain.money import LARGEST

# One day's revenue swings with the weekday; a daily figure looks at the month behind it.
DAILY_WINDOW_DAYS = 30
# A figure beyond this says nothing; DSO + DIO - DPO must still fit numeric(10, 2).
LARGEST_DAYS = Decimal("33333333.33")


# Of `reasons`: not why a figure is empty, but how old a rate was.
RATES_MARK = "exchange_rates"
BALANCES = ("cash", "accounts_receivable", "inventory", "accounts_payable", "short_term_debt")
FLOWS = ("revenue", "cost_of_goods_sold")


class AccountClass(StrEnum):
    """What kind of balance an account holds."""

    CASH = "CASH"
    ACCOUNTS_RECEIVABLE = "ACCOUNTS_RECEIVABLE"
    INVENTORY = "INVENTORY"
    ACCOUNTS_PAYABLE = "ACCOUNTS_PAYABLE"
    SHORT_TERM_DEBT = "SHORT_TERM_DEBT"


@dataclass(frozen=True, slots=True)
class Balances:
    """What stands in the books at the end of a day, in the company's currency; None: not known.

    `reasons` says why, by the figure's name.
    """

    cash: Decimal | None = None
    accounts_receivable: Decimal | None = None
    inventory: Decimal | None = None
    accounts_payable: Decimal | None = None
    short_term_debt: Decimal | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flows:
    """Revenue (net of tax and refunds) and cost of goods sold over some days; None: not known.

    `reasons` says why, by the figure's name.
    """

    revenue: Decimal | None
    cost_of_goods_sold: Decimal | None
    reasons: Mapping[str, str] = field(default_factory=dict)


FiguresT = TypeVar("FiguresT", Balances, Flows)


@dataclass(frozen=True, slots=True)
class WorkingCapital:
    """One row of `working_capital_metrics`; the database derives the sums and ratios from it.

    `reasons` says of each figure that is empty why it is, by the column's name; `exchange_rates` names a rate that
    was more than three days old.
    """

    period_type: PeriodType
    period_date: date
    period_days: int
    balances: Balances
    flows: Flows
    days_sales_outstanding: Decimal | None
    days_inventory_outstanding: Decimal | None
    days_payables_outstanding: Decimal | None
    reasons: Mapping[str, str] = field(default_factory=dict)


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
    # What was converted by an old rate is marked, though it is known.
    marks = (each.reasons.get(RATES_MARK) for each in (balances, flows))
    mark = next(filter(None, marks), None)
    reasons = {RATES_MARK: mark} if mark else {}
    balances = _bounded(balances, BALANCES, reasons)
    flows = _bounded(flows, FLOWS, reasons)
    revenue, cost = flows.revenue, flows.cost_of_goods_sold
    ratios = {
        "days_sales_outstanding": days_outstanding(balances.accounts_receivable, revenue, days),
        "days_inventory_outstanding": days_outstanding(balances.inventory, cost, days),
        "days_payables_outstanding": days_outstanding(balances.accounts_payable, cost, days),
    }
    for name, ratio in ratios.items():
        if ratio is None:
            flow, reported = (
                ("revenue", revenue) if "sales" in name else ("cost of goods sold", cost)
            )
            reasons[name] = (
                f"no {flow} in the period"
                if reported is not None and reported <= 0
                else "a part is not known"
            )
    return WorkingCapital(
        period_type=period.type,
        period_date=period.start,
        period_days=days,
        balances=balances,
        flows=flows,
        reasons=reasons,
        **ratios,
    )


def _bounded(figures: FiguresT, names: Sequence[str], reasons: dict[str, str]) -> FiguresT:
    """The figures, each that is unknown or that no column holds empty, with its reason."""
    for name in names:
        amount = getattr(figures, name)
        if amount is None:
            reasons[name] = figures.reasons.get(name, "is not known")
        elif abs(amount) > LARGEST:
            reasons[name] = "is more than can be kept"
            unknown: dict[str, Any] = {name: None}
            figures = replace(figures, **unknown)
    return figures
