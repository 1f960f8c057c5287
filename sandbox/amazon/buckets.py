"""Rate limits by operation, on the sandbox's own clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

# Burst and requests a second, as the vendor's models publish them.
PUBLISHED = {
    "searchOrders": (20, 0.0056),
    "createReport": (15, 0.0167),
    "getReport": (15, 2.0),
    "getReports": (10, 0.0222),
    "getReportDocument": (15, 0.0167),
    "listTransactions": (10, 0.5),
    "getInventorySummaries": (2, 2.0),
    "getMarketplaceParticipations": (15, 0.016),
}


@dataclass(slots=True)
class Bucket:
    """What is left of one operation's burst."""

    burst: float
    rate: float
    at: datetime
    left: float = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.burst

    def take(self, now: datetime) -> bool:
        """Takes one request if there is one."""
        self.left = min(self.burst, self.left + (now - self.at).total_seconds() * self.rate)
        self.at = now
        # Fractions of a microsecond are lost on the way; they are no request too many.
        if self.left < 1 - 1e-6:
            return False
        self.left -= 1
        return True


@dataclass(slots=True)
class Buckets:
    """One bucket an operation. `refused` counts requests that came too early."""

    now: Callable[[], datetime]
    refused: int = 0
    # How much faster than the vendor's rates it is, for who cannot wait.
    speed: float = 1.0
    taken: dict[str, int] = field(default_factory=dict)
    _buckets: dict[str, Bucket] = field(default_factory=dict)

    def take(self, operation: str) -> bool:
        """Whether a request of the operation may pass."""
        if operation not in self._buckets:
            burst, _ = PUBLISHED[operation]
            self._buckets[operation] = Bucket(burst, self.rate(operation), self.now())
        passes = self._buckets[operation].take(self.now())
        self.taken[operation] = self.taken.get(operation, 0) + passes
        self.refused += not passes
        return passes

    def rate(self, operation: str) -> float:
        """Requests a second, as the header gives them."""
        return PUBLISHED[operation][1] * self.speed
