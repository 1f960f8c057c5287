"""The bank's tables, read in both dialects, whole and broken."""

from datetime import date
from decimal import Decimal

import pytest

from shared.connectors.ecb.sheet import read_sheet
from shared.domain.exchange_rates import DayRate
from shared.errors import VendorUnavailable

HISTORY = """Date,USD,JPY,BGN,
2026-10-30,1.1172,175.68,N/A,
2026-10-29,1.118,175.5,,
"""
NEWEST = """Date, USD, JPY, BGN,
30 October 2026, 1.1172, 175.68, 1.95580,
"""


def test_the_history_has_a_row_a_day_and_an_empty_column_at_the_end() -> None:
    found = read_sheet(HISTORY)
    assert found.rates == (
        DayRate(date(2026, 10, 30), "USD", Decimal("1.1172")),
        DayRate(date(2026, 10, 30), "JPY", Decimal("175.68")),
        DayRate(date(2026, 10, 29), "USD", Decimal("1.118")),
        DayRate(date(2026, 10, 29), "JPY", Decimal("175.5")),
    )
    assert found.rejected == ()


def test_the_newest_day_writes_its_month_as_a_word_and_pads() -> None:
    assert read_sheet(NEWEST).rates == (
        DayRate(date(2026, 10, 30), "USD", Decimal("1.1172")),
        DayRate(date(2026, 10, 30), "JPY", Decimal("175.68")),
        DayRate(date(2026, 10, 30), "BGN", Decimal("1.95580")),
    )


@pytest.mark.parametrize(
    "text", ["", "<!DOCTYPE html><html>", "Date,usd\n2026-10-30,1\n", "Date,USD,\n", "Datum,USD\n"]
)
def test_what_is_no_table_is_asked_for_again(text: str) -> None:
    with pytest.raises(VendorUnavailable, match="ecb: the "):
        read_sheet(text)


def test_a_line_that_is_cut_off_and_a_cell_that_is_no_rate_take_nothing_with_them() -> None:
    text = "Date,USD,JPY,\n2026-10-30,1.1172,-3,\n31/10/2026,1,1,\n2026-10-29,nan,175.5,\n2026-10-28,1.1"
    found = read_sheet(text)
    assert [(each.day.day, each.currency) for each in found.rates] == [(30, "USD"), (29, "JPY")]
    assert [(each.record_key, each.field, each.reason) for each in found.rejected] == [
        ("2026-10-30 JPY", "JPY", "'-3' is no rate"),
        ("31/10/2026", "Date", "'31/10/2026' is no day"),
        ("2026-10-29 USD", "USD", "'nan' is no rate"),
        ("2026-10-28", "line", "has 2 cells of 4"),
    ]


def test_a_day_that_stands_there_twice_counts_once_and_amounts_beyond_the_table_are_left_out() -> (
    None
):
    text = "Date,USD,JPY,\n2026-10-30,1.1,0.0000001,\n2026-10-30,1.2,99999999,\n1901-01-01,1,1,\n"
    found = read_sheet(text)
    assert found.rates == (DayRate(date(2026, 10, 30), "USD", Decimal("1.2")),)
    assert len(found.rejected) == 3
