"""Forecasts of a tenant: what they are made from, and what is kept."""

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from shared.domain.series import (
    Forecast,
    ForecastInputs,
    ForecastPoint,
    Horizon,
    NodeForecasts,
    Series,
    SkuFacts,
)
from shared.domain.stream_positions import Backward, Done, Forward
from shared.forecasting.panels.forecaster import PanelForecaster
from shared.forecasting.panels.members.naive import SeasonalMean
from shared.forecasting.tenant_forecaster import TenantForecaster
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.generate_forecasts import ForecastResult, generate_forecasts
from shared.use_cases.ports.progress import Report
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from tests.fixtures.figure_shop import DAY, counted, silent, stock
from tests.fixtures.shops import product, sale
from workers.wiring import Wiring

Opener = Callable[[UUID], OpenUnitOfWork]


class Flat:
    """Expects every day what the last day had."""

    version = "flat-1"

    def __init__(self) -> None:
        self.seen: list[Series] = []
        self.facts: Mapping[str, SkuFacts] = {}

    def learn(self, inputs: ForecastInputs, horizon: Horizon, report: Report) -> bytes:
        return b"flat"

    def forecast(
        self, inputs: ForecastInputs, horizon: Horizon, state: bytes, report: Report
    ) -> Iterator[NodeForecasts]:
        self.seen.extend(inputs.series)
        self.facts = inputs.facts
        for each in inputs.series:
            last = each.values[-1]
            points = tuple(
                ForecastPoint(each.origin + timedelta(days=n), last, last / 2, last * 2)
                for n in range(1, horizon.days + 1)
            )
            forecast = Forecast(each.unique_id, "arima", "flat-1", horizon.level, points)
            yield NodeForecasts(each.unique_id, (forecast,))


