"""How long to wait before work is tried again."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential with full jitter: attempt n waits anything up to `first_s` · 2^(n−1), `longest_s` at most.

    Full jitter spreads those who failed together (AWS Architecture Blog, "Exponential Backoff And Jitter").
    """

    first_s: float = 4.0
    longest_s: float = 600.0

    def wait_s(self, attempt: int, chance: Random) -> float:
        """Seconds to wait after this attempt, counted from 1."""
        # Beyond 2^32 the power says nothing more, and would overflow.
        ceiling_s = min(self.longest_s, self.first_s * 2.0 ** min(attempt - 1, 32))
        return chance.uniform(0.0, ceiling_s)
