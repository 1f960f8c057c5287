"""One unit of work is one transaction of one tenant; without a tenant there is none."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest

from shared.errors import (
    DatabaseUnavailable,
    ServiceError,
    TenantForbidden,
    TenantMissing,
    TenantSuspended,
)
from shared.persistence.database import Database
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from workers.wiring import Wiring

Opener = Callable[[UUID], OpenUnitOfWork]


def test_an_unknown_tenant_is_an_error(unit_of_work_of: Opener) -> None:
    with pytest.raises(TenantMissing, match="is not a tenant"), unit_of_work_of(uuid4())():
        raise AssertionError("no unit of work may open")


@pytest.mark.parametrize("status", ["SUSPENDED", "CANCELLED"])
def test_a_tenant_that_may_not_run_is_refused(
    wiring: Wiring, acme: UUID, unit_of_work_of: Opener, status: str
) -> None:
    with wiring.admin.transaction() as connection:
        connection.execute(
            "UPDATE public.tenants SET subscription_status = %s::public.subscription_status "
            "WHERE id = %s",
            (status, acme),
        )
    with (
        pytest.raises((TenantForbidden, TenantSuspended), match=f"acme is {status.lower()}"),
        unit_of_work_of(acme)(),
    ):
        raise AssertionError("no unit of work may open")


def test_a_deleted_tenant_is_an_error(wiring: Wiring, acme: UUID, unit_of_work_of: Opener) -> None:
    with wiring.admin.transaction() as connection:
        connection.execute("UPDATE public.tenants SET deleted_at = now() WHERE id = %s", (acme,))
    with pytest.raises(TenantMissing), unit_of_work_of(acme)():
        raise AssertionError("no unit of work may open")


def test_each_tenant_sees_its_own_company(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    with unit_of_work_of(acme)() as work:
        assert (work.companies.get().name, work.companies.get().currency) == ("Acme", "GBP")
    with unit_of_work_of(globex)() as work:
        assert (work.companies.get().name, work.companies.get().currency) == ("Globex", "USD")


def test_no_connection_goes_back_to_the_pool_with_a_tenant_on_it(
    database_url: str, acme: UUID
) -> None:
    with Database(database_url, pool_max=1) as database:
        with tenant_transaction(database, acme) as connection:
            connection.execute("SELECT count(*) FROM companies")
        with database.transaction() as connection:
            row = connection.execute(
                "SELECT current_user, current_setting('search_path') AS path, "
                "nullif(current_setting('app.current_tenant_id', true), '') AS tenant"
            ).fetchone()
        assert row == {
            "current_user": "capliquify_owner",
            "path": '"$user", public',
            "tenant": None,
        }
        with pytest.raises(psycopg.errors.UndefinedTable), database.transaction() as connection:
            connection.execute("SELECT count(*) FROM companies")


def test_an_error_that_is_swallowed_does_not_pass_for_a_commit(wiring: Wiring) -> None:
    with (
        pytest.raises(ServiceError, match="rolled back"),
        wiring.admin.transaction() as connection,
        suppress(psycopg.errors.DivisionByZero),
    ):
        connection.execute("SELECT 1 / 0")


def test_an_error_inside_keeps_nothing_and_leaves_no_tenant_behind(
    database_url: str, acme: UUID, unit_of_work_of: Opener
) -> None:
    with pytest.raises(ZeroDivisionError), unit_of_work_of(acme)() as work:
        work.credentials.reserve(work.companies.get().id, "shopify_uk", "ecommerce")
        work.audit.write("credential.stored", "credential")
        raise ZeroDivisionError
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM public.audit_logs WHERE action = 'credential.stored'"
        ).fetchone()
        assert row == (0,)


def test_an_unbound_transaction_does_not_fall_back_to_public(wiring: Wiring, acme: UUID) -> None:
    with (
        pytest.raises(psycopg.errors.UndefinedTable),
        wiring.admin.transaction() as connection,
    ):
        connection.execute("SELECT total_amount FROM sales")


def test_an_unreachable_database_is_one_clear_line() -> None:
    with (
        Database("postgresql://x@127.0.0.1:1/none", acquire_timeout_s=0.5) as database,
        pytest.raises(DatabaseUnavailable, match="no connection to PostgreSQL"),
        database.transaction(),
    ):
        raise AssertionError("no transaction may open")


def test_money_comes_back_to_the_penny(acme: UUID, globex: UUID, unit_of_work_of: Opener) -> None:
    from datetime import date

    from shared.domain.working_capital import AccountClass

    with unit_of_work_of(acme)() as work:
        company = work.companies.get()
        amounts = {AccountClass.CASH: Decimal("1234.56")}
        assert work.working_capital.enter(company, date(2026, 1, 31), amounts) == 1
        assert work.working_capital.enter(company, date(2026, 1, 31), amounts) == 0
        found = work.working_capital.balances_on(company, [date(2026, 1, 30), date(2026, 2, 28)])
    assert [found[day].cash for day in sorted(found)] == [None, Decimal("1234.56")]
    with unit_of_work_of(globex)() as work:
        elsewhere = work.working_capital.balances_on(work.companies.get(), [date(2026, 2, 28)])
    assert elsewhere[date(2026, 2, 28)].cash is None
