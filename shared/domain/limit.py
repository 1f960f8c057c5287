"""A vendor's limit as a bucket of points: what a call costs, what is left, how fast it fills."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from shared.errors import CredentialRejected


@dataclass(frozen=True, slots=True)
class Quota:
    """A bucket: `maximum` points at once, `rate` points a second."""

    maximum: float
    rate: float


class Limit(Protocol):
    """The limit of one account at one vendor, whoever else calls for it."""

    def reserve(self, cost: float) -> None:
        """Waits until the call may leave; raises `RateLimited` where that is too long to wait."""

    def settle(self, reserved: float, actual: float, available: float, quota: Quota) -> None:
        """What the vendor says after a call: what it cost, what is left, how large the bucket is."""

    def give_back(self, cost: float) -> None:
        """Puts back what was reserved for a call that the vendor did not count."""


class NoLimit:
    """Where nothing is shared: only the vendor's own refusals hold."""

    def reserve(self, cost: float) -> None:
        """Never waits."""

    def settle(self, reserved: float, actual: float, available: float, quota: Quota) -> None:
        """Remembers nothing."""

    def give_back(self, cost: float) -> None:
        """Nothing was taken."""


@contextmanager
def reserving(limit: Limit, cost: float) -> Iterator[None]:
    """Reserves the cost of the call in the block; a call that is refused for its credential costs nothing."""
    limit.reserve(cost)
    try:
        yield
    except CredentialRejected:
        limit.give_back(cost)
        raise
