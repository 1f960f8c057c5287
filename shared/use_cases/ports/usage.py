"""Usage of the current period."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from shared.domain.quota import Meter, Usage


class UsageMeters(Protocol):
    def count(self, meter: Meter, amount: int) -> None:
        """Adds to a counter, in this transaction."""

    def count_once(self, meter: Meter) -> None:
        """Adds one, unless the job that runs has counted this meter before."""

    def sample(self, at: datetime) -> Usage:
        """Reads users, entities and storage as they are and writes them down for the period."""

    def audited_breaches(self, at: datetime) -> Collection[str]:
        """The meters whose breach was audited since the period of `at` began; a later period's count too.

        The period's row is locked until the commit, so that two checks at once do not both see none.
        """
