"""How good forecasts were, week by week, and what follows where they became worse."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shared.domain.accuracy import (
    Scale,
    Scored,
    WeekAccuracy,
    judge_sku,
    judge_together,
    name_distance,
    scale_of,
)
from shared.domain.learnt_models import LearntModels
from shared.domain.series import Forecast, ForecastPoint, SumAhead
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from shared.use_cases.score_forecasts import score_forecasts
from tests.fixtures.forecast_days import ORIGIN, expect, report_until, sell, set_up_shop
from tests.fixtures.shops import sale
from workers.wiring import Wiring

Opener = Callable[[UUID], OpenUnitOfWork]
Rows = dict[tuple[str | None, str], tuple[str | None, ...]]
MONDAY, SUNDAY = date(2026, 3, 16), date(2026, 3, 22)
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
# forecasts, WAPE, RMSSE, pinball, MSIS, bias, coverage. Until the week mugs changed by 2, 8, 4, 4 and 0 from day to
# day: 20 in the mean of squares, 3.6 in that of amounts; tea by 2.
EXPECTED: Rows = {
    ("MUG", "1-7"): ("2", "0.6667", "0.2236", "0.0625", "1.3889", "0.6667", "1.0000"),
    ("MUG", "8-14"): ("1", "0.6000", "0.6708", "0.5500", "12.2222", "-0.6000", "0.0000"),
    ("MUG", "all"): ("3", "0.6250", "0.4282", "0.2250", "5.0000", "-0.1250", "0.6667"),
    ("TEA", "1-7"): ("1", "0.5000", "0.5000", "0.0250", "1.0000", "-0.5000", "1.0000"),
    ("TEA", "all"): ("1", "0.5000", "0.5000", "0.0250", "1.0000", "-0.5000", "1.0000"),
    (None, "1-7"): ("3", "0.6000", "0.3618", "0.0500", "1.1944", "0.2000", "1.0000"),
    (None, "8-14"): ("1", "0.6000", "0.6708", "0.5500", "12.2222", "-0.6000", "0.0000"),
    (None, "all"): ("4", "0.6000", "0.4641", "0.1750", "3.0000", "-0.2000", "0.7500"),
}
MUG_DAYS, TEA_DAYS = {MONDAY: 4.0, TUESDAY: 1.0, WEDNESDAY: 2.0}, {MONDAY: 1.0}


@pytest.fixture
def shop(acme: UUID, globex: UUID, unit_of_work_of: Opener) -> OpenUnitOfWork:
    """Acme's shop, whose week from Monday on is over; globex has the same forecasts, not scored yet."""
    for tenant in (acme, globex):
        opener = unit_of_work_of(tenant)
        set_up_shop(opener)
        sell(opener, sale(30, "MUG", 3, MONDAY), sale(31, "MUG", 5, WEDNESDAY))
        sell(opener, sale(32, "TEA", 2, MONDAY - timedelta(days=2)), sale(33, "TEA", 2, MONDAY))
        report_until(opener, SUNDAY)
        expect(opener, "MUG", MUG_DAYS, "ensemble")
        expect(opener, "TEA", TEA_DAYS, "ensemble")
    return unit_of_work_of(acme)


def read(wiring: Wiring, tenant: UUID, query: str) -> list[dict[str, Any]]:
    with tenant_transaction(wiring.database, tenant) as connection:
        return [dict(row) for row in connection.execute(query.encode())]


def change(wiring: Wiring, tenant: UUID, statement: str) -> None:
    with tenant_transaction(wiring.database, tenant) as connection:
        connection.execute(statement.encode())


def weeks(wiring: Wiring, tenant: UUID, model: str = "ensemble") -> Rows:
    found = read(
        wiring,
        tenant,
        "SELECT sku, days_ahead, forecasts::text, wape::text, rmsse::text, pinball::text, msis::text, bias::text, "
        "coverage::text FROM forecast_accuracy a LEFT JOIN products p ON p.id = a.product_id "
        f"WHERE model_type = '{model}' AND week_start = '{MONDAY}' ORDER BY 1, 2",
    )
    return {(row["sku"], row["days_ahead"]): tuple(row.values())[2:] for row in found}


def test_a_week_is_judged_by_sku_and_distance_and_all_skus_together(
    wiring: Wiring, acme: UUID, globex: UUID, shop: OpenUnitOfWork
) -> None:
    score_forecasts(shop, as_of=SUNDAY)
    assert weeks(wiring, acme) == EXPECTED
    assert weeks(wiring, globex) == {}


