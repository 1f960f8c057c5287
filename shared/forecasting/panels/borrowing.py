"""New SKUs borrow: the level of a SKU that is hardly known is drawn to that of others like it.

A usual day of it sells (sold + k·m) / (days + k). That is the mean of a Poisson rate whose prior is
a gamma distribution with the mean m and the weight of k days: gamma-Poisson shrinkage (DuMouchel
1999, "Bayesian data mining in large frequency tables"), its prior learnt from the others (empirical
Bayes, Robbins 1956). m is the mean of the first days of the other SKUs of its category and price
band. k is m over the variance of their rates, as the variance of that gamma distribution is m / k:
the more SKUs differ, the more its own days count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from shared.domain.series import SkuFacts
from shared.forecasting.arrays import Floats
from shared.forecasting.panels.features import LEAST_DAYS
from shared.forecasting.panels.model import PROBABILITIES
from shared.forecasting.panels.panel import Panel

Flags = NDArray[np.bool_]
FIRST_DAYS = LEAST_DAYS
# Of fewer others the mean is an accident, and so is the level of one that is known for less.
LEAST_OTHERS, LEAST_DAYS_OF_OTHERS = 3, 7
# Prices of a band are at most so many times, and at least such a part of, the SKU's own.
BAND = 2.0
# k in days. Others that are all alike do not silence what the SKU itself sells.
LEAST_WEIGHT, MOST_WEIGHT = 1.0, 7.0
# Half a year says what a week looks like; a big seller counts as one of so many units.
DAYS_OF_SHAPE, MOST_UNITS_OF_SHAPE = 182, 1000.0
# Units of a week without a shape: few sales are no shape yet.
EVEN_UNITS = 10.0
EXPONENTIAL = -np.log1p(-PROBABILITIES)
# Squares of amounts stay finite.
MOST_UNITS = 1e100


@dataclass(frozen=True, slots=True)
class Borrowed:
    """`means` (series, horizon) in units a day, NaN for SKUs that need nothing; `reasons` by row."""

    means: Floats
    reasons: Mapping[int, str] = field(default_factory=dict)

    def laid_over(self, means: Floats, quantiles: Floats) -> tuple[Floats, Floats]:
        """Return both with what was borrowed in place: (series, horizon) and (series, horizon, 15).

        Amounts are exponential, as wherever the spread is not known: they deviate by their mean.
        """
        ours, spread = ~np.isnan(self.means), self.means[..., None] * EXPONENTIAL
        return np.where(ours, self.means, means), np.where(ours[..., None], spread, quantiles)


@dataclass(frozen=True, slots=True)
class FirstDays:
    """The first 28 known days of each series, each figure of shape (series,).

    `known` counts all known days. `days` are those first ones as the week weighs them, `rates`
    units a usual day, and `variances` those of a day around its rate.
    """

    known: NDArray[np.intp]
    sold: Floats
    days: Floats
    rates: Floats
    variances: Floats

    @classmethod
    def of(cls, values: Floats, weights: Floats) -> "FirstDays":
        """Read `values` (series, periods) with the weight of each period, 1 for a usual day."""
        known = ~np.isnan(values)
        first = known & (np.cumsum(known, axis=1) <= FIRST_DAYS)
        sold = np.where(first, values, 0.0).sum(axis=1)
        days = (first * weights).sum(axis=1)
        rates = sold / np.where(days > 0, days, 1.0)
        errors = np.where(first, values - rates[:, None] * weights, 0.0)
        free = np.maximum(first.sum(axis=1) - 1, 1)
        return cls(known.sum(axis=1), sold, days, rates, (errors**2).sum(axis=1) / free)

    def shrunk(self, row: int, others: Flags) -> float:
        """Return what a usual day of that row sells, in units, with the mean of the others as prior."""
        mean = float(self.rates[others].mean())
        k = self.weight_of(others)
        return (float(self.sold[row]) + k * mean) / (float(self.days[row]) + k)

    def weight_of(self, others: Flags) -> float:
        """Return k: for how many days of a SKU's own the mean of the others counts, 1 to 7."""
        rates = self.rates[others]
        if len(rates) < LEAST_OTHERS:
            return LEAST_WEIGHT
        # Rates of so few days differ by chance, also where SKUs do not.
        by_chance = float((self.variances[others] / self.days[others]).mean())
        between, mean = float(rates.var(ddof=1)) - by_chance, float(rates.mean())
        if between * MOST_WEIGHT <= mean:
            return MOST_WEIGHT
        return max(mean / between, LEAST_WEIGHT)


