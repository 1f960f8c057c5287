"""Forecast demand and revenue of each SKU and of the company of one tenant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from shared.domain.events import ForecastsGenerated, RecordsSetAside
from shared.domain.quota import UNLIMITED, Meter, effective_limits
from shared.domain.rejections import MISSHAPEN, reject
from shared.domain.sales import RejectedRecord
from shared.domain.series import Horizon, NodeForecasts, Series
from shared.errors import InvalidInput, SkipRecord
from shared.use_cases.ports.forecasts import Forecaster
from shared.use_cases.ports.progress import Report
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork

HORIZON_DAYS = 28
LEVEL = 0.95
# What nobody has wanted for so long has no demand to learn.
DORMANT_DAYS = 365
STREAM = "forecasts"
# The name of the company among SKUs that are set aside.
COMPANY = "company"
DAYS = ("DEMAND", "DAILY")
# What a series that nobody thought of makes of a model.
FAILURES = (*MISSHAPEN, RuntimeError)


@dataclass(frozen=True, slots=True)
class ForecastResult:
    """SKUs forecast, without a sale in a year, beyond the quota; forecasts new or changed, by a fallback.

    `set_aside` are SKUs that could not be forecast; `capliquify rejected` lists them with their reasons.

    `origin` is the last day learnt from: earlier than asked where a shop has not reported its orders that far.
    """

    origin: date
    skus: int
    dormant: int
    beyond_quota: int
    forecasts_changed: int
    fallbacks: int
    set_aside: int = 0


def generate_forecasts(
    open_unit_of_work: OpenUnitOfWork,
    forecaster: Forecaster,
    report: Report,
    origin: date,
    horizon_days: int = HORIZON_DAYS,
    level: float = LEVEL,
) -> ForecastResult:
    """Forecasts every SKU within the tenant's quota, and the company, from its sales up to `origin`.

    Models are fitted with no transaction open; each SKU's forecasts are one transaction with
    what they count, so that a run that is cut short leaves whole SKUs and a replay nothing new.
    """
    found = _read(open_unit_of_work, origin)
    tally = Tally()
    ahead = forecaster.forecast(found.series, found.prices, Horizon(horizon_days, level), report)
    for node in ahead:
        try:
            changed = _store(open_unit_of_work, found, node)
        except (SkipRecord, *FAILURES) as error:
            tally.rejected.append(_reject(node.unique_id or COMPANY, error))
        else:
            tally.add(node, changed)
    done = ForecastsGenerated(found.origin, tally.changed)
    _note(open_unit_of_work, [*found.asked, COMPANY], tally.rejected, done)
    return ForecastResult(
        found.origin,
        tally.skus,
        len(found.asked) - len(found.series),
        found.beyond_quota,
        tally.changed,
        tally.fallbacks,
        len(tally.rejected),
    )


@dataclass(slots=True)
class Tally:
    """What came of the SKUs so far; `changed` and `fallbacks` are forecasts of days of SKUs."""

    skus: int = 0
    changed: int = 0
    fallbacks: int = 0
    rejected: list[RejectedRecord] = field(default_factory=list)

    def add(self, node: NodeForecasts, changed: int) -> None:
        """Counts a node; the company is no SKU."""
        if node.unique_id is not None:
            self.skus += 1
            self.changed += changed
            self.fallbacks += any(each.fallback for each in node.forecasts)


@dataclass(frozen=True, slots=True)
class Found:
    """What forecasts are made from; `asked` are the SKUs within the quota, `series` those that sell."""

    company_id: UUID
    origin: date
    asked: Sequence[str]
    product_ids: Mapping[str, UUID]
    series: Sequence[Series]
    prices: Mapping[str, float]
    beyond_quota: int


def _read(open_unit_of_work: OpenUnitOfWork, origin: date) -> Found:
    with open_unit_of_work() as work:
        limit = effective_limits(work.tenant.tier, work.tenant.overrides).entities
        company = work.companies.get()
        products = work.products.forecastable(None if limit == UNLIMITED else limit)
        beyond_quota = work.products.count_active() - len(products)
        # Days that a shop has not reported yet would be learnt as days without a sale.
        origin = min(origin, work.sales.complete_until() or origin)
        series = [work.sales.demand_series(each, sku, origin) for each, sku in products]
        prices = work.sales.unit_prices(company, origin)
    return Found(
        company.id,
        origin,
        [sku for _, sku in products],
        {sku: product_id for product_id, sku in products},
        [each for each in series if each is not None and not _dormant(each)],
        {sku: prices[each] for each, sku in products if each in prices},
        beyond_quota,
    )


def _dormant(series: Series) -> bool:
    """Whether nobody wanted it for a year; of days out of stock nothing is known."""
    return not any(units > 0 for units in series.values[-DORMANT_DAYS:])


def _store(open_unit_of_work: OpenUnitOfWork, found: Found, node: NodeForecasts) -> int:
    """Writes a node's forecasts; returns how many of a SKU's daily demand, one a model, are new or differ."""
    product_id = found.product_ids[node.unique_id] if node.unique_id is not None else None
    demand = [each for each in node.forecasts if (each.forecast_type, each.period_type) == DAYS]
    sums = [each for each in node.forecasts if (each.forecast_type, each.period_type) != DAYS]
    with open_unit_of_work() as work:
        changed = work.forecasts.upsert(found.company_id, product_id, found.origin, demand)
        work.forecasts.upsert(found.company_id, product_id, found.origin, sums)
        if product_id is None:
            work.forecasts.thin(found.origin)
            return 0
        work.usage.count(Meter.FORECASTS, changed)
    return changed


def _reject(sku: str, error: Exception) -> RejectedRecord:
    """One SKU that no model can work with takes no other with it."""
    if isinstance(error, SkipRecord):
        return reject(sku, error)
    return reject(sku, SkipRecord(f"series: no model can work with it ({type(error).__name__})"))


def _note(
    open_unit_of_work: OpenUnitOfWork,
    skus: Sequence[str],
    rejected: Sequence[RejectedRecord],
    done: ForecastsGenerated,
) -> None:
    """Keeps which SKUs were set aside, and forgets those that were before and are not now."""
    aside = {record.record_key for record in rejected}
    with open_unit_of_work() as work:
        work.rejections.forget(STREAM, [sku for sku in skus if sku not in aside])
        work.rejections.add(None, STREAM, rejected)
        if rejected:
            work.events.publish(RecordsSetAside(None, STREAM, len(rejected)))
        work.events.publish(done)


def last_whole_day(asked: date | None, yesterday: date) -> date:
    """The day to learn until: of today, nothing is known yet. Raises `InvalidInput` for a day to come."""
    if asked is not None and asked > yesterday + timedelta(days=1):
        raise InvalidInput(f"origin: {asked} is not over yet; give {yesterday} or before")
    return min(asked or yesterday, yesterday)
