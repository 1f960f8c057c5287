"""Rates of currencies: who publishes them, and where they are kept."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Protocol

from shared.domain.exchange_rates import DayRate, RateSheet, RateTable


class RateSource(Protocol):
    """Publishes rates; raises `VendorUnavailable` where it does not answer with any."""

    def newest(self) -> RateSheet:
        """Of the last day that was published."""

    def history(self) -> RateSheet:
        """Of all days."""


class KeptRates(Protocol):
    """Rates of all tenants."""

    def newest_day(self) -> date | None:
        """The last day that has rates, None where no day has."""

    def keep(self, rates: Sequence[DayRate]) -> int:
        """Writes rates; returns how many are new or differ."""


class Rates(Protocol):
    """Rates as a tenant reads them."""

    def table(self, currencies: Collection[str], first: date, last: date) -> RateTable:
        """What is needed to convert between those currencies on the days from `first` to `last`."""