def test_the_rule_in_words_says_the_same() -> None:
    mug = [scored(4, 3, 6), scored(1, 0, 7), scored(2, 5, 8)]
    tea = [scored(1, 2, 6)]
    scales = {"MUG": demand_scale(10, 8, 0, 4, 0, 0), "TEA": demand_scale(2, 0)}
    skus = {"MUG": mug, "TEA": tea}
    for (sku, distance), values in EXPECTED.items():
        chosen = {
            name: [each for days, each in found if distance in ("all", name_distance(days))]
            for name, found in skus.items()
        }
        if sku is None:
            judged = judge_together(
                [(found, scales[name]) for name, found in chosen.items() if found]
            )
        else:
            judged = judge_sku(chosen[sku], scales[sku])
        assert as_text(judged) == values


def scored(predicted: int, actual: int, days: int) -> tuple[int, Scored]:
    bounds = Decimal(0), Decimal(2 * predicted)
    return days, Scored(Decimal(predicted), Decimal(actual), *bounds, Decimal("0.95"))


def demand_scale(*units: int) -> Scale:
    return scale_of([Decimal(each) for each in units])


def as_text(judged: WeekAccuracy) -> tuple[str | None, ...]:
    values = (judged.wape, judged.rmsse, judged.pinball, judged.msis, judged.bias, judged.coverage)
    return (str(judged.forecasts), *(None if each is None else str(each) for each in values))


def test_scoring_again_changes_no_row_of_a_week(
    wiring: Wiring, acme: UUID, shop: OpenUnitOfWork
) -> None:
    rows = "SELECT id, xmin::text, updated_at FROM forecast_accuracy ORDER BY id"
    score_forecasts(shop, as_of=SUNDAY)
    before = read(wiring, acme, rows)
    score_forecasts(shop, as_of=SUNDAY)
    assert read(wiring, acme, rows) == before


def test_a_week_that_is_filled_again_keeps_its_rows(
    wiring: Wiring, acme: UUID, shop: OpenUnitOfWork
) -> None:
    rows = "SELECT id, xmin::text, updated_at FROM forecast_accuracy ORDER BY id"
    score_forecasts(shop, as_of=SUNDAY)
    before = read(wiring, acme, rows)
    with shop() as work:
        work.forecast_accuracy.fill(frozenset({MONDAY}), MONDAY, SUNDAY)
    assert read(wiring, acme, rows) == before


@pytest.mark.parametrize(
    ("days", "rmsse", "msis"), [(366, "6.7454", "182.0000"), (365, "0.0382", "1.4444")]
)
def test_the_scale_is_that_of_a_year_before_the_week(
    wiring: Wiring, acme: UUID, shop: OpenUnitOfWork, days: int, rmsse: str, msis: str
) -> None:
    # Two units lately make changes of 2 and 2 among 364; 500 units of a year ago one of 500.
    sell(shop, sale(60, "TEA", 500, MONDAY - timedelta(days=days)))
    score_forecasts(shop, as_of=SUNDAY)
    assert (weeks(wiring, acme)["TEA", "all"][2], weeks(wiring, acme)["TEA", "all"][4]) == (
        rmsse,
        msis,
    )


def test_late_data_correct_the_week_that_they_lie_in(
    wiring: Wiring, acme: UUID, shop: OpenUnitOfWork
) -> None:
    score_forecasts(shop, as_of=SUNDAY)
    sell(shop, sale(40, "TEA", 2, MONDAY))
    score_forecasts(shop, as_of=SUNDAY)
    corrected = ("1", "0.7500", "1.5000", "1.0250", "41.0000", "-0.7500", "0.0000")
    assert weeks(wiring, acme)["TEA", "all"] == corrected
    assert weeks(wiring, acme)["MUG", "all"] == EXPECTED["MUG", "all"]


def test_a_week_scored_before_the_table_was_there_is_judged_with_the_next_scoring(
    wiring: Wiring, acme: UUID, shop: OpenUnitOfWork
) -> None:
    score_forecasts(shop, as_of=SUNDAY)
    change(wiring, acme, "DELETE FROM forecast_accuracy")
    add_week(wiring, acme, MONDAY - timedelta(weeks=1), "0.3")
    score_forecasts(shop, as_of=SUNDAY)
    assert weeks(wiring, acme) == EXPECTED


