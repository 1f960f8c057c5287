"""Forecasts are scored by what was sold on the days that they spoke of."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from shared.domain.accuracy import NOTHING_SCORED, ScoreResult, accuracy_percent
from shared.domain.series import Forecast, ForecastPoint
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from shared.use_cases.score_forecasts import score_forecasts
from tests.fixtures.forecast_days import (
    FRIDAY,
    ORIGIN,
    SATURDAY,
    THURSDAY,
    WEDNESDAY,
    expect,
    report_until,
    sell,
    set_up_shop,
)
from tests.fixtures.shops import product, sale
from workers.definition import TASKS
from workers.queues import Queue
from workers.wiring import Wiring

Opener = Callable[[UUID], OpenUnitOfWork]
Scored = list[tuple[str, date, str | None, str | None]]


@pytest.fixture
def shop(acme: UUID, globex: UUID, unit_of_work_of: Opener) -> OpenUnitOfWork:
    """The units of work of acme, whose shop has sold; globex is there too."""
    set_up_shop(unit_of_work_of(acme))
    return unit_of_work_of(acme)


def scored(wiring: Wiring, tenant: UUID) -> Scored:
    """SKU, day, actual and accuracy of the tenant's forecasts, as text."""
    with tenant_transaction(wiring.database, tenant) as connection:
        found = connection.execute(
            "SELECT sku, forecast_date, actual_value::text AS actual, accuracy_percentage::text AS accuracy "
            "FROM forecasts JOIN products ON products.id = product_id "
            "ORDER BY sku, forecast_date, model_type, forecast_origin"
        )
        return [(row["sku"], row["forecast_date"], row["actual"], row["accuracy"]) for row in found]


def test_a_forecast_is_scored_by_the_units_wanted_on_its_day(
    wiring: Wiring, acme: UUID, shop: OpenUnitOfWork
) -> None:
    expect(shop, "MUG", {WEDNESDAY: 6.0, THURSDAY: 1.0, FRIDAY: 3.0, SATURDAY: 7.0})
    result = score_forecasts(shop, as_of=SATURDAY)
    # Thursday's refund unmakes nothing: that day nobody bought. Saturday has not been reported.
    assert scored(wiring, acme) == [
        ("MUG", WEDNESDAY, "8.00", "75.00"),
        ("MUG", THURSDAY, "0.00", "0.00"),
        ("MUG", FRIDAY, "4.00", "75.00"),
        ("MUG", SATURDAY, None, None),
    ]
    assert result == ScoreResult(days=3, forecasts_scored=3, mean_accuracy=50.0)


def test_scoring_again_changes_nothing(shop: OpenUnitOfWork) -> None:
    expect(shop, "MUG", {WEDNESDAY: 6.0, THURSDAY: 0.2})
    assert score_forecasts(shop, as_of=FRIDAY) == ScoreResult(2, 2, 87.5)
    assert score_forecasts(shop, as_of=FRIDAY) == NOTHING_SCORED


def test_every_model_and_every_origin_is_scored(shop: OpenUnitOfWork) -> None:
    expect(shop, "MUG", {WEDNESDAY: 6.0, FRIDAY: 4.0})
    expect(shop, "MUG", {WEDNESDAY: 8.0}, model="prophet")
    expect(shop, "MUG", {FRIDAY: 2.0}, origin=WEDNESDAY)
    assert score_forecasts(shop, as_of=FRIDAY) == ScoreResult(2, 4, 81.25)


def test_late_data_are_scored_again_and_nothing_else(
    wiring: Wiring, acme: UUID, shop: OpenUnitOfWork
) -> None:
    expect(shop, "MUG", {WEDNESDAY: 6.0, THURSDAY: 1.0, FRIDAY: 3.0})
    score_forecasts(shop, as_of=FRIDAY)
    sell(shop, sale(9, "MUG", 2, THURSDAY))
    assert score_forecasts(shop, as_of=FRIDAY) == ScoreResult(1, 1, 50.0)
    assert scored(wiring, acme)[1] == ("MUG", THURSDAY, "2.00", "50.00")


def test_an_order_that_was_cancelled_is_wanted_no_more(
    wiring: Wiring, acme: UUID, shop: OpenUnitOfWork
) -> None:
    expect(shop, "MUG", {FRIDAY: 3.0})
    score_forecasts(shop, as_of=FRIDAY)
    sell(shop, sale(4, "MUG", 4, FRIDAY)._replace(quantity=0, total_amount=Decimal(0)))
    assert score_forecasts(shop, as_of=FRIDAY) == ScoreResult(1, 1, 0.0)
    assert scored(wiring, acme) == [("MUG", FRIDAY, "0.00", "0.00")]


def test_a_forecast_that_changes_is_scored_again(
    wiring: Wiring, acme: UUID, shop: OpenUnitOfWork
) -> None:
    expect(shop, "MUG", {WEDNESDAY: 6.0, FRIDAY: 3.0})
    score_forecasts(shop, as_of=FRIDAY)
    expect(shop, "MUG", {WEDNESDAY: 8.0, FRIDAY: 3.0})
    assert scored(wiring, acme) == [
        ("MUG", WEDNESDAY, None, None),
        ("MUG", FRIDAY, "4.00", "75.00"),
    ]
    assert score_forecasts(shop, as_of=FRIDAY) == ScoreResult(1, 1, 100.0)


