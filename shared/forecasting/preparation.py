"""What a history must be before any model sees it, and what a model needs of it."""

import math
from datetime import timedelta

from shared.domain.series import Series
from shared.errors import InvalidInput

KEPT_DAYS = 28
LARGEST_AMOUNT = 1e300
FLAT_SHARE = 1e-9


def prepared(series: Series) -> Series:
    """Return the checked history without the zeros before the first sale.

    A product not yet on sale is not a product with no demand, so leading zeros go; at least
    the last 28 days stay, or a single sale on the last day would look like a steady seller.
    Raises InvalidInput when the history is empty or a day is not a number from 0 to 1e300.
    """
    _check(series)
    first_sale = next((i for i, value in enumerate(series.values) if value > 0), 0)
    dropped = max(0, min(first_sale, len(series.values) - KEPT_DAYS))
    if dropped == 0:
        return series
    start = series.start + timedelta(days=dropped)
    return Series(series.unique_id, start, series.values[dropped:])


def unfit_reason(series: Series, minimum_days: int) -> str | None:
    """Say in words why a model cannot learn from a prepared history; None when it can.

    Reasons: all zeros, a constant (spread below a billionth of the maximum), or fewer than
    `minimum_days` days.
    """
    highest, lowest = max(series.values), min(series.values)
    if highest == 0:
        return "the history is all zeros"
    if len(series.values) < minimum_days:
        return f"the history has {_days(len(series.values))}, {minimum_days} are needed"
    if highest - lowest <= FLAT_SHARE * highest:
        return "the history is constant"
    return None


def _check(series: Series) -> None:
    if not series.values:
        raise InvalidInput(f"series {series.unique_id}: no days of history, give at least one")
    for offset, value in enumerate(series.values):
        if not (math.isfinite(value) and 0 <= value <= LARGEST_AMOUNT):
            day = series.start + timedelta(days=offset)
            raise InvalidInput(
                f"series {series.unique_id}: the amount on {day} is {value},"
                " give a number from 0 to 1e300 (returns netted elsewhere)"
            )


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