def test_demand_is_every_day_since_the_first_sale_and_ignores_refunds(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    stock(unit_of_work_of(acme))
    model = Flat()
    result = generate_forecasts(unit_of_work_of(acme), model, silent, DAY, horizon_days=7)
    assert model.seen == [Series("MUG", DAY - timedelta(days=3), (6.0, 0.0, 0.0, 4.0))]
    assert result == ForecastResult(
        DAY, 1, 1, 0, forecasts_changed=1, fallbacks=0, learnt="nothing was learnt yet"
    )


def test_the_same_forecast_again_changes_no_row_and_counts_nothing(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    stock(unit_of_work_of(acme))
    generate_forecasts(unit_of_work_of(acme), Flat(), silent, DAY)
    again = generate_forecasts(unit_of_work_of(acme), Flat(), silent, DAY)
    assert again.forecasts_changed == 0
    assert counted(wiring, "forecasts_generated") == [(acme, 1)]


def test_a_forecast_lands_in_its_own_tenant_only(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    stock(unit_of_work_of(acme))
    generate_forecasts(unit_of_work_of(acme), Flat(), silent, DAY, horizon_days=2)
    with tenant_transaction(wiring.database, acme) as connection:
        found = connection.execute(
            "SELECT forecast_date, predicted_value::text, lower_bound::text, upper_bound::text, "
            "model_type, model_version, confidence_level::text FROM forecasts ORDER BY 1"
        ).fetchall()
    assert [tuple(row.values()) for row in found] == [
        (DAY + timedelta(days=1), "4.00", "2.00", "8.00", "arima", "flat-1", "0.9500"),
        (DAY + timedelta(days=2), "4.00", "2.00", "8.00", "arima", "flat-1", "0.9500"),
    ]
    with tenant_transaction(wiring.database, globex) as connection:
        assert connection.execute("SELECT count(*) AS n FROM forecasts").fetchone() == {"n": 0}


def test_a_day_out_of_stock_is_unknown_unless_the_sku_sells_without_stock(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    stock(unit_of_work_of(acme))
    with unit_of_work_of(acme)() as work:
        company = work.companies.get()
        lines = [sale(10 + days, "TEA", 1, DAY - timedelta(days=days)) for days in (5, 2)]
        work.sales.upsert(company.id, lines)
    with tenant_transaction(wiring.database, acme) as connection:
        connection.execute(
            "INSERT INTO inventory_history (product_id, location, snapshot_date, quantity_on_hand) "
            "SELECT id, 'shop', %s::date - n, 0 FROM products, generate_series(1, 3) AS n "
            "ON CONFLICT (product_id, location, snapshot_date) DO UPDATE SET quantity_on_hand = 0",
            (DAY,),
        )
    model = Flat()
    generate_forecasts(unit_of_work_of(acme), model, silent, DAY)
    mug, tea = model.seen
    assert [mug.values[0], mug.values[3]] == [6.0, 4.0]
    assert math.isnan(mug.values[1]) and math.isnan(mug.values[2])
    assert tea.values == (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def test_a_unit_is_worth_what_it_brought_lately_and_nothing_known_in_foreign_money(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    stock(unit_of_work_of(acme))
    with unit_of_work_of(acme)() as work:
        lines = [
            sale(4, "MUG", 100, DAY - timedelta(days=95), "5.00"),
            sale(5, "MUG", 2, DAY, "14.00"),
            sale(6, "TEA", 1, DAY)._replace(currency="EUR", channel="shopify_de"),
        ]
        work.sales.upsert(work.companies.get().id, lines)
    model = Flat()
    generate_forecasts(unit_of_work_of(acme), model, silent, DAY)
    # 6 and 4 at 10.00, 2 at 7.00: 114.00 for 12; what was sold cheaper before that is over.
    assert {sku: each.price for sku, each in model.facts.items()} == {"MUG": 9.5, "TEA": None}


def test_demand_and_revenue_of_skus_and_company_are_kept_and_add_up(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    with opener() as work:
        company = work.companies.get()
        work.products.upsert(company.id, [product("MUG"), product("TEA")], DAY)
        lines = [
            sale(
                2 * days + tea,
                "TEA" if tea else "MUG",
                1 + days % (2 + tea),
                DAY - timedelta(days=days),
            )
            for days in range(40)
            for tea in (0, 1)
        ]
        work.sales.upsert(company.id, lines)
    cheap = TenantForecaster(PanelForecaster((SeasonalMean(),)))
    generate_forecasts(opener, cheap, silent, DAY, horizon_days=28)
    again = generate_forecasts(opener, cheap, silent, DAY, horizon_days=28)
    assert again.forecasts_changed == 0
    with tenant_transaction(wiring.database, acme) as connection:
        kept = connection.execute(
            "SELECT forecast_type || ' ' || period_type AS kind, count(*), count(product_id) AS of_skus, "
            "sum(predicted_value) FILTER (WHERE product_id IS NULL) "
            "- sum(predicted_value) FILTER (WHERE product_id IS NOT NULL) AS difference "
            "FROM forecasts GROUP BY 1 ORDER BY 1"
        ).fetchall()
    assert [tuple(row.values()) for row in kept] == [
        ("DEMAND DAILY", 84, 56, Decimal("0.00")),
        ("DEMAND WEEKLY", 9, 6, Decimal("0.00")),
        ("REVENUE DAILY", 84, 56, Decimal("0.00")),
        ("REVENUE WEEKLY", 9, 6, Decimal("0.00")),
    ]
    with tenant_transaction(wiring.database, globex) as connection:
        assert connection.execute("SELECT count(*) AS n FROM forecasts").fetchone() == {"n": 0}


def test_old_forecasts_are_thinned_to_one_a_week_and_removed_after_thirteen_months(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    for tenant in (acme, globex):
        stock(unit_of_work_of(tenant))
        with tenant_transaction(wiring.database, tenant) as connection:
            connection.execute(
                "INSERT INTO forecasts (company_id, product_id, forecast_date, forecast_origin, forecast_type, "
                "period_type, model_type, model_version, predicted_value) "
                "SELECT company_id, id, %(day)s::date - n + 1, %(day)s::date - n, 'DEMAND', 'DAILY', 'ensemble', "
                "'old', 1 FROM products, generate_series(1, 420) AS n WHERE sku = 'MUG'",
                {"day": DAY},
            )
    with unit_of_work_of(acme)() as work:
        # 336 days from 61 to 396 days back hold 48 Sundays.
        assert work.forecasts.thin(DAY) == 420 - 60 - 48
        assert work.forecasts.thin(DAY) == 0
    with tenant_transaction(wiring.database, globex) as connection:
        assert connection.execute("SELECT count(*) AS n FROM forecasts").fetchone() == {"n": 420}


def test_days_that_a_shop_has_not_reported_yet_are_not_learnt_as_empty(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    stock(opener)
    with opener() as work:
        credential = work.credentials.reserve(work.companies.get().id, "shopify_uk", "ecommerce")
        reported = datetime(2026, 3, 11, 8, tzinfo=UTC)
        work.cursors.move(credential, "orders", None, Forward(reported))
        whole = Backward(reported, reported, Done.WHOLE)
        work.cursors.move(credential, "orders_backfill", None, whole)
    model = Flat()
    result = generate_forecasts(opener, model, silent, DAY + timedelta(days=7))
    assert result.origin == model.seen[0].origin == DAY


def test_a_sku_that_nobody_bought_in_a_year_is_not_forecast(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    stock(unit_of_work_of(acme))
    last_sale_a_year_ago = DAY + timedelta(days=365)
    result = generate_forecasts(unit_of_work_of(acme), Flat(), silent, last_sale_a_year_ago)
    assert (result.skus, result.dormant) == (0, 2)


def test_skus_beyond_the_quota_are_not_forecast(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    with wiring.admin.transaction() as connection:
        connection.execute("UPDATE public.tenants SET max_entities = 1 WHERE id = %s", (acme,))
    stock(unit_of_work_of(acme))
    result = generate_forecasts(unit_of_work_of(acme), Flat(), silent, DAY)
    assert (result.skus + result.dormant, result.beyond_quota) == (1, 1)
