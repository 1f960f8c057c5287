"""Forecast the daily demand of each SKU of one tenant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from shared.domain.events import ForecastsGenerated, RecordsSetAside
from shared.domain.quota import UNLIMITED, Meter, effective_limits
from shared.domain.rejections import MISSHAPEN, reject
from shared.domain.sales import RejectedRecord
from shared.errors import InvalidInput, SkipRecord
from shared.use_cases.ports.forecasts import Forecaster
from shared.use_cases.ports.progress import Report
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork

HORIZON_DAYS = 28
LEVEL = 0.95
# What nobody has wanted for so long has no demand to learn.
DORMANT_DAYS = 365
STREAM = "forecasts"
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
    """Forecasts every SKU within the tenant's quota from its sales up to `origin`.

    Models are fitted with no transaction open; each SKU's forecasts are one transaction with
    what they count, so that a run that is cut short leaves whole SKUs and a replay nothing new.
    """
    with open_unit_of_work() as work:
        limit = effective_limits(work.tenant.tier, work.tenant.overrides).entities
        company = work.companies.get()
        products = work.products.forecastable(None if limit == UNLIMITED else limit)
        beyond_quota = work.products.count_active() - len(products)
        # Days that a shop has not reported yet would be learnt as days without a sale.
        origin = min(origin, work.sales.complete_until() or origin)
    skus = dormant = changed = fallbacks = 0
    rejected: list[RejectedRecord] = []
    for number, (product_id, sku) in enumerate(products, start=1):
        try:
            outcome = _forecast_sku(
                open_unit_of_work,
                forecaster,
                company.id,
                product_id,
                sku,
                origin,
                horizon_days,
                level,
            )
        except (SkipRecord, *FAILURES) as error:
            rejected.append(_reject(sku, error))
            continue
        if outcome is None:
            dormant += 1
        else:
            skus += 1
            changed += outcome[0]
            fallbacks += outcome[1]
        report(number, len(products), f"forecast {sku}")
    done = ForecastsGenerated(origin, changed)
    _note(open_unit_of_work, [sku for _, sku in products], rejected, done)
    return ForecastResult(origin, skus, dormant, beyond_quota, changed, fallbacks, len(rejected))


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


def _forecast_sku(
    open_unit_of_work: OpenUnitOfWork,
    forecaster: Forecaster,
    company_id: UUID,
    product_id: UUID,
    sku: str,
    origin: date,
    horizon_days: int,
    level: float,
) -> tuple[int, int] | None:
    with open_unit_of_work() as work:
        series = work.sales.demand_series(product_id, sku, origin)
    if series is None or not any(series.values[-DORMANT_DAYS:]):
        return None
    forecasts = forecaster.forecast(series, horizon_days, level)
    with open_unit_of_work() as work:
        changed = work.forecasts.upsert_demand(company_id, product_id, origin, forecasts)
        work.usage.count(Meter.FORECASTS, changed)
    return changed, sum(forecast.fallback is not None for forecast in forecasts)
