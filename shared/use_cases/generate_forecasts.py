"""Forecast demand and revenue of each SKU and of the company of one tenant."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from shared.domain.events import ForecastsGenerated, RecordsSetAside
from shared.domain.quota import Meter
from shared.domain.rejections import MISSHAPEN, reject
from shared.domain.sales import RejectedRecord
from shared.domain.series import Horizon, NodeForecasts
from shared.errors import InvalidInput, SkipRecord
from shared.use_cases.forecast_inputs import Found, read_inputs
from shared.use_cases.learn_models import Learner
from shared.use_cases.ports.forecasts import Forecaster
from shared.use_cases.ports.progress import Report
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork

HORIZON_DAYS = 28
LEVEL = 0.95
STREAM = "forecasts"
# The name of the company among SKUs that are set aside.
COMPANY = "company"
OF_CATEGORY = "category: {}"
DAYS = ("DEMAND", "DAILY")
# What a series that nobody thought of makes of a model.
FAILURES = (*MISSHAPEN, RuntimeError)


@dataclass(frozen=True, slots=True)
class ForecastResult:
    """SKUs forecast, without a sale in a year, beyond the quota; forecasts new or changed, by a fallback.

    `set_aside` are SKUs that could not be forecast; `capliquify rejected` lists them with their reasons.

    `origin` is the last day learnt from: earlier than asked where a shop has not reported its orders that far.
    `learnt` says why all models learnt again; None where they went on from what they had learnt.
    """

    origin: date
    skus: int
    dormant: int
    beyond_quota: int
    forecasts_changed: int
    fallbacks: int
    set_aside: int = 0
    learnt: str | None = None


def generate_forecasts(
    open_unit_of_work: OpenUnitOfWork,
    forecaster: Forecaster,
    report: Report,
    origin: date,
    horizon_days: int = HORIZON_DAYS,
    level: float = LEVEL,
) -> ForecastResult:
    """Forecasts every SKU within the tenant's quota, and the company, from its sales up to `origin`.

    Models learn once a week and go on from there by each day's sales. No transaction is open
    meanwhile; each SKU's forecasts are one transaction with what they count, so that a run that
    is cut short leaves whole SKUs, and a replay learns and writes nothing new.
    """
    found = read_inputs(open_unit_of_work, origin, horizon_days)
    horizon, tally, reason = Horizon(horizon_days, level), Tally(), None
    if found.inputs.series:
        learner = Learner(open_unit_of_work, forecaster, found, horizon)
        nodes, reason = learner.look_ahead(report)
        for node in nodes:
            try:
                changed = _store(open_unit_of_work, found, forecaster.version, node)
            except (SkipRecord, *FAILURES) as error:
                tally.rejected.append(_reject(_key(node), error))
            else:
                tally.add(node, changed)
    done = ForecastsGenerated(found.origin, tally.changed)
    categories = {each.category for each in found.inputs.facts.values() if each.category}
    keys = [*found.asked, *map(OF_CATEGORY.format, categories), COMPANY]
    _note(open_unit_of_work, keys, tally.rejected, done)
    return ForecastResult(
        found.origin,
        tally.skus,
        len(found.asked) - len(found.inputs.series),
        found.beyond_quota,
        tally.changed,
        tally.fallbacks,
        len(tally.rejected),
        reason,
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


def _store(
    open_unit_of_work: OpenUnitOfWork, found: Found, version: str, node: NodeForecasts
) -> int:
    """Writes a node's forecasts; returns how many of a SKU's daily demand, one a model, are new or differ."""
    company_id, origin = found.company_id, found.origin
    with open_unit_of_work() as work:
        if node.category is not None:
            work.forecast_totals.upsert_category(company_id, node.category, origin, node.forecasts)
            return 0
        product_id = found.product_ids[node.unique_id] if node.unique_id is not None else None
        demand = [each for each in node.forecasts if (each.forecast_type, each.period_type) == DAYS]
        others = [each for each in node.forecasts if (each.forecast_type, each.period_type) != DAYS]
        changed = work.forecasts.upsert(company_id, product_id, origin, demand)
        work.forecasts.upsert(company_id, product_id, origin, others)
        work.forecast_totals.upsert_sums(company_id, product_id, origin, version, node.sums)
        if product_id is None:
            work.forecasts.thin(origin)
            return 0
        work.usage.count(Meter.FORECASTS, changed)
    return changed


def _key(node: NodeForecasts) -> str:
    """The name of a node among records that are set aside."""
    if node.category is not None:
        return OF_CATEGORY.format(node.category)
    return node.unique_id or COMPANY


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