@dataclass(frozen=True, slots=True)
class Kin:
    """Category and price of each series, and `usable`: whether it is known for a week."""

    categories: Sequence[str | None]
    prices: Floats
    usable: Flags

    @classmethod
    def of(cls, facts: Sequence[SkuFacts], known: NDArray[np.intp]) -> "Kin":
        """Read facts; a price that is not known is NaN and in no band."""
        prices = [np.nan if each.price is None else each.price for each in facts]
        categories = [each.category for each in facts]
        return cls(categories, np.array(prices, dtype=float), known >= LEAST_DAYS_OF_OTHERS)

    def others(self, row: int) -> tuple[Flags, str]:
        """Return whom that row borrows from, and how people call them; it may be nobody."""
        usable = self.usable.copy()
        usable[row] = False
        category = self.categories[row]
        if category is not None:
            alike = usable & np.array([each == category for each in self.categories])
            price = self.prices[row]
            near = alike & (self.prices >= price / BAND) & (self.prices <= price * BAND)
            for found in (near, alike):
                if found.sum() >= LEAST_OTHERS:
                    return found, f"category {category}"
        return usable, "all SKUs"


def borrow(panel: Panel, facts: Sequence[SkuFacts], horizon: int) -> Borrowed:
    """Return what SKUs known for fewer than 28 days are expected to sell, by the panel's week.

    `facts` are those of the series, in order. Where no other SKU is known, nothing is borrowed.
    """
    means = np.full((len(panel.ids), horizon), np.nan)
    new = np.flatnonzero((~np.isnan(panel.values)).sum(axis=1) < LEAST_DAYS)
    if not len(new):
        return Borrowed(means)
    values = np.minimum(panel.values, MOST_UNITS)
    shape = week_of(values, panel.season)
    weights = shape[np.arange(panel.periods + horizon) % panel.season]
    first = FirstDays.of(values, weights[: panel.periods])
    kin, reasons = Kin.of(facts, first.known), {}
    for row in map(int, new):
        others, name = kin.others(row)
        if others.any():
            means[row] = first.shrunk(row, others) * weights[panel.periods :]
            reasons[row] = f"borrowed from {name}: known for {_days(int(first.known[row]))}"
    return Borrowed(means, reasons)


def week_of(values: Floats, season: int) -> Floats:
    """Return how much each phase of the season sells of a usual day, shape (season,), mean 1.

    The phase of a period is its number modulo `season`. Each phase is units sold over units that
    even days would have sold, all series together.
    """
    recent = values[:, -DAYS_OF_SHAPE:]
    phases = (np.arange(values.shape[1]) % season)[-DAYS_OF_SHAPE:]
    known, filled = ~np.isnan(recent), np.nan_to_num(recent)
    totals = filled.sum(axis=1)
    damped = filled * (MOST_UNITS_OF_SHAPE / np.maximum(totals, MOST_UNITS_OF_SHAPE))[:, None]
    even = known * (damped.sum(axis=1) / np.maximum(known.sum(axis=1), 1))[:, None]
    sold = np.bincount(phases, damped.sum(axis=0), season) + EVEN_UNITS
    shape = sold / (np.bincount(phases, even.sum(axis=0), season) + EVEN_UNITS)
    return np.asarray(shape / shape.mean())


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
