"""Many series on one calendar: what every step from fitting to scoring works on."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from shared.errors import InvalidInput
from shared.forecasting.arrays import Floats

LARGEST_AMOUNT = 1e300
STEADY_PERIODS = 8


@dataclass(frozen=True, slots=True)
class Panel:
    """`values[i, t]` is the amount of series `ids[i]` in the period `t`; shape (series, periods).

    NaN means unknown: before a series began, and in periods out of stock. All series end
    together. `season` is how many periods make a season: 7 for days, 52 for weeks, 12 for
    months. `start` is the first day of a daily panel; other panels have none.
    """

    ids: tuple[str, ...]
    values: Floats
    season: int = 7
    start: date | None = None
    # Whether amounts are whole units; None lets the values say it.
    is_whole: bool | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[0] != len(self.ids):
            raise InvalidInput(
                f"panel: {len(self.ids)} ids and values of shape {self.values.shape}; give a row an id"
            )
        if self.season < 1:
            raise InvalidInput(f"season: {self.season} periods; give 1 or more")
        known = self.values[~np.isnan(self.values)]
        if known.size and not (known.min() >= 0 and known.max() <= LARGEST_AMOUNT):
            raise InvalidInput(
                "panel: an amount is negative or beyond 1e300; net returns elsewhere"
            )

    @property
    def periods(self) -> int:
        """How many periods the calendar has."""
        return int(self.values.shape[1])

    @property
    def is_daily(self) -> bool:
        """Whether periods are days with a known date."""
        return self.start is not None

    def day(self, period: int) -> date:
        """The date of a period of a daily panel, also of one to come."""
        if self.start is None:
            raise InvalidInput("panel: it has no days; give `start`")
        return self.start + timedelta(days=period)

    @property
    def sells_whole_units(self) -> bool:
        """Whether no amount has a fraction."""
        if self.is_whole is not None:
            return self.is_whole
        known = self.values[~np.isnan(self.values)]
        return bool(np.array_equal(known, np.floor(known)))

    @property
    def end(self) -> int:
        """Where the last period stands: days of the calendar, or periods since the panel began."""
        return self.periods - 1 + (0 if self.start is None else self.start.toordinal())

    def until(self, period: int) -> "Panel":
        """The same series up to and including `period`."""
        return replace(self, values=self.values[:, : period + 1])

    def only(self, rows: list[int]) -> "Panel":
        """The series of those rows."""
        return replace(self, ids=tuple(self.ids[row] for row in rows), values=self.values[rows])

    def history(self, row: int) -> Floats:
        """One series from its first known period on; gaps are filled by the latest known season."""
        known = np.flatnonzero(~np.isnan(self.values[row]))
        if known.size == 0:
            return np.zeros(0)
        return filled(self.values[row, known[0] :], self.season)


def constant_rows(panel: Panel) -> NDArray[np.bool_]:
    """Whether each series never moved in eight known periods or more: it is expected to stay."""
    known = ~np.isnan(panel.values)
    highest = np.nan_to_num(panel.values, nan=-np.inf).max(axis=1)
    lowest = np.nan_to_num(panel.values, nan=np.inf).min(axis=1)
    return np.asarray((known.sum(axis=1) >= STEADY_PERIODS) & (highest == lowest))


def filled(values: Floats, season: int) -> Floats:
    """Return the series with each NaN replaced by the mean of the same phase up to three seasons back.

    Local models need whole series; a day out of stock is to them as usual for its weekday.
    """
    if not np.isnan(values).any():
        return values
    answer = values.copy()
    overall = float(np.nanmean(values))
    for at in np.flatnonzero(np.isnan(values)):
        before = answer[max(0, at - 3 * season) : at][::-1][season - 1 :: season]
        answer[at] = float(before.mean()) if before.size else overall
    return answer