def test_members_have_rows_of_their_own_without_bounds_and_other_models_have_none(
    wiring: Wiring, acme: UUID, shop: OpenUnitOfWork
) -> None:
    for model in ("prophet", "by-hand"):
        expect(shop, "TEA", TEA_DAYS, model)
    change(wiring, acme, "UPDATE forecasts SET lower_bound = NULL WHERE model_type = 'prophet'")
    score_forecasts(shop, as_of=SUNDAY)
    prophet = ("1", "0.5000", "0.5000", None, None, "-0.5000", None)
    assert weeks(wiring, acme, "prophet")["TEA", "all"] == prophet
    assert weeks(wiring, acme, "by-hand") == {}


def test_a_sku_without_a_past_has_no_scale_and_a_week_without_a_sale_no_share(
    wiring: Wiring, acme: UUID, shop: OpenUnitOfWork
) -> None:
    change(
        wiring,
        acme,
        "DELETE FROM sales WHERE product_id = (SELECT id FROM products WHERE sku = 'TEA')",
    )
    sell(shop, sale(50, "TEA", 0, MONDAY))
    score_forecasts(shop, as_of=SUNDAY)
    tea = ("1", None, None, "0.0250", None, None, "1.0000")
    assert weeks(wiring, acme)["TEA", "all"] == tea
    assert weeks(wiring, acme)[None, "all"][2] == "0.4282"


def test_a_measure_beyond_its_column_is_the_largest_that_it_holds(
    wiring: Wiring, acme: UUID, shop: OpenUnitOfWork
) -> None:
    expect(shop, "TEA", {MONDAY: 4_000_000_000.0}, "arima")
    score_forecasts(shop, as_of=SUNDAY)
    # forecasts, WAPE, RMSSE, pinball, MSIS, bias, coverage
    worst = ("1", *["999999.9999"] * 5, "1.0000")
    assert weeks(wiring, acme, "arima")["TEA", "all"] == worst


def test_weeks_of_more_than_thirteen_months_ago_go(
    wiring: Wiring, acme: UUID, globex: UUID, shop: OpenUnitOfWork
) -> None:
    for tenant in (acme, globex):
        add_week(wiring, tenant, MONDAY - timedelta(weeks=57), "0.3")
        add_week(wiring, tenant, MONDAY - timedelta(weeks=55), "0.3")
    score_forecasts(shop, as_of=SUNDAY)
    first = "SELECT min(week_start) AS week FROM forecast_accuracy"
    assert read(wiring, acme, first) == [{"week": MONDAY - timedelta(weeks=55)}]
    assert read(wiring, globex, first) == [{"week": MONDAY - timedelta(weeks=57)}]


def add_week(wiring: Wiring, tenant: UUID, week: date, wape: str) -> None:
    change(
        wiring,
        tenant,
        "INSERT INTO forecast_accuracy (company_id, week_start, model_type, days_ahead, forecasts, wape) "
        f"SELECT id, '{week}', 'ensemble', '1-7', 700, {wape} FROM companies",
    )


def learn(opener: OpenUnitOfWork, until: date, horizon: int = 28) -> None:
    with opener() as work:
        learnt = LearntModels("v1", ORIGIN, until, 2, b"state")
        work.forecast_models.put(work.companies.get().id, horizon, learnt)


REASON = "week of 2026-03-16: WAPE 0.60, 0.30 in the 4 weeks before"
REASONS = "SELECT horizon_days, refit_reason FROM forecast_models ORDER BY 1"


def test_models_are_to_learn_again_after_a_week_that_was_much_worse(
    wiring: Wiring, acme: UUID, globex: UUID, shop: OpenUnitOfWork, unit_of_work_of: Opener
) -> None:
    for tenant in (acme, globex):
        for n in range(1, 5):
            add_week(wiring, tenant, MONDAY - timedelta(weeks=n), "0.3")
        learn(unit_of_work_of(tenant), SUNDAY - timedelta(days=1))
        learn(unit_of_work_of(tenant), SUNDAY, horizon=62)
    for _ in range(2):
        assert score_forecasts(shop, as_of=SUNDAY).drift == REASON
    asked = {"horizon_days": 28, "refit_reason": REASON}
    seen = {"horizon_days": 62, "refit_reason": None}
    assert read(wiring, acme, REASONS) == [asked, seen]
    assert read(wiring, globex, REASONS) == [{**asked, "refit_reason": None}, seen]


def test_a_reason_that_stands_already_is_kept(
    wiring: Wiring, acme: UUID, shop: OpenUnitOfWork
) -> None:
    for n in range(1, 5):
        add_week(wiring, acme, MONDAY - timedelta(weeks=n), "0.3")
    learn(shop, ORIGIN)
    change(wiring, acme, "UPDATE forecast_models SET refit_reason = 'asked by hand'")
    score_forecasts(shop, as_of=SUNDAY)
    assert read(wiring, acme, REASONS) == [{"horizon_days": 28, "refit_reason": "asked by hand"}]


