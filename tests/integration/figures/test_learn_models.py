"""A tenant's models are learnt once a week, stored, and read again by the nights between."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from shared.domain.learnt_models import is_own_day
from shared.forecasting.panels.forecaster import PanelForecaster
from shared.forecasting.panels.members.local import Local, theta
from shared.forecasting.panels.members.naive import SeasonalMean
from shared.forecasting.tenant_forecaster import TenantForecaster
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.generate_forecasts import ForecastResult, generate_forecasts
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from tests.fixtures.figure_shop import DAY
from tests.fixtures.forecasting import silent
from tests.fixtures.shops import product, sale
from workers.wiring import Wiring

Opener = Callable[[UUID], OpenUnitOfWork]
CHEAP = TenantForecaster(PanelForecaster((Local("theta", theta), SeasonalMean())))
DAYS = 60


def sell(opener: OpenUnitOfWork, first: date, days: int) -> None:
    """MUG and TEA, one to three units on each of so many days."""
    with opener() as work:
        company = work.companies.get()
        goods = [product("MUG"), product("TEA")]
        work.products.upsert(company.id, goods, DAY)
        lines = [
            sale(10 * (first - DAY).days + 10 * n + tea, sku, 1 + n % 3, first + timedelta(days=n))
            for n in range(days)
            for tea, sku in enumerate(("MUG", "TEA"))
        ]
        work.sales.upsert(company.id, lines)


def night(opener: OpenUnitOfWork, day: date) -> ForecastResult:
    return generate_forecasts(opener, CHEAP, silent, day, horizon_days=28)


def test_models_learn_once_and_nights_go_on_from_there(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    sell(opener, DAY - timedelta(days=DAYS - 1), DAYS + 14)
    with opener() as work:
        company_id = work.companies.get().id
    own = next(day for n in range(7) if is_own_day(company_id, day := DAY + timedelta(days=n)))
    days = [own, own, *(own + timedelta(days=n) for n in (1, 6, 7, 8))]
    reasons = [night(opener, day).learnt for day in days]
    assert reasons == [
        "nothing was learnt yet",
        None,
        None,
        None,
        f"what was learnt until {own} is not of this week",
        None,
    ]
    assert kept(wiring, acme) == [(28, own + timedelta(days=7), 2, True)]
    assert kept(wiring, globex) == []


def test_a_backfill_is_learnt_at_once(acme: UUID, globex: UUID, unit_of_work_of: Opener) -> None:
    opener = unit_of_work_of(acme)
    sell(opener, DAY - timedelta(days=9), 10)
    night(opener, DAY)
    sell(opener, DAY - timedelta(days=DAYS), DAYS - 10)
    first = DAY - timedelta(days=DAYS)
    assert night(opener, DAY).learnt == f"{DAY - timedelta(days=9)} was the first day, now {first}"


def test_damaged_models_and_those_of_another_release_are_learnt_again(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    sell(opener, DAY - timedelta(days=DAYS - 1), DAYS)
    night(opener, DAY)
    change = {
        "state = state || 'x'": "what was stored is damaged",
        "state = 'x', checksum = sha256('x')": "what was stored cannot be read",
        "model_version = 'panel-0'": f"panel-0 learnt, this is {CHEAP.version}",
        "refit_reason = 'WAPE rose'": "WAPE rose",
    }
    for what, reason in change.items():
        with tenant_transaction(wiring.database, acme) as connection:
            connection.execute(f"UPDATE forecast_models SET {what}".encode())
        again = night(opener, DAY)
        assert (again.learnt, again.forecasts_changed) == (reason, 0)
        assert night(opener, DAY).learnt is None


def test_where_fewer_days_are_reported_than_before_models_learn_once_and_not_each_night(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    sell(opener, DAY - timedelta(days=DAYS - 1), DAYS)
    night(opener, DAY)
    earlier = DAY - timedelta(days=3)
    assert night(opener, earlier).learnt == f"what was learnt until {DAY} is not of this week"
    assert night(opener, earlier).learnt is None
    assert kept(wiring, acme) == [(28, earlier, 2, True)]


def test_sums_ahead_and_categories_are_kept_and_the_same_again_changes_no_row(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    sell(opener, DAY - timedelta(days=DAYS - 1), DAYS)
    with tenant_transaction(wiring.database, acme) as connection:
        connection.execute(
            "UPDATE products SET category = 'Cups', lead_time_days = 10 WHERE sku = 'MUG'"
        )
    night(opener, DAY)
    seen = []
    for _ in range(2):
        with tenant_transaction(wiring.database, acme) as connection:
            sums = connection.execute(
                "SELECT sku, array_agg(days ORDER BY days) AS days FROM cumulative_forecasts f "
                "LEFT JOIN products p ON p.id = product_id GROUP BY 1 ORDER BY 1"
            ).fetchall()
            difference = connection.execute(
                "SELECT sum(abs(c.predicted_value - f.predicted_value)) AS difference, count(*) AS n "
                "FROM category_forecasts c JOIN products p ON p.category = c.category "
                "JOIN forecasts f ON f.product_id = p.id AND f.model_type = 'ensemble' "
                "AND f.forecast_type = c.forecast_type AND f.period_type = c.period_type "
                "AND f.forecast_date = c.forecast_date"
            ).fetchone()
            changed = connection.execute(
                "SELECT max(updated_at) AS at FROM (SELECT updated_at FROM category_forecasts "
                "UNION ALL SELECT updated_at FROM cumulative_forecasts) AS each"
            ).fetchone()
        assert [tuple(row.values()) for row in sums] == [
            ("MUG", [7, 10, 14, 28]), ("TEA", [7, 14, 28]), (None, [7, 14, 28]),
        ]  # fmt: skip
        # 28 days and 3 weeks, of demand and of revenue.
        assert difference == {"difference": Decimal("0.00"), "n": 62}
        seen.append(changed)
        night(opener, DAY)
    assert seen[0] == seen[1]
    with tenant_transaction(wiring.database, globex) as connection:
        for table in ("category_forecasts", "cumulative_forecasts"):
            found = connection.execute(f"SELECT count(*) AS n FROM {table}".encode()).fetchone()
            assert found == {"n": 0}


def kept(wiring: Wiring, tenant: UUID) -> list[tuple[object, ...]]:
    """Horizon, last day learnt from, SKUs, and whether the checksum is that of the state."""
    with tenant_transaction(wiring.database, tenant) as connection:
        rows = connection.execute(
            "SELECT horizon_days, learnt_until, skus, checksum = sha256(state) AS whole FROM forecast_models"
        ).fetchall()
    return [tuple(row.values()) for row in rows]
