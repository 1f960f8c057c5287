"""How Xero's refusals, pages and organisations are read."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.connectors.xero.organisation import read_books
from shared.connectors.xero.pages import Place, is_last_page
from shared.connectors.xero.refusals import TooManyAtOnce, refusal_of
from shared.connectors.xero.timezones import ZONES, iana_zone
from shared.errors import CredentialRejected, CursorExpired, GiveUp, InvalidInput, RateLimited
from shared.use_cases.vendors import Answer, Books

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_time_zones_are_those_of_the_clock() -> None:
    assert all(ZoneInfo(zone) for zone in ZONES.values())
    assert iana_zone("GMTSTANDARDTIME") == "Europe/London"
    assert iana_zone("W. Europe Standard Time".replace(".", "")) == "Europe/Berlin"
    assert iana_zone("CENTRALSTANDARDTIME(MEXICO)") == "America/Mexico_City"
    assert iana_zone("UTC") == "UTC"
    for unknown in ("MARSSTANDARDTIME", "", None):
        with pytest.raises(InvalidInput, match="Timezone: "):
            iana_zone(unknown)
    for currency in (None, 5, "EURO", "ÄÖÜ", ["EUR"]):
        with pytest.raises(InvalidInput, match="BaseCurrency: "):
            read_books({"Name": "Muster", "Timezone": "UTC", "BaseCurrency": currency})
    odd = {"Name": ["?"], "LegalName": "a\0", "OrganisationID": "\ud800", "BaseCurrency": "eur"}
    assert read_books({**odd, "Timezone": "UTC"}) == Books("?", "EUR", "UTC", "")


def answer(status: int, problem: str, body: object, **headers: str) -> Answer:
    reported = {key.replace("_", "-"): value for key, value in headers.items()}
    return Answer(status, {"x-rate-limit-problem": problem, **reported}, body)


def refuse(status: int, problem: str = "", body: object = None, **headers: str) -> Any:
    return refusal_of(answer(status, problem, body, **headers), "/Invoices", lambda: NOW)


@pytest.mark.parametrize("problem", ["day", "daily", "DayLimit", "Daily limit", "DAY"])
def test_a_day_limit_waits_for_its_reset(problem: str) -> None:
    error = refuse(429, problem, retry_after="42000")
    assert isinstance(error, RateLimited)
    assert (error.retry_after_s, "day" in error.message) == (42000, True)
    assert refuse(429, problem).retry_after_s == 3600


def test_a_minute_limit_waits_its_seconds() -> None:
    assert refuse(429, "minute", retry_after="17").retry_after_s == 17
    assert refuse(429, "minute").retry_after_s == 60
    assert refuse(429, "?", retry_after="Fri, 20 Nov 2026 12:00:30 GMT").retry_after_s == 30
    assert "the app" in refuse(429, "appminute", retry_after="17").message
    at_once = refuse(429, "Concurrent")
    assert (type(at_once), at_once.retry_after_s) == (TooManyAtOnce, 1)


@pytest.mark.parametrize("name", ["Detail", "detail"])
def test_a_refusal_is_read_in_both_spellings(name: str) -> None:
    gone = refuse(403, "", {name: "AuthenticationUnsuccessful"})
    assert isinstance(gone, CredentialRejected)
    assert "not connected any more" in gone.message
    other = refuse(403, "", {name: "AuthorizationUnsuccessful"})
    assert "wrong organisation or missing scope" in other.message
    assert isinstance(refuse(404), GiveUp)
    assert "ValidationException" in refuse(400, "", {"Type": "ValidationException"}).message
    assert refuse(200) is None


def test_a_place_is_kept_as_text() -> None:
    place = Place().next("first")
    assert place == Place("Invoices", 2, "first")
    assert place is not None
    assert Place.parse(place.write()) == place
    assert place.next(None) == Place("CreditNotes", 1, "")
    assert Place("CreditNotes", 3, "x").next(None) == Place("Overpayments", 1, "")
    assert Place("Overpayments", 3, "x").next(None) == Place("Prepayments", 1, "")
    assert Place("Prepayments", 3, "x").next(None) is None
    assert place.params == {"page": "2", "pageSize": "1000", "order": "InvoiceID ASC"}
    for wrong in ("", "[]", "{}", '{"endpoint": "Contacts", "page": 1, "before": ""}'):
        with pytest.raises(CursorExpired):
            Place.parse(wrong)


@pytest.mark.parametrize(
    ("count", "pagination", "is_last"),
    [
        (0, None, True),
        (3, None, False),
        (3, {"pageSize": 100, "pageCount": 1}, True),
        (100, {"pageSize": 100, "pageCount": 1}, False),
        (3, {"pageSize": 100, "pageCount": 9}, False),
        (3, {"pageSize": "100"}, False),
        (0, {"pageSize": True, "pageCount": 9}, True),
        (3, {"pageSize": True, "pageCount": 1}, False),
        (3, {"pageSize": 100, "pageCount": "1"}, False),
        (3, {"pageSize": 100, "pageCount": [1]}, False),
        (3, [100], False),
    ],
)
def test_only_an_empty_or_short_page_is_the_last(
    count: int, pagination: object, is_last: bool
) -> None:
    assert is_last_page(1, count, pagination) is is_last
