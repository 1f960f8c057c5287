"""A clock that is set by hand: what happens after its instant has not happened yet."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(slots=True)
class SandboxClock:
    """The sandbox's now, aware."""

    instant: datetime

    def now(self) -> datetime:
        """The instant that it shows."""
        return self.instant

    def advance(self, seconds: float) -> None:
        """Lets time pass."""
        self.instant += timedelta(seconds=seconds)


class RunningClock(SandboxClock):
    """A clock that shows the real now, for who calls from outside."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))

    def now(self) -> datetime:
        """The present instant."""
        return datetime.now(UTC)
