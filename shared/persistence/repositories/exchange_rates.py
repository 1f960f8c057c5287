"""Rates of currencies; all tenants share them."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from shared.domain.exchange_rates import FORMER, OLDEST_DAYS, RENAMED, DayRate, RateTable
from shared.persistence.database import Connection, Database

NEWEST = "SELECT max(rate_date) AS day FROM public.exchange_rates WHERE source = 'ecb' AND rate_date <= current_date"
KEEP = """
INSERT INTO public.exchange_rates AS r (rate_date, currency, rate, source)
SELECT *, 'ecb' FROM unnest(%s::date[], %s::text[], %s::numeric[])
ON CONFLICT (currency, rate_date) DO UPDATE SET rate = excluded.rate, source = excluded.source
WHERE (r.rate, r.source) IS DISTINCT FROM (excluded.rate, excluded.source)
"""
# Further back only to say which rate is too old.
SEEN_DAYS = 60
READ = """
SELECT rate_date AS day, currency, rate FROM public.exchange_rates
WHERE currency = ANY(%s) AND rate_date BETWEEN %s AND %s
"""


class PublicRates:
    """Writes rates of euros, for all tenants; each call is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest_day(self) -> date | None:
        """The last day that has rates."""
        found: date | None = self._database.call(NEWEST)[0]["day"]
        return found

    def keep(self, rates: Sequence[DayRate]) -> int:
        """Writes rates; returns how many are new or differ."""
        columns = (
            [each.day for each in rates],
            [each.currency for each in rates],
            [each.rate for each in rates],
        )
        with self._database.transaction() as connection:
            return connection.execute(KEEP, columns).rowcount


class ExchangeRateRepository:
    """Reads rates in a tenant's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def table(self, currencies: Collection[str], first: date, last: date) -> RateTable:
        """The rates of those currencies, also by their former and later names, as far back as they carry."""
        names = set(currencies)
        names |= {FORMER[each][0] for each in names & FORMER.keys()}
        names |= {RENAMED[each][0] for each in names & RENAMED.keys()}
        since = first - timedelta(days=OLDEST_DAYS + SEEN_DAYS)
        rows = self._connection.execute(READ, (sorted(names), since, last))
        return RateTable.of(DayRate(row["day"], row["currency"], row["rate"]) for row in rows)
