"""Forecasts, working capital and usage, from rows in the tables."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from demo.figures import read_latest_capital
from shared.domain.series import Forecast, ForecastPoint, Horizon, NodeForecasts, Series
from shared.domain.stream_positions import Backward, Done, Forward
from shared.domain.working_capital import AccountClass
from shared.errors import InvalidInput
from shared.forecasting.panels.forecaster import PanelForecaster
from shared.forecasting.panels.members.naive import SeasonalMean
from shared.forecasting.tenant_forecaster import TenantForecaster
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.enter_balances import enter_balances
from shared.use_cases.generate_forecasts import ForecastResult, generate_forecasts
from shared.use_cases.ports.progress import Report
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from shared.use_cases.roll_up_working_capital import RollUpResult, roll_up_working_capital
from shared.use_cases.sample_usage import sample_usage
from tests.fixtures.shops import product, sale
from workers.wiring import Wiring

DAY = date(2026, 3, 10)
Opener = Callable[[UUID], OpenUnitOfWork]


class Flat:
    """Expects every day what the last day had."""

    def __init__(self) -> None:
        self.seen: list[Series] = []
        self.prices: Mapping[str, float] = {}

    def forecast(
        self,
        series: Sequence[Series],
        prices: Mapping[str, float],
        horizon: Horizon,
        report: Report,
    ) -> Iterator[NodeForecasts]:
        self.seen.extend(series)
        self.prices = prices
        for each in series:
            last = each.values[-1]
            points = tuple(
                ForecastPoint(each.origin + timedelta(days=n), last, last / 2, last * 2)
                for n in range(1, horizon.days + 1)
            )
            forecast = Forecast(each.unique_id, "arima", "flat-1", horizon.level, points)
            yield NodeForecasts(each.unique_id, (forecast,))


def silent(done: int, total: int | None, message: str) -> None:
    """Reports to nobody."""


def stock(opener: OpenUnitOfWork) -> None:
    """Two SKUs on the shelf, one sold on three days."""
    with opener() as work:
        company = work.companies.get()
        work.products.upsert(company.id, [product("MUG"), product("TEA")], DAY)
        lines = [
            sale(1, "MUG", 6, DAY - timedelta(days=3)),
            sale(2, "MUG", -1, DAY - timedelta(days=2)),
            sale(3, "MUG", 4, DAY),
        ]
        work.sales.upsert(company.id, lines)


def counted(wiring: Wiring, meter: str) -> list[tuple[UUID, int]]:
    with wiring.admin.transaction() as connection:
        found = connection.execute("SELECT * FROM public.usage_metrics ORDER BY tenant_id")
        return [(row["tenant_id"], row[meter]) for row in found]


def test_demand_is_every_day_since_the_first_sale_and_ignores_refunds(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    stock(unit_of_work_of(acme))
    model = Flat()
    result = generate_forecasts(unit_of_work_of(acme), model, silent, DAY, horizon_days=7)
    assert model.seen == [Series("MUG", DAY - timedelta(days=3), (6.0, 0.0, 0.0, 4.0))]
    assert result == ForecastResult(DAY, 1, 1, 0, forecasts_changed=1, fallbacks=0)


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
    assert model.prices == {"MUG": 9.5}


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


def test_working_capital_is_rolled_up_by_day_week_and_month(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    stock(opener)
    entered = {
        AccountClass.CASH: Decimal(500),
        AccountClass.ACCOUNTS_RECEIVABLE: Decimal(60),
        AccountClass.ACCOUNTS_PAYABLE: Decimal(24),
        AccountClass.SHORT_TERM_DEBT: Decimal(0),
    }
    enter_balances(opener, DAY, entered)
    result = roll_up_working_capital(opener, silent, DAY, DAY, as_of=DAY)
    assert result == RollUpResult(rows=3, rows_changed=3)
    with tenant_transaction(wiring.database, acme) as connection:
        daily, weekly, monthly = read_latest_capital(connection, DAY)
    # Sold: 6 - 1 + 4 units at 10.00, cost 4.00 each; on the shelf: 20 units at 4.00.
    assert daily.inventory == Decimal("80.00")
    assert daily.working_capital == Decimal("616.00")
    assert daily.current_ratio == Decimal("26.6667")
    assert daily.days_sales_outstanding == Decimal("20.00")
    assert daily.days_inventory_outstanding == Decimal("66.67")
    assert daily.days_payables_outstanding == Decimal("20.00")
    assert daily.cash_conversion_cycle == Decimal("66.67")
    # The week began on Monday the 9th: two days, 4 units.
    assert (weekly.period_date, weekly.days_sales_outstanding) == (
        date(2026, 3, 9),
        Decimal("3.00"),
    )
    assert (monthly.period_date, monthly.days_sales_outstanding) == (
        date(2026, 3, 1),
        Decimal("6.67"),
    )
    again = roll_up_working_capital(opener, silent, DAY, DAY, as_of=DAY)
    assert again.rows_changed == 0


def test_late_data_of_some_days_leave_a_closed_month_whole(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    stock(opener)
    as_of = date(2026, 4, 15)
    roll_up_working_capital(opener, silent, date(2026, 3, 1), date(2026, 3, 31), as_of)
    again = roll_up_working_capital(opener, silent, date(2026, 3, 7), date(2026, 3, 8), as_of)
    assert again.rows_changed == 0


def test_before_the_first_count_of_stock_inventory_is_unknown(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    stock(unit_of_work_of(acme))
    before = DAY - timedelta(days=1)
    roll_up_working_capital(unit_of_work_of(acme), silent, before, before, as_of=DAY)
    with tenant_transaction(wiring.database, acme) as connection:
        daily = read_latest_capital(connection, before)[0]
    assert (daily.inventory, daily.days_inventory_outstanding) == (None, None)


def test_a_sku_sold_without_a_known_cost_makes_the_cost_unknown(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    stock(opener)
    with opener() as work:
        company = work.companies.get()
        work.products.upsert(company.id, [product("RUG", cost=None, on_hand=0)], DAY)
        work.sales.upsert(company.id, [sale(9, "RUG", 1, DAY)])
        flows = work.sales.daily_flows(company, DAY, DAY)[DAY]
    assert (flows.revenue, flows.cost_of_goods_sold) == (Decimal("50.00"), None)


def test_a_range_that_runs_backwards_is_refused(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    with pytest.raises(InvalidInput, match=r"^first: "):
        roll_up_working_capital(unit_of_work_of(acme), silent, DAY, DAY - timedelta(days=1), DAY)


NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def breaches(wiring: Wiring) -> list[dict[str, Any]]:
    with wiring.admin.transaction() as connection:
        found = connection.execute(
            "SELECT changes FROM public.audit_logs WHERE action = 'quota.exceeded' ORDER BY created_at"
        )
        return [row["changes"] for row in found]


def test_usage_is_sampled_and_a_breach_is_audited_once_a_period(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    stock(unit_of_work_of(acme))
    with wiring.admin.transaction() as connection:
        connection.execute("UPDATE public.tenants SET max_entities = 1 WHERE id = %s", (acme,))
        connection.execute(
            "INSERT INTO public.users (clerk_user_id, email, tenant_id, is_active) VALUES "
            "('u1', 'a@acme.test', %(t)s, true), ('u2', 'b@acme.test', %(t)s, false)",
            {"t": acme},
        )
    present = datetime.now(UTC)
    first = sample_usage(unit_of_work_of(acme), present)
    second = sample_usage(unit_of_work_of(acme), present)
    assert (first.users, first.entities, first.over, first.newly_over) == (
        1,
        2,
        ("total_entities_count",),
        1,
    )
    assert first.storage_mb >= 1
    assert second.newly_over == 0
    assert breaches(wiring) == [{"meter": "total_entities_count", "limit": 1, "used": 2}]
    assert counted(wiring, "total_entities_count") == [(acme, 2)]


def test_a_period_is_the_subscriptions_own_month(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    with wiring.admin.transaction() as connection:
        connection.execute(
            "INSERT INTO public.subscriptions (tenant_id, current_period_start, current_period_end) "
            "VALUES (%s, '2026-01-31T00:00Z', '2026-02-28T00:00Z')",
            (acme,),
        )
        found = connection.execute(
            "SELECT period_start::text, period_end::text FROM public.usage_period(%s, '2026-03-01T00:00Z')",
            (acme,),
        ).fetchone()
        other = connection.execute(
            "SELECT period_start::text, period_end::text FROM public.usage_period(%s, '2026-03-10T12:00Z')",
            (globex,),
        ).fetchone()
    assert found == {
        "period_start": "2026-02-28 00:00:00+00",
        "period_end": "2026-03-31 00:00:00+00",
    }
    assert other == {
        "period_start": "2026-03-01 00:00:00+00",
        "period_end": "2026-04-01 00:00:00+00",
    }


@pytest.mark.parametrize(
    ("meter", "amount", "problem"),
    [("salary", 1, "not a counter"), ("integrations_synced", -1, "only grows")],
)
def test_a_counter_that_is_none_is_refused(
    wiring: Wiring, acme: UUID, meter: str, amount: int, problem: str
) -> None:
    with (
        pytest.raises(psycopg.errors.InvalidParameterValue, match=problem),
        wiring.admin.transaction() as connection,
    ):
        connection.execute("SELECT public.record_usage(%s, %s, %s)", (acme, meter, amount))


def test_the_api_counts_its_own_requests(wiring: Wiring, acme: UUID, globex: UUID) -> None:
    with wiring.admin.transaction() as connection:
        for _ in range(3):
            connection.execute("SELECT public.record_usage(%s, 'api_requests_count')", (acme,))
    assert counted(wiring, "api_requests_count") == [(acme, 3)]


def test_a_tenant_that_the_api_registered_has_its_company(wiring: Wiring) -> None:
    with wiring.admin.transaction() as connection:
        found = connection.execute(
            "INSERT INTO public.tenants (slug, name, settings) "
            """VALUES ('bare', 'Bare', '{"currency": "EUR"}') RETURNING id"""
        ).fetchone()
        assert found is not None
        connection.execute("SELECT public.create_tenant_schema(%s)", (found["id"],))
    with wiring.unit_of_work(found["id"], actor="test")() as work:
        company = work.companies.get()
    assert (company.name, company.currency, company.timezone) == ("Bare", "EUR", "UTC")


def test_the_period_that_is_billed_now_is_what_the_billing_says(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    with wiring.admin.transaction() as connection:
        connection.execute(
            "INSERT INTO public.subscriptions (tenant_id, current_period_start, current_period_end) "
            "VALUES (%s, '2026-02-28T00:00Z', '2026-03-31T00:00Z')",
            (acme,),
        )
        found = connection.execute(
            "SELECT period_start::text, period_end::text FROM public.usage_period(%s, '2026-03-29T00:00Z')",
            (acme,),
        ).fetchall()
    assert found == [
        {"period_start": "2026-02-28 00:00:00+00", "period_end": "2026-03-31 00:00:00+00"}
    ]
