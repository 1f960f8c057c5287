"""Usage of the current period."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from shared.domain.quota import Meter, MeterReading, Usage


class UsageMeters(Protocol):
    def count(self, meter: Meter, amount: int) -> None:
        """Adds to a counter, in this transaction."""

    def count_once(self, meter: Meter) -> None:
        """Adds one, unless the job that runs has counted this meter before."""

    def sample(self, at: datetime) -> Usage:
        """Reads users, entities and storage as they are and writes them down for the period."""

    def record_breaches(
        self, breaches: Sequence[MeterReading], at: datetime
    ) -> Sequence[MeterReading]:
        """Audits each breach once a period; returns those that are new."""
