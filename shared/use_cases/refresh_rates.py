"""Keep the rates of currencies up to date."""

import logging
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.use_cases.ports.exchange_rates import KeptRates, RateSource

# About four in the afternoon of Frankfurt; what comes later is fetched an hour later.
FRANKFURT, PUBLISHED_AT = ZoneInfo("Europe/Berlin"), time(16, 15)
SATURDAY = 5
log = logging.getLogger(__name__)


def refresh_rates(source: RateSource, kept: KeptRates, now: datetime) -> int:
    """Fetches what the bank has published since; returns how many rates are new or differ.

    The newest file holds one day: where more are missing, or none is here, all days are read.
    """
    newest, expected = kept.newest_day(), last_published(now)
    if newest is not None and newest >= expected:
        return 0
    one_day = newest is not None and working_days(newest, expected) == 1
    sheet = source.newest() if one_day else source.history()
    if sheet.rejected:
        one = sheet.rejected[0]
        log.warning(
            "ecb: %d cells or lines are left out; %s: %s: %s",
            len(sheet.rejected), one.record_key, one.field, one.reason,
        )  # fmt: skip
    # A rate of a day to come would stand in the way of all rates until then.
    return kept.keep([each for each in sheet.rates if each.day <= now.astimezone(FRANKFURT).date()])


def last_published(now: datetime) -> date:
    """The last working day whose rates should be out; the bank's own holidays are not known here."""
    local = now.astimezone(FRANKFURT)
    day = local.date() if local.time() >= PUBLISHED_AT else local.date() - timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day -= timedelta(days=1)
    return day


def working_days(after: date, until: date) -> int:
    """How many days from Monday to Friday come after the one and up to the other."""
    days = (after + timedelta(days=n) for n in range(1, (until - after).days + 1))
    return sum(day.weekday() < SATURDAY for day in days)
