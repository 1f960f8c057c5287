"""Working capital of a company whose shops, costs and books count in other currencies."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from shared.domain.exchange_rates import DayRate
from shared.domain.working_capital import AccountClass, Flows
from shared.persistence.repositories.exchange_rates import PublicRates
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from shared.use_cases.roll_up_working_capital import roll_up_working_capital
from tests.fixtures.figure_shop import silent
from tests.fixtures.shops import product, sale
from workers.wiring import Wiring

Opener = Callable[[UUID], OpenUnitOfWork]
# A Friday; acme counts in pounds.
FRIDAY = date(2026, 10, 30)
SATURDAY, WEDNESDAY = FRIDAY + timedelta(days=1), FRIDAY + timedelta(days=5)


@pytest.fixture
def rates(wiring: Wiring) -> None:
    """One euro is 1.25 dollars, 0.80 pounds."""
    published = [("USD", "1.2500"), ("GBP", "0.8000")]
    PublicRates(wiring.dispatcher).keep(
        [DayRate(FRIDAY, name, Decimal(rate)) for name, rate in published]
    )


def sell(opener: OpenUnitOfWork, currency: str, day: date, amount: str = "20.00") -> None:
    """Two mugs for 20.00 in that currency."""
    with opener() as work:
        company = work.companies.get()
        mug = product("MUG")
        work.products.upsert(company.id, [mug], day)
        line = sale(day.toordinal(), "MUG", 2, day, amount)
        work.sales.upsert(company.id, [line._replace(currency=currency)])


def cost(wiring: Wiring, tenant: UUID, currency: str, amount: str) -> None:
    with tenant_transaction(wiring.database, tenant) as connection:
        connection.execute("DELETE FROM product_costs")
        connection.execute(
            "INSERT INTO product_costs (product_id, valid_from, unit_cost, currency) "
            "SELECT id, '2026-01-01', %s, %s FROM products",
            (Decimal(amount), currency),
        )


def flows_on(opener: OpenUnitOfWork, day: date) -> Flows:
    with opener() as work:
        return work.sales.daily_flows(work.companies.get(), day, day)[day]


@pytest.mark.usefixtures("rates")
def test_sales_and_costs_are_converted_at_the_day_of_the_sale(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    sell(opener, "USD", FRIDAY)
    cost(wiring, acme, "EUR", "3.0000")
    # 20 dollars are 16 euros are 12.80 pounds; 6 euros are 4.80 pounds.
    found = flows_on(opener, FRIDAY)
    assert (found.revenue, found.cost_of_goods_sold) == (Decimal("12.80"), Decimal("4.80"))
    assert found.reasons == {}
    with unit_of_work_of(globex)() as work:
        assert work.sales.daily_flows(work.companies.get(), FRIDAY, FRIDAY) == {}


@pytest.mark.usefixtures("rates")
def test_a_cost_in_the_companys_own_currency_comes_first(
    wiring: Wiring, acme: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    sell(opener, "GBP", FRIDAY)
    cost(wiring, acme, "GBP", "2.0000")
    with tenant_transaction(wiring.database, acme) as connection:
        connection.execute(
            "INSERT INTO product_costs (product_id, valid_from, unit_cost, currency) "
            "SELECT id, '2026-06-01', 9, 'USD' FROM products"
        )
    found = flows_on(opener, FRIDAY)
    assert (found.revenue, found.cost_of_goods_sold) == (Decimal("20.00"), Decimal("4.00"))


@pytest.mark.usefixtures("rates")
def test_an_old_rate_is_marked_and_one_that_is_too_old_leaves_the_figure_unknown(
    wiring: Wiring, acme: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    for day in (SATURDAY, WEDNESDAY - timedelta(days=1), WEDNESDAY + timedelta(days=1)):
        sell(opener, "USD", day)
    cost(wiring, acme, "GBP", "2.0000")
    assert flows_on(opener, SATURDAY).reasons == {}
    tuesday = WEDNESDAY - timedelta(days=1)
    assert flows_on(opener, tuesday).reasons == {
        "exchange_rates": "USD was converted by a rate 4 days old"
    }
    late = flows_on(opener, WEDNESDAY + timedelta(days=1))
    assert late.revenue is None
    assert late.reasons["revenue"] == (
        "USD has no rate on 2026-11-05: the one before is of 2026-10-30"
    )


@pytest.mark.usefixtures("rates")
def test_balances_and_stock_are_converted_at_the_closing_day(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    sell(opener, "GBP", FRIDAY)
    cost(wiring, acme, "USD", "5.0000")
    with tenant_transaction(wiring.database, acme) as connection:
        connection.execute(
            "INSERT INTO account_balances (company_id, balance_date, account_class, source, account_code, amount, "
            "currency) SELECT id, %(day)s, kind::public.account_class, 'xero', kind, amount, currency "
            "FROM companies, (VALUES ('CASH', 100, 'EUR'), ('ACCOUNTS_PAYABLE', 50, 'USD'), "
            "('ACCOUNTS_RECEIVABLE', 10, 'XAF')) AS b (kind, amount, currency)",
            {"day": FRIDAY},
        )
        connection.execute("DELETE FROM inventory_history")
        connection.execute(
            "INSERT INTO inventory_history (product_id, location, snapshot_date, quantity_on_hand) "
            "SELECT id, 'shop', %s, 10 FROM products",
            (FRIDAY,),
        )
    with opener() as work:
        company = work.companies.get()
        found = work.working_capital.balances_on(company, [FRIDAY])[FRIDAY]
    # 100 euros; 50 dollars are 40 euros; 10 mugs at 5 dollars are 40 euros.
    assert found.cash == Decimal("80.00")
    assert found.accounts_payable == Decimal("32.00")
    assert found.inventory == Decimal("32.00")
    assert found.accounts_receivable is None
    assert found.reasons == {"accounts_receivable": "XAF has no rates"}
    with opener() as work:
        entered = {AccountClass.ACCOUNTS_RECEIVABLE: Decimal("7.00")}
        work.working_capital.enter(company, FRIDAY, entered)
        again = work.working_capital.balances_on(company, [FRIDAY])[FRIDAY]
    assert again.accounts_receivable == Decimal("7.00")


@pytest.mark.usefixtures("rates")
def test_the_rolled_up_row_is_in_the_companys_currency_and_a_corrected_rate_changes_it(
    wiring: Wiring, acme: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    sell(opener, "USD", FRIDAY)
    cost(wiring, acme, "GBP", "2.0000")
    changed = []
    for rate in ("1.2500", "1.2500", "1.6000"):
        PublicRates(wiring.dispatcher).keep([DayRate(FRIDAY, "USD", Decimal(rate))])
        roll_up_working_capital(opener, silent, FRIDAY, FRIDAY, FRIDAY)
        with tenant_transaction(wiring.database, acme) as connection:
            row = connection.execute(
                "SELECT revenue::text FROM working_capital_metrics WHERE period_type = 'DAILY'"
            ).fetchone()
        assert row is not None
        changed.append(row["revenue"])
    assert changed == ["12.80", "12.80", "10.00"]


@pytest.mark.usefixtures("rates")
def test_amounts_of_nothing_need_no_rate_and_costs_that_did_not_count_mark_nothing(
    wiring: Wiring, acme: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    tuesday = FRIDAY + timedelta(days=4)
    sell(opener, "GBP", tuesday)
    cost(wiring, acme, "GBP", "2.0000")
    with opener() as work:
        company = work.companies.get()
        work.products.upsert(company.id, [product("TEA")], FRIDAY)
        free = sale(7, "MUG", 1, tuesday, "0.00")._replace(currency="AED")
        work.sales.upsert(company.id, [free])
    with tenant_transaction(wiring.database, acme) as connection:
        connection.execute(
            "INSERT INTO product_costs (product_id, valid_from, unit_cost, currency) "
            "SELECT id, '2020-01-01', 1, 'USD' FROM products WHERE sku = 'TEA' ON CONFLICT DO NOTHING"
        )
        connection.execute(
            "INSERT INTO account_balances (company_id, balance_date, account_class, source, account_code, amount, "
            "currency) SELECT id, %(day)s, 'CASH', 'xero', code, amount, currency FROM companies, "
            "(VALUES ('1', 100, 'GBP'), ('2', 0, 'AED')) AS b (code, amount, currency)",
            {"day": tuesday},
        )
    found = flows_on(opener, tuesday)
    assert (found.revenue, found.reasons) == (Decimal("20.00"), {})
    with opener() as work:
        balances = work.working_capital.balances_on(company, [tuesday])[tuesday]
    assert balances.cash == Decimal("100.00")
    assert "exchange_rates" not in balances.reasons


@pytest.mark.usefixtures("rates")
def test_what_was_entered_before_the_books_does_not_stand_in_for_them(
    wiring: Wiring, acme: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    with opener() as work:
        company = work.companies.get()
        work.working_capital.enter(
            company, FRIDAY - timedelta(days=300), {AccountClass.CASH: Decimal(50_000)}
        )
    with tenant_transaction(wiring.database, acme) as connection:
        connection.execute(
            "INSERT INTO account_balances (company_id, balance_date, account_class, source, account_code, amount, "
            "currency) SELECT id, %s, 'CASH', 'xero', '1', 100, 'XAF' FROM companies",
            (FRIDAY,),
        )
    with opener() as work:
        found = work.working_capital.balances_on(company, [SATURDAY])[SATURDAY]
    assert found.cash is None
    assert found.reasons["cash"] == "XAF has no rates"
