"""What statements multiply amounts by to have them in the company's currency."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.domain.exchange_rates import NoRate
from shared.domain.working_capital import RATES_MARK
from shared.persistence.database import Connection
from shared.persistence.repositories.exchange_rates import ExchangeRateRepository

# To be put first into WITH; a currency and day without a row has no rate.
RATES = """rates AS (
    SELECT * FROM unnest(%(rate_currencies)s::text[], %(rate_days)s::date[], %(rate_factors)s::numeric[])
        AS r (currency, day, factor)
)"""


@dataclass(frozen=True, slots=True)
class Factors:
    """`known` are the parameters of RATES; `reasons` say why a currency has none on a day.

    `old` are days since the rate was published, where it is to be marked.
    """

    known: Mapping[str, Sequence[object]]
    reasons: Mapping[tuple[str, date], str]
    old: Mapping[tuple[str, date], int]

    def mark(self, used: Collection[str] | None, day: date) -> dict[str, str]:
        """What is to be said of a known figure that was made of those currencies: nothing, or an old rate."""
        for currency in sorted(used or ()):
            if (currency, day) in self.old:
                age = self.old[currency, day]
                return {RATES_MARK: f"{currency} was converted by a rate {age} days old"}
        return {}

    def why_none(self, currency: str | None, day: date) -> str:
        """One line for a person."""
        return self.reasons.get((currency or "", day), f"{currency} has no rate on {day}")


def read_factors(
    connection: Connection, own: str, currencies: Collection[str], days: Sequence[date]
) -> Factors:
    """The factors of those currencies, and of the company's own, on those days."""
    asked = {*currencies, own}
    known: list[tuple[str, date, Decimal]] = []
    reasons: dict[tuple[str, date], str] = {}
    old: dict[tuple[str, date], int] = {}
    if days:
        table = ExchangeRateRepository(connection).table(asked, min(days), max(days))
        for currency in sorted(asked):
            for day in days:
                found = table.between(currency, own, day)
                if isinstance(found, NoRate):
                    reasons[currency, day] = found.reason
                    continue
                known.append((currency, day, found.factor))
                if found.is_old:
                    old[currency, day] = found.age_days
    columns: dict[str, Sequence[object]] = {
        "rate_currencies": [currency for currency, _, _ in known],
        "rate_days": [day for _, day, _ in known],
        "rate_factors": [factor for _, _, factor in known],
    }
    return Factors(columns, reasons, old)
