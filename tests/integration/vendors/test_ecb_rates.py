"""The bank's rates, fetched over a socket into the table that all tenants read."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from starlette.applications import Starlette

from sandbox.ecb import FAULTS, EcbSandbox, made_up_rates
from shared.connectors.ecb.client import EcbRates
from shared.domain.exchange_rates import DayRate, NoRate, Rate
from shared.errors import VendorUnavailable
from shared.http.client import VendorHttp
from shared.persistence.repositories.exchange_rates import ExchangeRateRepository, PublicRates
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.refresh_rates import last_published, refresh_rates
from tests.fixtures.sandbox import serve
from workers.wiring import Wiring

FRIDAY = date(2026, 10, 30)
# 17:00 in Frankfurt.
FRIDAY_EVENING = datetime(2026, 10, 30, 16, tzinfo=UTC)


@pytest.fixture
def bank() -> EcbSandbox:
    return EcbSandbox(made_up_rates(date(2026, 9, 1), FRIDAY))


@pytest.fixture
def source(bank: EcbSandbox) -> Iterator[EcbRates]:
    with (
        serve(Starlette(routes=bank.routes)) as url,
        VendorHttp("ecb", url, {}, attempts=1) as http,
    ):
        yield EcbRates(http, url)


def test_all_days_are_read_at_first_then_one_a_day_and_nothing_in_between(
    wiring: Wiring, acme: UUID, globex: UUID, bank: EcbSandbox, source: EcbRates
) -> None:
    kept = PublicRates(wiring.dispatcher)
    assert refresh_rates(source, kept, FRIDAY_EVENING) == len(bank.rates)
    assert refresh_rates(source, kept, FRIDAY_EVENING) == 0
    assert refresh_rates(source, kept, FRIDAY_EVENING + timedelta(days=2)) == 0
    assert bank.asked == ["history"]
    monday = FRIDAY + timedelta(days=3)
    bank.rates += [DayRate(monday, "USD", Decimal("1.2500"))]
    assert refresh_rates(source, kept, FRIDAY_EVENING + timedelta(days=3)) == 1
    assert bank.asked == ["history", "newest"]
    for tenant in (acme, globex):
        with tenant_transaction(wiring.database, tenant) as connection:
            table = ExchangeRateRepository(connection).table({"USD", "GBP"}, monday, monday)
        assert table.between("EUR", "USD", monday) == Rate(Decimal("1.25"), 0)
        found = table.between("USD", "GBP", monday)
        assert isinstance(found, Rate)
        assert (found.age_days, found.is_old) == (3, False)


def test_after_days_without_a_connection_all_days_are_read_again(
    wiring: Wiring, bank: EcbSandbox, source: EcbRates
) -> None:
    kept = PublicRates(wiring.dispatcher)
    refresh_rates(source, kept, FRIDAY_EVENING)
    bank.rates = made_up_rates(date(2026, 9, 1), date(2026, 11, 4))
    assert refresh_rates(source, kept, datetime(2026, 11, 4, 18, tzinfo=UTC)) == 15
    assert bank.asked == ["history", "history"]


def test_a_rate_that_the_bank_corrects_is_corrected(
    wiring: Wiring, bank: EcbSandbox, source: EcbRates
) -> None:
    kept = PublicRates(wiring.dispatcher)
    kept.keep([DayRate(FRIDAY - timedelta(days=7), "USD", Decimal(9))])
    refresh_rates(source, kept, FRIDAY_EVENING)
    with wiring.dispatcher.transaction() as connection:
        row = connection.execute(
            "SELECT count(*) AS n FROM public.exchange_rates WHERE rate = 9"
        ).fetchone()
    assert row == {"n": 0}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_that_is_no_table_changes_nothing_and_is_asked_for_again(
    wiring: Wiring, bank: EcbSandbox, source: EcbRates, fault: str
) -> None:
    kept = PublicRates(wiring.dispatcher)
    bank.fault = fault
    with pytest.raises(VendorUnavailable, match="ecb: "):
        refresh_rates(source, kept, FRIDAY_EVENING)
    assert kept.newest_day() is None
    bank.fault = None
    assert refresh_rates(source, kept, FRIDAY_EVENING) == len(bank.rates)


def test_a_stale_file_is_taken_and_asked_for_again_later(
    wiring: Wiring, bank: EcbSandbox, source: EcbRates
) -> None:
    kept = PublicRates(wiring.dispatcher)
    refresh_rates(source, kept, FRIDAY_EVENING)
    for _ in range(2):
        assert refresh_rates(source, kept, FRIDAY_EVENING + timedelta(days=3)) == 0
    assert bank.asked == ["history", "newest", "newest"]


def test_rates_are_expected_on_working_days_after_four_in_frankfurt() -> None:
    assert last_published(datetime(2026, 10, 30, 15, 0, tzinfo=UTC)) == date(2026, 10, 29)
    assert last_published(datetime(2026, 10, 30, 15, 15, tzinfo=UTC)) == FRIDAY
    assert last_published(datetime(2026, 11, 2, 8, tzinfo=UTC)) == FRIDAY
    # In summer Frankfurt is two hours ahead.
    assert last_published(datetime(2026, 7, 31, 14, 15, tzinfo=UTC)) == date(2026, 7, 31)


def test_no_rate_is_made_up_for_a_currency_that_the_bank_does_not_have(
    wiring: Wiring, acme: UUID, source: EcbRates
) -> None:
    refresh_rates(source, PublicRates(wiring.dispatcher), FRIDAY_EVENING)
    with tenant_transaction(wiring.database, acme) as connection:
        table = ExchangeRateRepository(connection).table({"USD", "VND"}, FRIDAY, FRIDAY)
    assert table.between("VND", "USD", FRIDAY) == NoRate("VND has no rates")


def test_a_rate_of_a_day_to_come_does_not_stand_in_the_way(
    wiring: Wiring, bank: EcbSandbox, source: EcbRates
) -> None:
    kept = PublicRates(wiring.dispatcher)
    rates = len(bank.rates)
    bank.rates.append(DayRate(date(2062, 10, 30), "USD", Decimal(1)))
    assert refresh_rates(source, kept, FRIDAY_EVENING) == rates
    assert kept.newest_day() == FRIDAY
