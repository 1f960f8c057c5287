"""What the forecasts of one tenant are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.domain.learnt_models import LearntModels
from shared.domain.quota import UNLIMITED, effective_limits
from shared.domain.series import ForecastInputs, Series, SkuFacts
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork

# What nobody has wanted for so long has no demand to learn.
DORMANT_DAYS = 365


@dataclass(frozen=True, slots=True)
class Found:
    """`asked` are the SKUs within the quota, `inputs` of those of them that sell; `stored` was learnt before."""

    company_id: UUID
    origin: date
    asked: Sequence[str]
    product_ids: Mapping[str, UUID]
    inputs: ForecastInputs
    beyond_quota: int
    stored: LearntModels | None

    @property
    def first(self) -> date:
        """The first day of which anything is known."""
        return min((each.start for each in self.inputs.series), default=self.origin)


def read_inputs(open_unit_of_work: OpenUnitOfWork, origin: date, horizon_days: int) -> Found:
    """Reads sales up to `origin`, or up to the last day that every shop has reported."""
    with open_unit_of_work() as work:
        limit = effective_limits(work.tenant.tier, work.tenant.overrides).entities
        company = work.companies.get()
        products = work.products.forecastable(None if limit == UNLIMITED else limit)
        beyond_quota = work.products.count_active() - len(products)
        # Days that a shop has not reported yet would be learnt as days without a sale.
        origin = min(origin, work.sales.complete_until() or origin)
        series = [work.sales.demand_series(each.id, each.sku, origin) for each in products]
        prices = work.sales.unit_prices(company, origin)
        stored = work.forecast_models.get(company.id, horizon_days)
        events = work.planned_events.list(company.id)
    return Found(
        company.id,
        origin,
        [each.sku for each in products],
        {each.sku: each.id for each in products},
        ForecastInputs(
            [each for each in series if each is not None and not _dormant(each)],
            {
                each.sku: SkuFacts(prices.get(each.id), each.category, each.lead_time_days)
                for each in products
            },
            events,
        ),
        beyond_quota,
        stored,
    )


def _dormant(series: Series) -> bool:
    """Whether nobody wanted it for a year; of days out of stock nothing is known."""
    return not any(units > 0 for units in series.values[-DORMANT_DAYS:])
