"""Long work in slices: when its time is up the job goes on later, from what is kept, and frees its worker."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from shared.errors import SliceOver
from shared.use_cases.ports.progress import Report

# Well below a task's deadline, so that no attempt is lost to it.
SLICE_S = 1200.0


@dataclass(slots=True)
class Slice:
    """A report that ends the run, between two of its transactions, once the slice is over."""

    report: Report
    seconds: float = SLICE_S
    clock: Callable[[], float] = time.monotonic
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def __call__(self, done: int, total: int | None, message: str) -> None:
        """Reports; raises `SliceOver` when it is time for others."""
        self.report(done, total, message)
        if self.clock() - self._began > self.seconds:
            raise SliceOver(f"{message}; the rest goes on in another slice", 1.0)
