"""Forecast the daily demand of each SKU of one tenant."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.domain.quota import UNLIMITED, effective_limits
from shared.use_cases.ports import Forecaster, OpenUnitOfWork, Report

HORIZON_DAYS = 28
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class ForecastResult:
    """SKUs forecast, SKUs without any sale yet, forecasts new or changed, forecasts by fallback."""

    skus: int
    without_history: int
    forecasts_changed: int
    fallbacks: int


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
    skus = without_history = changed = fallbacks = 0
    for number, (product_id, sku) in enumerate(products, start=1):
        outcome = _forecast_sku(
            open_unit_of_work, forecaster, company.id, product_id, sku, origin, horizon_days, level
        )
        if outcome is None:
            without_history += 1
        else:
            skus += 1
            changed += outcome[0]
            fallbacks += outcome[1]
        report(number, len(products), f"forecast {sku}")
    return ForecastResult(skus, without_history, changed, fallbacks)


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
    if series is None:
        return None
    forecasts = forecaster.forecast(series, horizon_days, level)
    with open_unit_of_work() as work:
        changed = work.forecasts.upsert_demand(company_id, product_id, origin, forecasts)
        work.usage.count("forecasts_generated", changed)
    return changed, sum(forecast.fallback is not None for forecast in forecasts)