def test_a_week_that_is_not_over_does_not_drift(
    wiring: Wiring, acme: UUID, shop: OpenUnitOfWork
) -> None:
    for n in range(1, 5):
        add_week(wiring, acme, MONDAY - timedelta(weeks=n), "0.3")
    assert score_forecasts(shop, as_of=SUNDAY - timedelta(days=1)).drift is None
    assert weeks(wiring, acme) == EXPECTED


def expect_sums(opener: OpenUnitOfWork, sku: str | None, days: int, origin: date = ORIGIN) -> None:
    with opener() as work:
        ids = {each.sku: each.id for each in work.products.forecastable(None)}
        sums = [SumAhead(days, 9.0, (9.0,) * 9)]
        company = work.companies.get().id
        work.forecast_totals.upsert_sums(company, ids[sku] if sku else None, origin, "1", sums)


def test_sums_ahead_are_scored_when_their_last_day_is_over(
    wiring: Wiring, acme: UUID, globex: UUID, shop: OpenUnitOfWork, unit_of_work_of: Opener
) -> None:
    for opener in (shop, unit_of_work_of(globex)):
        for sku in ("MUG", "TEA", None):
            expect_sums(opener, sku, 7)
            expect_sums(opener, sku, 14)
        expect_sums(opener, "MUG", 7, ORIGIN - timedelta(days=1))
    query = (
        "SELECT sku, days, actual_value::text AS sold, f.xmin::text AS row FROM cumulative_forecasts f "
        "LEFT JOIN products p ON p.id = f.product_id ORDER BY days, sku, forecast_origin"
    )
    score_forecasts(shop, as_of=SUNDAY)
    found = read(wiring, acme, query)
    assert [(row["sku"], row["days"], row["sold"]) for row in found] == [
        ("MUG", 7, "25.00"),
        ("MUG", 7, "15.00"),
        ("TEA", 7, "4.00"),
        (None, 7, "19.00"),
        ("MUG", 14, None),
        ("TEA", 14, None),
        (None, 14, None),
    ]
    score_forecasts(shop, as_of=SUNDAY)
    assert read(wiring, acme, query) == found
    assert {row["sold"] for row in read(wiring, globex, query)} == {None}


def test_a_category_is_scored_by_its_skus_forecast_from_the_same_origin(
    wiring: Wiring, acme: UUID, globex: UUID, shop: OpenUnitOfWork, unit_of_work_of: Opener
) -> None:
    for tenant in (acme, globex):
        change(wiring, tenant, "UPDATE products SET category = 'Kitchen'")
        with unit_of_work_of(tenant)() as work:
            points = (ForecastPoint(MONDAY, 4.0, 0.0, 9.0), ForecastPoint(TUESDAY, 0.2, 0.0, 9.0))
            forecast = Forecast("", "ensemble", "1", 0.95, points)
            work.forecast_totals.upsert_category(
                work.companies.get().id, "Kitchen", ORIGIN, [forecast]
            )
    query = (
        "SELECT actual_value::text AS sold, accuracy_percentage::text AS accuracy, xmin::text AS row "
        "FROM category_forecasts ORDER BY forecast_date"
    )
    score_forecasts(shop, as_of=SUNDAY)
    found = read(wiring, acme, query)
    expected = [("5.00", "80.00"), ("0.00", "100.00")]
    assert [(row["sold"], row["accuracy"]) for row in found] == expected
    score_forecasts(shop, as_of=SUNDAY)
    assert read(wiring, acme, query) == found
    assert {row["sold"] for row in read(wiring, globex, query)} == {None}


def test_sums_of_old_origins_go_with_the_forecasts(
    wiring: Wiring, acme: UUID, globex: UUID, shop: OpenUnitOfWork, unit_of_work_of: Opener
) -> None:
    for opener in (shop, unit_of_work_of(globex)):
        expect_sums(opener, "MUG", 7)
    with shop() as work:
        work.forecasts.thin(ORIGIN + timedelta(days=60))
    count = "SELECT count(*) AS rows FROM cumulative_forecasts"
    assert read(wiring, acme, count) == [{"rows": 1}]
    with shop() as work:
        work.forecasts.thin(ORIGIN + timedelta(days=61))
    assert read(wiring, acme, count) == [{"rows": 0}]
    assert read(wiring, globex, count) == [{"rows": 1}]
