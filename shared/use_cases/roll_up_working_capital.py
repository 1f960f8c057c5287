"""Roll up working capital: one row a day, ISO week and calendar month."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from shared.domain.calendar import Period, PeriodType, periods_touching
from shared.domain.company import Company
from shared.domain.foreign_money import differing
from shared.domain.working_capital import Flows, WorkingCapital, flow_window, measure
from shared.errors import InvalidInput
from shared.use_cases.ports.progress import Report
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork, UnitOfWork

LONGEST_RANGE_DAYS = 800


@dataclass(frozen=True, slots=True)
class RollUpResult:
    """Rows computed and rows that changed.

    `currencies_that_differ` names by service the currencies that are not the company's. Their
    amounts are converted by the European Central Bank's rates; a figure without a rate is unknown.
    """

    rows: int
    rows_changed: int
    currencies_that_differ: dict[str, str] = field(default_factory=dict)


def roll_up_working_capital(
    open_unit_of_work: OpenUnitOfWork, report: Report, first: date, last: date, as_of: date
) -> RollUpResult:
    """Computes every period that touches `first` to `last`; a period open at `as_of` ends there.

    `as_of` is the last day whose figures are known; days after it are not computed.
    """
    last = min(last, as_of)
    if not first <= last <= first + timedelta(days=LONGEST_RANGE_DAYS):
        raise InvalidInput(
            f"first: {first} to {last} is not a range of known days, at most {LONGEST_RANGE_DAYS}; "
            "give the earlier day first"
        )
    rows = changed = 0
    for step, period_type in enumerate(PeriodType, start=1):
        periods = list(periods_touching(first, last, period_type))
        with open_unit_of_work() as work:
            company = work.companies.get()
            computed = _compute(work, company, periods, as_of)
            changed += work.working_capital.upsert(company.id, computed)
        rows += len(computed)
        report(step, len(PeriodType), f"{period_type.lower()} working capital")
    with open_unit_of_work() as work:
        others = differing(work.credentials.currencies(), work.companies.get().currency)
    return RollUpResult(rows, changed, others)


def _compute(
    work: UnitOfWork, company: Company, periods: list[Period], as_of: date
) -> list[WorkingCapital]:
    windows = [flow_window(period, as_of) for period in periods]
    flows = work.sales.daily_flows(company, min(w[0] for w in windows), max(w[1] for w in windows))
    balances = work.working_capital.balances_on(company, [closing for _, closing in windows])
    return [
        measure(
            period,
            balances[closing],
            add_flows(flows, opening, closing),
            (closing - opening).days + 1,
        )
        for period, (opening, closing) in zip(periods, windows, strict=True)
    ]


def add_flows(daily: dict[date, Flows], first: date, last: date) -> Flows:
    """The flows of all days from `first` to `last`; a day without sales is zero, an unknown stays unknown."""
    days = [daily[day] for day in _days(first, last) if day in daily]
    reasons: dict[str, str] = {}
    for flow in reversed(days):
        # The first day's reason is shown.
        reasons.update(flow.reasons)
    return Flows(
        revenue=_total(flow.revenue for flow in days),
        cost_of_goods_sold=_total(flow.cost_of_goods_sold for flow in days),
        reasons=reasons,
    )


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    total = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total
