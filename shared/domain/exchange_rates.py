"""Euro reference rates of the European Central Bank, and what an amount is worth in another currency.

A rate is units of a currency for one euro. Days without a rate, weekends and holidays, take the
last one before, five days old at most; one that is more than three days old is marked. What has no
rate is unknown with its reason, never 1.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from shared.domain.money import round_money
from shared.domain.sales import RejectedRecord

EURO = "EUR"
MARKED_AFTER_DAYS, OLDEST_DAYS = 3, 5
# Currencies that became the euro: the first day of it, and the rate that holds for ever.
# Source: Council Regulations (EC) 2866/98 and those of each country that joined later.
IRREVOCABLE = {
    "SIT": (date(2007, 1, 1), Decimal("239.640")),
    "CYP": (date(2008, 1, 1), Decimal("0.585274")),
    "MTL": (date(2008, 1, 1), Decimal("0.429300")),
    "SKK": (date(2009, 1, 1), Decimal("30.1260")),
    "EEK": (date(2011, 1, 1), Decimal("15.6466")),
    "LVL": (date(2014, 1, 1), Decimal("0.702804")),
    "LTL": (date(2015, 1, 1), Decimal("3.45280")),
    "HRK": (date(2023, 1, 1), Decimal("7.53450")),
    "BGN": (date(2026, 1, 1), Decimal("1.95583")),
}
# Currencies that lost their zeros: the new name, the first day of it, old units for a new one.
RENAMED = {
    "ROL": ("RON", date(2005, 7, 1), Decimal(10_000)),
    "TRL": ("TRY", date(2005, 1, 1), Decimal(1_000_000)),
}
FORMER = {new: (old, since, units) for old, (new, since, units) in RENAMED.items()}
# The bank publishes no rate after that day, and an older one must not stand in.
SUSPENDED = {"RUB": date(2022, 3, 1)}


@dataclass(frozen=True, slots=True)
class DayRate:
    """One published rate: units of `currency` for one euro."""

    day: date
    currency: str
    rate: Decimal


@dataclass(frozen=True, slots=True)
class RateSheet:
    """Published rates, and the cells and lines that could not be read."""

    rates: tuple[DayRate, ...]
    rejected: tuple[RejectedRecord, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit is multiplied by. `age_days` is how old the older of its parts is."""

    factor: Decimal
    age_days: int

    @property
    def is_old(self) -> bool:
        """Whether it is to be marked."""
        return self.age_days > MARKED_AFTER_DAYS


@dataclass(frozen=True, slots=True)
class NoRate:
    """Why there is none, for a person."""

    reason: str


@dataclass(frozen=True)
class RateTable:
    """Published rates; `rates[currency][day]`."""

    rates: Mapping[str, Mapping[date, Decimal]]

    @classmethod
    def of(cls, published: Iterable[DayRate]) -> "RateTable":
        """Lay rates out by currency."""
        rates: dict[str, dict[date, Decimal]] = {}
        for each in published:
            rates.setdefault(each.currency, {})[each.day] = each.rate
        return cls(rates)

    @cached_property
    def _days(self) -> dict[str, list[date]]:
        return {currency: sorted(days) for currency, days in self.rates.items()}

    def between(self, source: str, target: str, day: date) -> Rate | NoRate:
        """What a unit of `source` is worth in `target` on that day, by way of the euro."""
        if source == target:
            return Rate(Decimal(1), 0)
        to_euro = self.for_euro(source, day)
        if isinstance(to_euro, NoRate):
            return to_euro
        from_euro = self.for_euro(target, day)
        if isinstance(from_euro, NoRate):
            return from_euro
        age = max(from_euro.age_days, to_euro.age_days)
        return Rate(from_euro.factor / to_euro.factor, age)

    def for_euro(self, currency: str, day: date) -> Rate | NoRate:
        """Units of the currency for one euro on that day."""
        if currency == EURO:
            return Rate(Decimal(1), 0)
        if currency in IRREVOCABLE and day >= IRREVOCABLE[currency][0]:
            return Rate(IRREVOCABLE[currency][1], 0)
        if currency in SUSPENDED and day > SUSPENDED[currency]:
            return NoRate(f"{currency} has no rate after {SUSPENDED[currency]}: it is suspended")
        if currency in RENAMED and day >= RENAMED[currency][1]:
            new, _, units = RENAMED[currency]
            return self._times(new, day, units)
        if currency in FORMER and day < FORMER[currency][1]:
            old, _, units = FORMER[currency]
            return self._times(old, day, 1 / units)
        return self._published(currency, day)

    def _times(self, currency: str, day: date, units: Decimal) -> Rate | NoRate:
        found = self._published(currency, day)
        return found if isinstance(found, NoRate) else Rate(found.factor * units, found.age_days)

    def _published(self, currency: str, day: date) -> Rate | NoRate:
        days = self._days.get(currency, [])
        place = bisect_right(days, day)
        if not days:
            return NoRate(f"{currency} has no rates")
        if place == 0:
            return NoRate(f"{currency} has no rate on {day}: the first is of {days[0]}")
        last = days[place - 1]
        age = (day - last).days
        if age > OLDEST_DAYS:
            return NoRate(f"{currency} has no rate on {day}: the one before is of {last}")
        return Rate(self.rates[currency][last], age)


def convert(amount: Decimal, rate: Rate) -> Decimal:
    """The amount in the other currency, at two places, halves away from zero."""
    return round_money(amount * rate.factor)
