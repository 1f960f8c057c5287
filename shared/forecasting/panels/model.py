"""What every member offers, whether it learns each series alone or all together."""

from collections.abc import Sequence
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

import numpy as np

from shared.forecasting.arrays import Floats
from shared.forecasting.panels.panel import Panel

PROBABILITIES = np.array(
    [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99]
)


class FittedMember(Protocol):
    """A member that has learnt."""

    def predict(self, panel: Panel, horizon: int) -> Floats:
        """Return what is expected after the panel's last period, shape (series, horizon).

        The panel has the series that were learnt, in that order, and may go further than what
        was learnt: states follow the new periods, parameters stay. A series that the member
        cannot forecast is a row of NaN.
        """
        ...

    def arranged(self, rows: Sequence[int | None]) -> Self:
        """Return the same for other series: the learnt ones at `rows`, None for one not learnt."""
        ...

    def packed(self) -> Any:
        """Return what was learnt as a tree that `packing.pack` takes."""
        ...


@runtime_checkable
class Distributed(Protocol):
    """A fitted member that also says how likely each amount is."""

    def distribution(self, panel: Panel, horizon: int) -> Floats:
        """Return quantiles at PROBABILITIES, shape (series, horizon, 15); NaN where it has none."""
        ...


class Member(Protocol):
    """Parameters of one method; `fit` leaves them untouched."""

    @property
    def name(self) -> str:
        """Its name in weights, tables and the ledger."""
        ...

    @property
    def learns_alone(self) -> bool:
        """Whether each series is learnt on its own, so that some of them say how good it is."""
        ...

    def fit(self, panel: Panel, horizon: int) -> FittedMember | None:
        """Learn from a panel; None where it has too little to learn from."""
        ...

    def unpacked(self, tree: Any) -> FittedMember:
        """Return what `packed` of its own fit gave; it predicts the same numbers."""
        ...


Each = TypeVar("Each")


def picked(each: Sequence[Each], rows: Sequence[int | None]) -> tuple[Each | None, ...]:
    """Return those of `each` that stand at `rows`, None for None."""
    return tuple(None if row is None else each[row] for row in rows)
