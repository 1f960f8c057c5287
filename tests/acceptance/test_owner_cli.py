"""What an owner reads from the command line: figures with their reasons, forecasts, and what to do about stock."""

import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from shared.embedded.urls import ServiceUrls
from shared.persistence.binding import schema_of
from shared.use_cases.roll_up_working_capital import roll_up_working_capital
from tests.acceptance.test_command_line import assert_one_line, run
from tests.conftest import environment_of
from tests.fixtures.shop_pulls import DAY, Opener, pull
from tests.fixtures.shops import FakeShop, product, sale
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance


@pytest.fixture
def environment(
    wiring: Wiring,
    acme: UUID,
    globex: UUID,
    unit_of_work_of: Opener,
    database_url: str,
    services: ServiceUrls,
    home: Path,
) -> dict[str, str]:
    """Acme sells mugs, has tea that nobody buys, and no balances; mugs are forecast at two a day."""
    opener = unit_of_work_of(acme)
    shop = FakeShop(
        [product("MUG", on_hand=6), product("TEA", cost=None, on_hand=9)],
        [[sale(1, "MUG", 2, DAY)]],
    )
    pull(opener, shop)
    roll_up_working_capital(opener, lambda *_: None, DAY, DAY, DAY)
    with psycopg.connect(database_url) as owner:
        owner.execute(f'SET search_path = "{schema_of(acme)}"'.encode())
        owner.execute(
            "INSERT INTO forecasts (company_id, product_id, forecast_date, forecast_origin, forecast_type, "
            "period_type, model_type, model_version, predicted_value, lower_bound, upper_bound, confidence_level) "
            "SELECT company_id, id, %s::date + n, %s, 'DEMAND', 'DAILY', 'ensemble', '1', 2, 1, 3, 0.95 "
            "FROM products, generate_series(1, 3) AS n WHERE sku = 'MUG'",
            (DAY, DAY),
        )
        owner.execute(
            "INSERT INTO rejected_records (stream, record_key, field, reason) "
            "VALUES ('forecasts', 'TEA', 'series', 'no model can work with it')"
        )
    return {**environment_of(database_url, services.redis_url), "CAPLIQUIFY_HOME": str(home)}


def test_stock_advice_names_what_to_order_and_what_lies_idle(environment: dict[str, str]) -> None:
    ended = run(environment, "stock", "advice", "acme", "--day", DAY.isoformat(), "--json")
    assert ended.returncode == 0, ended.stderr
    mug, tea = (json.loads(line) for line in ended.stdout.splitlines())
    # Six on the shelf, one of them reserved: at two a day they last two whole days.
    out_on = DAY + timedelta(days=2)
    assert (mug["sku"], mug["advice"], mug["units"]) == ("MUG", "order by", 5)
    assert (mug["runs_out_on"], mug["order_by"]) == (out_on.isoformat(), out_on.isoformat())
    assert (tea["sku"], tea["advice"], tea["last_sold_on"]) == ("TEA", "idle", None)
    shown = run(environment, "stock", "advice", "acme", "--day", DAY.isoformat())
    assert "2 products; 0 need nothing or are not forecast" in shown.stdout
    assert run(environment, "stock", "advice", "globex").stdout.endswith("(--all shows them)\n")


def test_figures_are_shown_with_the_reason_of_each_that_is_unknown(
    environment: dict[str, str],
) -> None:
    ended = run(environment, "figures", "show", "acme", "--until", DAY.isoformat(), "--json")
    assert ended.returncode == 0, ended.stderr
    rows = {row["period_type"]: row for row in map(json.loads, ended.stdout.splitlines())}
    assert rows["DAILY"]["cash"] is None
    shown = run(environment, "figures", "show", "acme", "--until", DAY.isoformat())
    words = " ".join(shown.stdout.replace("│", " ").split())
    assert "unknown: is not known" in words
    assert "globex: no figures yet" in run(environment, "figures", "show", "globex").stdout


def test_forecasts_are_shown_with_their_sums_and_the_reason_of_each_that_lacks(
    environment: dict[str, str],
) -> None:
    ended = run(environment, "forecast", "show", "acme", "--json", "--days", "2")
    assert ended.returncode == 0, ended.stderr
    mug, tea = (json.loads(line) for line in ended.stdout.splitlines())
    week = {"days": 3, "units": "6.00", "lower": "3.00", "upper": "9.00"}
    assert (mug["first_week"], mug["first_days"]["units"]) == (week, "4.00")
    known = (mug["sku"], mug["origin"], mug["model"], mug["accuracy"], mug["reason"])
    assert known == ("MUG", DAY.isoformat(), "ensemble 1", None, None)
    assert (tea["origin"], tea["reason"]) == (None, "series: no model can work with it")
    shown = run(environment, "forecast", "show", "acme").stdout
    assert "6.0 (3.0 to 9.0) in 3 days" in shown
    assert "TEA: no forecast: series: no model can work with it" in shown
    assert "1 of 2 products are forecast" in shown
    assert "globex: no products yet" in run(environment, "forecast", "show", "globex").stdout


def test_the_newest_forecast_of_a_sku_is_shown_day_by_day(
    environment: dict[str, str], database_url: str, acme: UUID
) -> None:
    with psycopg.connect(database_url) as owner:
        owner.execute(f'SET search_path = "{schema_of(acme)}"'.encode())
        owner.execute(
            "INSERT INTO forecasts (company_id, product_id, forecast_date, forecast_origin, forecast_type, "
            "period_type, model_type, model_version, predicted_value, lower_bound, upper_bound, confidence_level, "
            "actual_value, accuracy_percentage) "
            "SELECT company_id, id, %s, %s, 'DEMAND', 'DAILY', 'ensemble', '1', 9, 9, 9, 0.95, 10, 90 "
            "FROM products WHERE sku = 'MUG'",
            (DAY, DAY - timedelta(days=1)),
        )
        owner.execute(
            "UPDATE forecasts SET predicted_value = 1 WHERE forecast_date = %s",
            (DAY + timedelta(days=2),),
        )
    ended = run(environment, "forecast", "show", "acme", "--sku", "MUG")
    assert ended.returncode == 0, ended.stderr
    assert "accuracy 90 % of 1 days" in ended.stdout
    assert [line.count("█") for line in ended.stdout.splitlines() if "█" in line] == [30, 15, 30]
    assert "3 days: 5.0 (3.0 to 9.0)" in ended.stdout
    ended = run(environment, "forecast", "show", "acme", "--sku", "MUG", "--json", "--days", "1")
    [day] = json.loads(ended.stdout)["days"]
    assert day["day"] == (DAY + timedelta(days=1)).isoformat()
    assert (day["units"], day["lower"], day["upper"], day["sold"]) == ("2.00", "1.00", "3.00", None)
    none = run(environment, "forecast", "show", "acme", "--sku", "TEA")
    assert none.stdout == "TEA: no forecast: series: no model can work with it\n"


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (("stock", "advice", "nobody"), "there is no tenant 'nobody'"),
        (("figures", "show", "nobody"), "there is no tenant 'nobody'"),
        (("forecast", "show", "nobody"), "there is no tenant 'nobody'"),
        (("forecast", "show", "acme", "--sku", "CUP"), "sku: acme has no product 'CUP'"),
        (("stock", "advice", "acme", "--day", "soon"), "day: 'soon' is not a date"),
        (("figures", "show", "acme", "--until", "soon"), "until: 'soon' is not a date"),
    ],
)
def test_what_is_not_there_is_one_line(
    environment: dict[str, str], command: tuple[str, ...], line: str
) -> None:
    assert_one_line(run(environment, *command), 2, line)
