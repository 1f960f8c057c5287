"""An account in another currency than the company's: each result says so, and what has no rate is unknown."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from shared.domain.working_capital import AccountClass
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from shared.use_cases.pull_books import BooksResult
from shared.use_cases.roll_up_working_capital import RollUpResult, roll_up_working_capital
from tests.fixtures.shop_pulls import DAY, Opener, pull
from tests.fixtures.shops import FakeShop, product, sale
from tests.fixtures.xero_books import Organisation
from tests.fixtures.xero_scene import XeroStage, open_stage
from workers.wiring import Wiring

NIGHT = datetime(2026, 6, 10, 2, tzinfo=UTC)


@pytest.fixture
def stage() -> Iterator[XeroStage]:
    with open_stage() as served:
        yield served


def roll_up(opener: OpenUnitOfWork, day: object = DAY) -> RollUpResult:
    return roll_up_working_capital(opener, lambda *_: None, day, day, day)  # type: ignore[arg-type]


def test_a_shop_in_pounds_is_named_to_the_company_that_counts_in_dollars(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    shop = FakeShop([product("MUG")], [[sale(1, "MUG", 2, DAY)]])
    named = {
        each: pull(unit_of_work_of(each), shop).currencies_that_differ for each in (acme, globex)
    }
    assert named == {acme: {}, globex: {"shopify_uk": "GBP"}}
    assert roll_up(unit_of_work_of(acme)).currencies_that_differ == {}
    opener = unit_of_work_of(globex)
    assert roll_up(opener).currencies_that_differ == {"shopify_uk": "GBP"}
    with opener() as work:
        flows = work.sales.daily_flows(work.companies.get(), DAY, DAY)[DAY]
    assert (flows.revenue, flows.cost_of_goods_sold) == (None, None)
    assert flows.reasons["revenue"] == "GBP has no rates"


def test_books_in_euros_are_named_and_their_balances_left_out(
    wiring: Wiring, acme: UUID, globex: UUID, stage: XeroStage, unit_of_work_of: Opener
) -> None:
    organisation = Organisation(wiring, acme, stage, 4, 10)
    organisation.xero.ledger.move_clock(NIGHT)
    result: BooksResult = organisation.pull(NIGHT)
    assert result.currencies_that_differ == {"xero": "EUR"}
    opener, yesterday = organisation.scene.opener, NIGHT.date() - timedelta(days=1)
    assert roll_up(opener, yesterday).currencies_that_differ == {"xero": "EUR"}
    assert roll_up(unit_of_work_of(globex)).currencies_that_differ == {}
    with opener() as work:
        company = work.companies.get()
        assert work.working_capital.balances_on(company, [yesterday])[yesterday].cash is None
        # What a person enters in the company's own currency counts beside books that do not.
        work.working_capital.enter(company, yesterday, {AccountClass.CASH: Decimal(99)})
        assert work.working_capital.balances_on(company, [yesterday])[yesterday].cash == 99
