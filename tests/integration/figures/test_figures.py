"""Working capital and usage, from rows in the tables."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from demo.figures import read_latest_capital
from shared.domain.working_capital import AccountClass
from shared.errors import InvalidInput
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.enter_balances import enter_balances
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from shared.use_cases.roll_up_working_capital import RollUpResult, roll_up_working_capital
from shared.use_cases.sample_usage import sample_usage
from tests.fixtures.figure_shop import DAY, counted, silent, stock
from tests.fixtures.shops import product, sale
from workers.wiring import Wiring

Opener = Callable[[UUID], OpenUnitOfWork]


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
