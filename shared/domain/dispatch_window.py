"""How many jobs may be out at once: enough that no worker waits, and no more, or fairness would wait too."""

import math
from dataclasses import dataclass

# Jobs that end within this time are sent ahead; a round of the dispatcher takes less.
LEAD_S = 0.2
# The rate is that of the last seconds.
MEMORY_S = 1.0
# However fast jobs end, a burst of slow ones may follow.
LARGEST_FACTOR = 64


@dataclass(slots=True)
class Window:
    """The window of one queue. Slow jobs: twice the places; fast ones: as many more as end in the lead time."""

    rate: float = 0.0
    seen_s: float | None = None

    def free(self, out: int, places: int, now_s: float) -> int:
        """How many more may be sent while `out` are out; none where no worker lives."""
        ahead = math.ceil(self._decayed(now_s) * LEAD_S)
        return max(0, places + min(max(places, ahead), places * LARGEST_FACTOR) - out)

    def sent(self, number: int, now_s: float) -> None:
        """Remembers that so many were sent."""
        self.rate = self._decayed(now_s) + number / MEMORY_S
        self.seen_s = now_s

    def _decayed(self, now_s: float) -> float:
        if self.seen_s is None:
            return 0.0
        return self.rate * math.exp(-(now_s - self.seen_s) / MEMORY_S)
