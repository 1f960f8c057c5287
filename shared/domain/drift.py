"""When forecasts became so much worse that models are to be learnt again (D-132)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

# A week is compared with so many before it, and with fewer than four it is not.
WEEKS_COMPARED, FEWEST_WEEKS = 8, 4
# What an owner notices; models that learn in vain cost little.
WORSE_BY = Decimal("1.3")
# Of the 95 % that bounds are to hold; fewer forecasts say too little of a share.
ASKED_LEVEL, LEAST_COVERAGE, FEWEST_FORECASTS = Decimal("0.95"), Decimal("0.80"), 100


@dataclass(frozen=True, slots=True)
class WeekJudged:
    """A complete week of the ensemble, of all SKUs together; `level` is the share that its bounds were to hold."""

    week_start: date
    forecasts: int
    wape: Decimal | None
    coverage: Decimal | None
    level: Decimal | None


def find_drift(newest: WeekJudged, before: Sequence[WeekJudged]) -> str | None:
    """Why models are to be learnt again after the newest week; None where it is like those before.

    `before` are weeks of the eight before it, in any order.
    """
    known = [each.wape for each in before if each.wape is not None]
    if newest.wape is not None and len(known) >= FEWEST_WEEKS:
        mean = sum(known, Decimal(0)) / len(known)
        if mean > 0 and newest.wape >= WORSE_BY * mean:
            return (
                f"week of {newest.week_start}: WAPE {newest.wape:.2f}, "
                f"{mean:.2f} in the {len(known)} weeks before"
            )
    if (
        newest.coverage is not None
        and newest.level == ASKED_LEVEL
        and newest.forecasts >= FEWEST_FORECASTS
        and newest.coverage < LEAST_COVERAGE
    ):
        return (
            f"week of {newest.week_start}: {newest.coverage:.0%} of days within their bounds, "
            f"{newest.level:.0%} asked"
        )
    return None
