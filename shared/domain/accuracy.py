"""How near a forecast came to what was sold.

The rows get it by SQL of `shared/persistence/repositories`, which the nightly task `forecasts.score` runs:
`forecasts.py` (SCORE_DEMAND) a forecast, `forecast_accuracy.py` (FILL_WEEK) a week. Tests of
`tests/integration/figures` hold both to the same values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from shared.domain.money import round_money

# Below it a prediction rounds to no unit at all.
NO_UNIT = Decimal("0.5")
ALL_RIGHT = Decimal(100)
ALL_WRONG = Decimal(0)
# How far ahead a day was forecast: the name of the distance, and its last day.
DISTANCES = (("1-7", 7), ("8-14", 14), ("15-28", 28))
FARTHEST, ALL_DISTANCES = "29+", "all"
# numeric(10, 4) holds no more; beyond it a measure says nothing but "very bad".
WORST = Decimal("999999.9999")
FOUR_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """Forecasts (a day of a SKU by a model from an origin) scored, the days they lie on, their mean.

    `mean_accuracy` is in percent, of those forecasts only; None where there were none. `drift` says
    in which way the newest complete week was worse than those before; None where it was not.
    """

    days: int
    forecasts_scored: int
    mean_accuracy: float | None
    drift: str | None = None


NOTHING_SCORED = ScoreResult(0, 0, None)


def accuracy_percent(predicted: Decimal, actual: Decimal) -> Decimal:
    """100 × (1 − |error| / actual), never below 0; on a day without a sale 100 for no unit, else 0.

    The bulk update in `persistence.repositories.forecasts` says the same in SQL.
    """
    if actual <= 0:
        return ALL_RIGHT if predicted < NO_UNIT else ALL_WRONG
    missed = 100 * abs(predicted - actual) / actual
    return max(ALL_WRONG, round_money(100 - missed))


@dataclass(frozen=True, slots=True)
class Scored:
    """Units predicted of a day and sold on it; bounds and the share of days that they are to hold, if known."""

    predicted: Decimal
    actual: Decimal
    lower: Decimal | None = None
    upper: Decimal | None = None
    level: Decimal | None = None

    @property
    def error(self) -> Decimal:
        """Above 0 where too much was predicted."""
        return self.predicted - self.actual

    @property
    def interval_score(self) -> Decimal | None:
        """Width of the interval, and 2/α for each unit outside it (Gneiting and Raftery 2007); None without bounds."""
        if self.lower is None or self.upper is None or self.level is None:
            return None
        outside = max(self.lower - self.actual, self.actual - self.upper, Decimal(0))
        return self.upper - self.lower + 2 / (1 - self.level) * outside

    @property
    def pinball(self) -> Decimal | None:
        """Mean of the losses of both bounds, as the quantiles α/2 and 1 − α/2; None without bounds."""
        if self.lower is None or self.upper is None or self.level is None:
            return None
        tail = (1 - self.level) / 2
        return (
            _loss(self.actual - self.lower, tail) + _loss(self.actual - self.upper, 1 - tail)
        ) / 2


@dataclass(frozen=True, slots=True)
class Scale:
    """Means of the squared and of the absolute change from day to day, in units; None where nothing changed."""

    squared: Decimal | None
    absolute: Decimal | None


@dataclass(frozen=True, slots=True)
class WeekAccuracy:
    """The measures of `forecast_accuracy`, at four places; None where one is not known."""

    forecasts: int
    wape: Decimal | None
    rmsse: Decimal | None
    pinball: Decimal | None
    msis: Decimal | None
    bias: Decimal | None
    coverage: Decimal | None


def name_distance(days: int) -> str:
    """The distance to which a forecast of so many days ahead belongs."""
    return next((name for name, last in DISTANCES if days <= last), FARTHEST)


def scale_of(demand: Sequence[Decimal]) -> Scale:
    """The scale of a SKU's errors, by its demand of the 365 days before the week, from its first sale on."""
    changes = [after - before for before, after in pairwise(demand)]
    return Scale(
        _mean([each * each for each in changes]) or None,
        _mean([abs(each) for each in changes]) or None,
    )


def judge_sku(scored: Sequence[Scored], scale: Scale) -> WeekAccuracy:
    """How good the forecasts of one SKU were; `scored` are those of one week, model and distance."""
    return _judge(scored, _rmsse(scored, scale), _msis(scored, scale))


def judge_together(skus: Sequence[tuple[Sequence[Scored], Scale]]) -> WeekAccuracy:
    """How good the forecasts of all SKUs were: what is scaled is the mean over SKUs that have a scale.

    The other measures are those of all forecasts together, so that a SKU counts as it sells.
    """
    rmsse = [value for each in skus if (value := _rmsse(*each)) is not None]
    msis = [value for each in skus if (value := _msis(*each)) is not None]
    return _judge([each for scored, _ in skus for each in scored], _mean(rmsse), _mean(msis))


def _judge(scored: Sequence[Scored], rmsse: Decimal | None, msis: Decimal | None) -> WeekAccuracy:
    sold = sum((each.actual for each in scored), Decimal(0))
    missed = sum((abs(each.error) for each in scored), Decimal(0))
    too_much = sum((each.error for each in scored), Decimal(0))
    pinball = [loss for each in scored if (loss := each.pinball) is not None]
    held = [
        Decimal(each.lower <= each.actual <= each.upper)
        for each in scored
        if each.lower is not None and each.upper is not None and each.level is not None
    ]
    return WeekAccuracy(
        len(scored),
        _rounded(missed / sold if sold > 0 else None),
        _rounded(rmsse),
        _rounded(_mean(pinball)),
        _rounded(msis),
        _rounded(too_much / sold if sold > 0 else None),
        _rounded(_mean(held)),
    )


def _rmsse(scored: Sequence[Scored], scale: Scale) -> Decimal | None:
    squared = _mean([each.error * each.error for each in scored])
    return None if squared is None or scale.squared is None else (squared / scale.squared).sqrt()


def _msis(scored: Sequence[Scored], scale: Scale) -> Decimal | None:
    spread = _mean([score for each in scored if (score := each.interval_score) is not None])
    return None if spread is None or scale.absolute is None else spread / scale.absolute


def _loss(missed: Decimal, quantile: Decimal) -> Decimal:
    return max(quantile * missed, (quantile - 1) * missed)


def _mean(values: Sequence[Decimal]) -> Decimal | None:
    return sum(values, Decimal(0)) / len(values) if values else None


def _rounded(value: Decimal | None) -> Decimal | None:
    return None if value is None else min(value, WORST).quantize(FOUR_PLACES, ROUND_HALF_UP)
