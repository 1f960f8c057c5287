"""The bank's tables of rates: a row a day, a column a currency, in two dialects.

The history writes days as 2026-10-30 and ends each line with a comma. The newest day alone writes
30 October 2026, blanks after commas and zeros behind. N/A and nothing mean: no rate that day.
Source: https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates
"""

import csv
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from shared.domain.exchange_rates import DayRate, RateSheet
from shared.domain.rejections import reject
from shared.domain.sales import RejectedRecord
from shared.errors import SkipRecord, VendorUnavailable

FIRST_COLUMN = "Date"
ABSENT = ("", "N/A")
CODE_LETTERS = 3
LEAST_RATE, LARGEST_RATE = Decimal("0.000001"), Decimal(10_000_000)
FIRST_DAY = date(1999, 1, 1)
LONGEST_LINE = 10_000


def read_sheet(text: str) -> RateSheet:
    """Read either table; raises `VendorUnavailable` for what is none, such as a page in HTML."""
    lines = csv.reader(line[:LONGEST_LINE] for line in text.splitlines())
    header = [each.strip() for each in next(lines, [])]
    currencies = header[1:-1] if header and header[-1] == "" else header[1:]
    if header[:1] != [FIRST_COLUMN] or not all(map(_is_code, currencies)):
        raise VendorUnavailable("ecb: the answer is no table of rates")
    rates: list[DayRate] = []
    rejected: list[RejectedRecord] = []
    for cells in lines:
        key = cells[0] if cells else "line"
        try:
            rates += _read_line(cells, currencies, len(header), rejected)
        except SkipRecord as error:
            rejected.append(reject(key, error))
    if not rates:
        raise VendorUnavailable("ecb: the table has no rates")
    # Of a day and currency that stand there twice the last one counts.
    once = {(each.day, each.currency): each for each in rates}
    return RateSheet(tuple(once.values()), tuple(rejected))


def _read_line(
    cells: Sequence[str], currencies: Sequence[str], width: int, rejected: list[RejectedRecord]
) -> Iterator[DayRate]:
    if len(cells) != width:
        raise SkipRecord(f"line: has {len(cells)} cells of {width}")
    day = _read_day(cells[0])
    for currency, cell in zip(currencies, cells[1:], strict=False):
        if cell.strip() not in ABSENT:
            try:
                yield DayRate(day, currency, _read_rate(currency, cell.strip()))
            except SkipRecord as error:
                rejected.append(reject(f"{day} {currency}", error))


def _read_day(cell: str) -> date:
    for form in ("%Y-%m-%d", "%d %B %Y"):
        try:
            day = datetime.strptime(cell.strip(), form).date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            continue
        if day >= FIRST_DAY:
            return day
    raise SkipRecord(f"Date: {cell[:40]!r} is no day")


def _read_rate(currency: str, cell: str) -> Decimal:
    try:
        rate = Decimal(cell)
    except InvalidOperation:
        rate = Decimal(0)
    if not (rate.is_finite() and LEAST_RATE <= rate < LARGEST_RATE):
        raise SkipRecord(f"{currency}: {cell[:40]!r} is no rate")
    return rate


def _is_code(text: str) -> bool:
    return len(text) == CODE_LETTERS and text.isascii() and text.isalpha() and text.isupper()
