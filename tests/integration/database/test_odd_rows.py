"""One odd row, one odd SKU, one odd figure takes nothing with it: in pulls, forecasts and roll-ups."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from shared.domain.credential import VendorAccount
from shared.domain.products import Product, StockLevel
from shared.domain.sales import LineKind
from shared.domain.series import (
    Forecast,
    ForecastInputs,
    ForecastPoint,
    Horizon,
    NodeForecasts,
    Series,
)
from shared.domain.stream_positions import Backward, Done
from shared.domain.working_capital import AccountClass
from shared.use_cases.enter_balances import enter_balances
from shared.use_cases.generate_forecasts import ForecastResult, generate_forecasts
from shared.use_cases.ports.progress import Report
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from shared.use_cases.roll_up_working_capital import roll_up_working_capital
from tests.fixtures.shop_pulls import DAY, NOW, Opener, backfill, credential_of, pull, rows
from tests.fixtures.shops import FakeShop, product, sale
from workers.wiring import Wiring

# The day of the stock: a pull counts it on its own day.
COUNTED = DAY + timedelta(days=1)
REJECTED = "SELECT stream, record_key, field, reason FROM rejected_records ORDER BY record_key"


class OddModel:
    """Forecasts ten units a day; what it says of some SKUs is given."""

    version = "odd-1"

    def __init__(self, **said: float) -> None:
        self.said = said
        self.seen: list[Series] = []

    def learn(self, inputs: ForecastInputs, horizon: Horizon, report: Report) -> bytes:
        return b"odd"

    def forecast(
        self, inputs: ForecastInputs, horizon: Horizon, state: bytes, report: Report
    ) -> Iterator[NodeForecasts]:
        self.seen.extend(inputs.series)
        for each in inputs.series:
            said = self.said.get(each.unique_id, 10.0)
            points = tuple(
                ForecastPoint(each.origin + timedelta(days=n), said, said, said)
                for n in range(1, horizon.days + 1)
            )
            forecast = Forecast(each.unique_id, "arima", "odd-1", horizon.level, points)
            yield NodeForecasts(each.unique_id, (forecast,))


def silent(done: int, total: int | None, message: str) -> None:
    """Reports to nobody."""


def forecast(opener: OpenUnitOfWork, model: OddModel) -> ForecastResult:
    backfill(opener, FakeShop([], [[]]))
    return generate_forecasts(opener, model, silent, DAY, horizon_days=3)


@pytest.mark.parametrize(
    ("said", "field", "reason"),
    [
        (1e15, "predicted_value", "1e+15 is no number of units"),
        (float("nan"), "predicted_value", "nan is no number of units"),
    ],
)  # fmt: skip
def test_a_sku_that_no_model_can_work_with_is_set_aside_and_the_others_are_forecast(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener, said: float,
    field: str, reason: str,
) -> None:  # fmt: skip
    opener = unit_of_work_of(acme)
    skus = ("CUP", "MUG", "TEA")
    sales = [sale(number, sku, 2, DAY) for number, sku in enumerate(skus)]
    pull(opener, FakeShop([product(sku) for sku in skus], [sales]))
    result = forecast(opener, OddModel(MUG=said))
    assert (result.skus, result.set_aside) == (2, 1)
    assert rows(wiring, acme, REJECTED) == [("forecasts", "MUG", field, reason)]
    forecasts = (
        "SELECT DISTINCT sku FROM forecasts JOIN products p ON p.id = product_id ORDER BY sku"
    )
    assert rows(wiring, acme, forecasts) == [("CUP",), ("TEA",)]
    # As soon as it can be forecast, nothing is set aside any more.
    assert forecast(opener, OddModel()).set_aside == 0
    assert rows(wiring, acme, REJECTED) == []
    assert rows(wiring, acme, forecasts) == [("CUP",), ("MUG",), ("TEA",)]


def test_a_sale_of_less_than_nothing_is_no_demand(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    odd = sale(2, "MUG", -5, DAY)._replace(kind=LineKind.SALE)
    pull(opener, FakeShop([product("MUG")], [[sale(1, "MUG", 3, DAY - timedelta(days=1)), odd]]))
    model = OddModel()
    forecast(opener, model)
    assert model.seen[0].values == (3.0, 0.0)


def test_a_sum_that_no_column_holds_is_empty_with_its_reason_and_the_rest_is_rolled_up(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    huge = [sale(n, "MUG", 1, DAY, "9000000000000.00") for n in range(1, 3)]
    pull(opener, FakeShop([product("MUG")], [huge]))
    enter_balances(
        opener,
        DAY,
        {
            AccountClass.CASH: Decimal("9000000000000.00"),
            AccountClass.ACCOUNTS_RECEIVABLE: Decimal("9000000000000.00"),
            AccountClass.ACCOUNTS_PAYABLE: Decimal("4.00"),
            AccountClass.SHORT_TERM_DEBT: Decimal(0),
        },
    )
    roll_up_working_capital(opener, silent, COUNTED, COUNTED, COUNTED)
    query = (
        "SELECT revenue, cost_of_goods_sold, cash, working_capital, days_inventory_outstanding, reasons "
        "FROM working_capital_metrics WHERE period_type = 'DAILY'"
    )
    assert rows(wiring, acme, query) == [
        (
            None, Decimal("8.00"), Decimal("9000000000000.00"), None, Decimal("150.00"),
            {"revenue": "is more than can be kept", "days_sales_outstanding": "a part is not known"},
        )
    ]  # fmt: skip


def test_an_unknown_figure_says_why(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    dollars = sale(1, "TEA", 1, DAY)._replace(currency="USD")
    pull(opener, FakeShop([product("TEA", cost=None)], [[dollars]]))
    roll_up_working_capital(opener, silent, COUNTED, COUNTED, COUNTED)
    [(reasons,)] = rows(
        wiring, acme, "SELECT reasons FROM working_capital_metrics WHERE period_type = 'DAILY'"
    )
    assert reasons["revenue"] == "USD has no rates"
    assert reasons["cost_of_goods_sold"] == "TEA has no known cost"
    assert reasons["inventory"] == "TEA has no known cost"
    assert reasons["cash"] == "is not known"


def test_stock_that_cannot_be_counted_is_set_aside_and_the_rest_is_counted(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    pull(opener, FakeShop([product("MUG", on_hand=7), product("TEA")], [[]]))
    placeholders = [product("MUG", on_hand=2_000_000_000), product("MUG", on_hand=2_000_000_000)]
    result = pull(
        opener, FakeShop([*placeholders, product("TEA", on_hand=4)], [[]]), NOW + timedelta(hours=3)
    )
    assert result.rejected == 1
    assert rows(wiring, acme, REJECTED) == [
        ("products", "MUG at warehouse_uk", "quantities", "4000000000 units are more than can be counted")
    ]  # fmt: skip
    stock = "SELECT sku, quantity_on_hand FROM inventory JOIN products p ON p.id = product_id ORDER BY 1"
    assert rows(wiring, acme, stock) == [("MUG", 7), ("TEA", 4)]


def test_a_barcode_in_the_cost_field_costs_the_cost_only(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    barcode = replace(product("MUG"), unit_cost=Decimal("5901234123457"))
    result = pull(unit_of_work_of(acme), FakeShop([barcode, product("TEA")], [[]]))
    assert result.rejected == 1
    assert rows(wiring, acme, "SELECT sku FROM products ORDER BY 1") == [("MUG",), ("TEA",)]
    costs = "SELECT sku FROM product_costs JOIN products p ON p.id = product_id"
    assert rows(wiring, acme, costs) == [("TEA",)]
    assert rows(wiring, acme, "SELECT sum(quantity_on_hand)::int FROM inventory") == [(20,)]


def test_a_product_that_the_table_refuses_takes_no_other_with_it(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    def odd(sku: str, **values: object) -> Product:
        return replace(product(sku), channel_product_id=f"v-{sku}"[:255], **values)  # type: ignore[arg-type]

    shop = FakeShop(
        [
            odd("A"),
            odd("B", unit_price=Decimal(-1)),
            odd("C" * 101, stock=(StockLevel("C" * 101, "warehouse_uk", 1, 0),)),
            odd("D", name="half \ud83d"),
            odd("E"),
        ],
        [[]],
    )
    assert pull(unit_of_work_of(acme), shop).rejected == 3
    assert rows(wiring, acme, "SELECT sku FROM products ORDER BY 1") == [("A",), ("E",)]
    assert rows(wiring, acme, "SELECT sum(quantity_on_hand)::int FROM inventory") == [(20,)]


def test_a_time_zone_that_does_not_exist_holds_nothing_up(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    pull(opener, FakeShop([product("MUG")], [[sale(1, "MUG", 3, DAY)]]))
    rows(wiring, acme, "UPDATE companies SET timezone = 'Mars/Olympus' RETURNING id")
    with opener() as work:
        identity = credential_of(opener).id
        shop = work.accounts.get(identity)
        assert work.accounts.keep(identity, shop, VendorAccount(None, "Moon/Sea", None))
        past = work.cursors.get(identity, "orders_backfill", Backward)
        assert past is not None
        whole = replace(past, done=Done.WHOLE)
        assert work.cursors.move(identity, "orders_backfill", past, whole)
    with opener() as work:
        assert work.sales.complete_until() == date(2026, 3, 1)
    assert forecast(opener, OddModel()).skus == 1
