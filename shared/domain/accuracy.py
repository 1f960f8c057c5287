"""How near a forecast came to what was sold.

The rows get it by the SQL of `shared/persistence/repositories/forecasts.py` (SCORE_DEMAND), which the nightly task
`forecasts.score` runs; `tests/integration/figures/test_score_forecasts.py` holds both to the same values.
"""

from dataclasses import dataclass
from decimal import Decimal

from shared.domain.money import round_money

# Below it a prediction rounds to no unit at all.
NO_UNIT = Decimal("0.5")
ALL_RIGHT = Decimal(100)
ALL_WRONG = Decimal(0)


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """Forecasts (a day of a SKU by a model from an origin) scored, the days they lie on, their mean.

    `mean_accuracy` is in percent, of those forecasts only; None where there were none.
    """

    days: int
    forecasts_scored: int
    mean_accuracy: float | None


NOTHING_SCORED = ScoreResult(0, 0, None)


def accuracy_percent(predicted: Decimal, actual: Decimal) -> Decimal:
    """100 × (1 − |error| / actual), never below 0; on a day without a sale 100 for no unit, else 0.

    The bulk update in `persistence.repositories.forecasts` says the same in SQL.
    """
    if actual <= 0:
        return ALL_RIGHT if predicted < NO_UNIT else ALL_WRONG
    missed = 100 * abs(predicted - actual) / actual
    return max(ALL_WRONG, round_money(100 - missed))
