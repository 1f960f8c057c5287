"""How many calls an organisation takes: at once, in a minute, in a day."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

MINUTE_S, DAY_S = 60.0, 86_400.0


@dataclass(slots=True)
class CallLimits:
    """Rolling windows over a clock in seconds; the limits can be set."""

    now_s: Callable[[], float]
    minute: int = 60
    day: int = 5000
    at_once: int = 5
    under_way: int = 0
    most_under_way: int = 0
    refused: int = 0
    _calls: deque[float] = field(default_factory=deque)

    def enter(self) -> tuple[str, float] | None:
        """Counts a call under way; the problem and the seconds to wait where it is one too many."""
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        problem = self._problem()
        if problem is None:
            self._calls.append(self.now_s())
        else:
            self.refused += 1
        return problem

    def leave(self) -> None:
        """A call has ended."""
        self.under_way -= 1

    def headers(self) -> dict[str, str]:
        """What is left, as Xero reports it with each answer."""
        return {
            "X-MinLimit-Remaining": str(max(0, self.minute - self._within(MINUTE_S))),
            "X-DayLimit-Remaining": str(max(0, self.day - self._within(DAY_S))),
            "X-AppMinLimit-Remaining": "9999",
        }

    def spend(self, calls: int) -> None:
        """Lets other apps' work be so many calls, made a minute and more ago."""
        ago = self.now_s() - MINUTE_S - 1
        self._calls.extendleft(ago for _ in range(calls))

    def _problem(self) -> tuple[str, float] | None:
        if self.under_way > self.at_once:
            return "concurrent", 1.0
        if self._within(DAY_S) >= self.day:
            return "day", self._calls[0] + DAY_S - self.now_s()
        if self._within(MINUTE_S) >= self.minute:
            return "minute", self._calls[-self.minute] + MINUTE_S - self.now_s()
        return None

    def _within(self, seconds: float) -> int:
        since = self.now_s() - seconds
        while self._calls and self._calls[0] <= self.now_s() - DAY_S:
            self._calls.popleft()
        return sum(1 for at in self._calls if at > since)
