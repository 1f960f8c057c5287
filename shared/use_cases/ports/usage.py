"""Usage of the current period."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from shared.domain.quota import Meter, Usage


class UsageMeters(Protocol):
    """Counters and samples of the tenant's period."""

    def count(self, meter: Meter, amount: int) -> None:
        """Adds to a counter of the current period, in this transaction."""

    def count_once(self, meter: Meter) -> None:
        """Adds one, unless the running job has counted this meter before, in this attempt or an earlier one."""

    def sample(self, at: datetime) -> Usage:
        """Reads users, active products and storage (MB) as they are, and writes them into the period of `at`."""

    def audited_breaches(self, at: datetime) -> Collection[str]:
        """The meters whose breach was audited since the period of `at` began; a later period's count too.

        The period's row is locked until the commit, so that two checks at once do not both see none.
        """
