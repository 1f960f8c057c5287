"""The beat that sends the ticks.

The beat counts seconds and reads no clock: a machine whose time jumps misses nothing and sends nothing twice
as fast. What is due at which hour is decided by the scans, by PostgreSQL's time, and once.
"""

import time
from datetime import datetime, timedelta
from typing import Any

from celery.beat import Scheduler
from celery.schedules import BaseSchedule, schedstate

from schedules.ticks import TICKS


class Every(BaseSchedule):  # type: ignore[misc]
    """Due at once, and then every so many seconds of this machine's steady counter."""

    def __init__(self, every_s: int, **options: Any) -> None:
        super().__init__(**options)
        self._every_s = every_s
        self._next = 0.0

    def is_due(self, last_run_at: datetime) -> schedstate:
        """Whether it is due, and in how many seconds it will be."""
        left_s = self._next - time.monotonic()
        return schedstate(True, self._every_s) if left_s <= 0 else schedstate(False, left_s)

    def begin_again(self) -> None:
        """It was sent: the next time is reckoned from now."""
        self._next = time.monotonic() + self._every_s

    def remaining_estimate(self, last_run_at: datetime) -> timedelta:
        """How long until it is due."""
        return timedelta(seconds=max(self._next - time.monotonic(), 0.0))


class SteadyScheduler(Scheduler):  # type: ignore[misc]
    """Celery's beat without a file, its heap in order by the steady counter."""

    def reserve(self, entry: Any) -> Any:
        """The entry that takes this one's place when it is sent."""
        entry.schedule.begin_again()
        return super().reserve(entry)

    def _when(self, entry: Any, next_time_to_run: float, **_: Any) -> float:
        return time.monotonic() + float(self.adjust(next_time_to_run) or 0.0)


def beat_schedule() -> dict[str, dict[str, object]]:
    """The ticks as Celery beat takes them."""
    return {
        name: {"task": tick.scan, "schedule": Every(tick.every_s)} for name, tick in TICKS.items()
    }