def test_a_day_is_scored_when_the_slowest_shop_has_reported_it(shop: OpenUnitOfWork) -> None:
    report_until(shop, WEDNESDAY, service="shopify_us")
    expect(shop, "MUG", {WEDNESDAY: 6.0, FRIDAY: 3.0})
    assert score_forecasts(shop, as_of=FRIDAY) == ScoreResult(1, 1, 75.0)
    report_until(shop, FRIDAY, service="shopify_us")
    assert score_forecasts(shop, as_of=FRIDAY) == ScoreResult(1, 1, 75.0)


def test_without_a_shop_nobody_knows_what_was_sold(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    with opener() as work:
        work.products.upsert(work.companies.get().id, [product("MUG")], ORIGIN)
    sell(opener, sale(1, "MUG", 10, ORIGIN))
    expect(opener, "MUG", {WEDNESDAY: 6.0})
    assert score_forecasts(opener, as_of=FRIDAY) == NOTHING_SCORED


def test_days_before_the_first_sale_are_unknown_and_not_zero(
    wiring: Wiring, acme: UUID, shop: OpenUnitOfWork
) -> None:
    sell(shop, sale(5, "TEA", 2, THURSDAY))
    expect(shop, "TEA", {WEDNESDAY: 1.0, THURSDAY: 1.0, FRIDAY: 1.0})
    assert score_forecasts(shop, as_of=FRIDAY) == ScoreResult(2, 2, 25.0)
    assert scored(wiring, acme) == [
        ("TEA", WEDNESDAY, None, None),
        ("TEA", THURSDAY, "2.00", "50.00"),
        ("TEA", FRIDAY, "0.00", "0.00"),
    ]


def test_a_sku_that_was_never_sold_is_not_scored(shop: OpenUnitOfWork) -> None:
    sell(shop, sale(6, "TEA", -1, ORIGIN))
    expect(shop, "TEA", {WEDNESDAY: 0.0})
    assert score_forecasts(shop, as_of=FRIDAY) == NOTHING_SCORED


def test_sixty_complete_days_are_scored_unless_a_first_day_is_given(shop: OpenUnitOfWork) -> None:
    # 60 days with both ends: from the 12th of March to the 10th of May.
    report_until(shop, date(2026, 5, 10))
    expect(shop, "MUG", {WEDNESDAY: 6.0, THURSDAY: 0.0, FRIDAY: 3.0})
    assert score_forecasts(shop, as_of=date(2026, 6, 1)) == ScoreResult(2, 2, 87.5)
    assert score_forecasts(shop, date(2026, 6, 1), first=ORIGIN) == ScoreResult(1, 1, 75.0)


def test_days_after_the_one_asked_for_wait(shop: OpenUnitOfWork) -> None:
    expect(shop, "MUG", {WEDNESDAY: 6.0, FRIDAY: 3.0})
    assert score_forecasts(shop, as_of=THURSDAY) == ScoreResult(1, 1, 75.0)
    assert score_forecasts(shop, as_of=THURSDAY, first=FRIDAY) == NOTHING_SCORED


def test_a_member_alone_is_scored_by_days_of_demand_only(
    wiring: Wiring, acme: UUID, shop: OpenUnitOfWork
) -> None:
    expect(shop, "MUG", {WEDNESDAY: 6.0, FRIDAY: 3.0})
    with tenant_transaction(wiring.database, acme) as connection:
        for column, value, day in (
            ("forecast_type", "REVENUE", WEDNESDAY),
            ("period_type", "WEEKLY", FRIDAY),
        ):
            connection.execute(
                f"UPDATE forecasts SET {column} = %s WHERE forecast_date = %s", (value, day)
            )
    assert score_forecasts(shop, as_of=FRIDAY) == NOTHING_SCORED


def test_a_neighbours_forecasts_and_sales_are_never_touched(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    for tenant in (acme, globex):
        set_up_shop(unit_of_work_of(tenant))
        expect(unit_of_work_of(tenant), "MUG", {WEDNESDAY: 6.0})
    sell(unit_of_work_of(globex), sale(9, "MUG", 4, WEDNESDAY))
    assert score_forecasts(unit_of_work_of(acme), as_of=FRIDAY) == ScoreResult(1, 1, 75.0)
    assert scored(wiring, globex) == [("MUG", WEDNESDAY, None, None)]
    assert score_forecasts(unit_of_work_of(globex), as_of=FRIDAY) == ScoreResult(1, 1, 50.0)
    assert scored(wiring, acme) == [("MUG", WEDNESDAY, "8.00", "75.00")]


def test_the_table_and_the_rule_in_words_agree(
    wiring: Wiring, acme: UUID, shop: OpenUnitOfWork
) -> None:
    pairs = [
        (units, predicted)
        for units in (0, 1, 2, 3, 7, 8, 13, 97, 1_000, 999_983)
        for predicted in (0.0, 0.49, 0.5, 1.0, 2.25, 6.67, 7.995, 13.01, 96.5, 1_234.56, 999_983.4)
    ]
    days = [ORIGIN + timedelta(days=n) for n in range(1, len(pairs) + 1)]
    sell(shop, *(sale(100 + n, "TEA", units, days[n]) for n, (units, _) in enumerate(pairs)))
    expect(shop, "TEA", {day: pair[1] for day, pair in zip(days, pairs, strict=True)})
    report_until(shop, days[-1])
    result = score_forecasts(shop, as_of=days[-1], first=days[0])
    with tenant_transaction(wiring.database, acme) as connection:
        found = connection.execute(
            "SELECT predicted_value, actual_value, accuracy_percentage FROM forecasts ORDER BY forecast_date"
        ).fetchall()
    assert [row["actual_value"] for row in found] == [units for units, _ in pairs]
    assert [row["accuracy_percentage"] for row in found] == [
        accuracy_percent(row["predicted_value"], row["actual_value"]) for row in found
    ]
    assert (result.days, result.forecasts_scored) == (110, 110)


def test_the_task_belongs_to_forecasts_and_takes_days(wiring: Wiring) -> None:
    definition = TASKS["forecasts.score"]
    assert (definition.queue, definition.result) == (Queue.FORECAST, ScoreResult)
    assert definition.parse({}) == definition.arguments()
    assert definition.parse({"first": "2026-03-11", "as_of": None}).first == WEDNESDAY


MONDAY, SUNDAY = date(2026, 3, 16), date(2026, 3, 22)


def expect_week(opener: OpenUnitOfWork, sku: str | None, units: float, revenue: float) -> None:
    """The ensemble's week from Monday on, of a SKU or of the company."""
    kinds = {"DEMAND": units, "REVENUE": revenue}
    forecasts = [
        Forecast("", "ensemble", "by-hand-1", 0.95, (point,), None, kind, "WEEKLY")
        for kind, amount in kinds.items()
        for point in [ForecastPoint(MONDAY, amount, 0.0, amount * 2)]
    ]
    with opener() as work:
        ids = {each.sku: each.id for each in work.products.forecastable(None)}
        company = work.companies.get()
        work.forecasts.upsert(company.id, ids[sku] if sku else None, ORIGIN, forecasts)


def scored_weeks(wiring: Wiring, tenant: UUID) -> list[tuple[str | None, ...]]:
    with tenant_transaction(wiring.database, tenant) as connection:
        found = connection.execute(
            "SELECT sku, forecast_type::text, actual_value::text, accuracy_percentage::text "
            "FROM forecasts f LEFT JOIN products p ON p.id = f.product_id "
            "WHERE period_type = 'WEEKLY' ORDER BY sku, forecast_type"
        )
        return [tuple(row.values()) for row in found]


def test_a_week_and_its_revenue_are_scored_when_it_is_over_and_the_company_with_its_skus(
    wiring: Wiring, acme: UUID, globex: UUID, shop: OpenUnitOfWork, unit_of_work_of: Opener
) -> None:
    set_up_shop(unit_of_work_of(globex))
    for opener in (shop, unit_of_work_of(globex)):
        expect_week(opener, "MUG", 4.0, 30.0)
        expect_week(opener, "TEA", 2.0, 20.0)
        expect_week(opener, None, 6.0, 50.0)
    sell(shop, sale(20, "MUG", 3, MONDAY), sale(21, "MUG", 2, SUNDAY, "25.00"))
    sell(shop, sale(22, "TEA", 1, SUNDAY), sale(22, "TEA", -1, SUNDAY))
    report_until(shop, SUNDAY - timedelta(days=1))
    score_forecasts(shop, as_of=SUNDAY)
    assert {week[2] for week in scored_weeks(wiring, acme)} == {None}
    report_until(shop, SUNDAY)
    for _ in range(2):
        score_forecasts(shop, as_of=SUNDAY)
        assert scored_weeks(wiring, acme) == [
            ("MUG", "DEMAND", "5.00", "80.00"),
            ("MUG", "REVENUE", "55.00", "54.55"),
            ("TEA", "DEMAND", "1.00", "0.00"),
            ("TEA", "REVENUE", "10.00", "0.00"),
            (None, "DEMAND", "6.00", "100.00"),
            (None, "REVENUE", "65.00", "76.92"),
        ]
    assert {week[2] for week in scored_weeks(wiring, globex)} == {None}


def test_revenue_in_foreign_money_stays_unknown_and_the_company_with_it(
    wiring: Wiring, acme: UUID, shop: OpenUnitOfWork
) -> None:
    expect_week(shop, "MUG", 4.0, 30.0)
    expect_week(shop, None, 4.0, 30.0)
    sell(shop, sale(20, "MUG", 4, MONDAY)._replace(currency="EUR", channel="shopify_de"))
    report_until(shop, SUNDAY)
    score_forecasts(shop, as_of=SUNDAY)
    assert [(week[1], week[2]) for week in scored_weeks(wiring, acme)] == [
        ("DEMAND", "4.00"),
        ("REVENUE", None),
        ("DEMAND", "4.00"),
        ("REVENUE", None),
    ]
