"""Learn a tenant's models where that is due, and look ahead with them."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.domain.learnt_models import (
    LearntModels,
    Needed,
    UnreadableModels,
    is_own_day,
    why_learn,
)
from shared.domain.series import Horizon, NodeForecasts
from shared.use_cases.forecast_inputs import Found
from shared.use_cases.ports.forecasts import Forecaster
from shared.use_cases.ports.progress import Report
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork


@dataclass(frozen=True, slots=True)
class Learner:
    """Learning takes forty times as long as looking ahead: it is done once a week, or with a reason."""

    open_unit_of_work: OpenUnitOfWork
    forecaster: Forecaster
    found: Found
    horizon: Horizon

    def look_ahead(self, report: Report) -> tuple[Iterator[NodeForecasts], str | None]:
        """The forecasts of all nodes, and why the models had to learn; None where they had not."""
        found, stored, skus = self.found, self.found.stored, len(self.found.inputs.series)
        needed = Needed(self.forecaster.version, found.first, found.origin, skus)
        reason = why_learn(stored, needed, is_own_day(found.company_id, found.origin))
        if stored is not None and stored.state is not None and reason is None:
            try:
                return self._forecast(stored.state, report), None
            except UnreadableModels:
                reason = "what was stored cannot be read"
        stages = Stages(report, skus)
        state = self._learn(stages)
        return self._forecast(state, stages.second), reason

    def _forecast(self, state: bytes, report: Report) -> Iterator[NodeForecasts]:
        return self.forecaster.forecast(self.found.inputs, self.horizon, state, report)

    def _learn(self, stages: "Stages") -> bytes:
        found = self.found
        state = self.forecaster.learn(found.inputs, self.horizon, stages.first)
        learnt = LearntModels(
            self.forecaster.version, found.first, found.origin, len(found.inputs.series), state
        )
        with self.open_unit_of_work() as work:
            work.forecast_models.put(found.company_id, self.horizon.days, learnt)
        return state


@dataclass(slots=True)
class Stages:
    """Two stages as one row of steps; the second has `following` of them."""

    report: Report
    following: int
    before: int = 0

    def first(self, done: int, total: int | None, message: str) -> None:
        """A step of the first stage."""
        self.before = total or done
        self.report(done, self.before + self.following, message)

    def second(self, done: int, total: int | None, message: str) -> None:
        """A step of the second stage."""
        self.report(self.before + done, self.before + (total or self.following), message)
