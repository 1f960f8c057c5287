"""What Xero means when it does not answer 200. A refusal is never read as "no data"."""

from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime

from shared.errors import (
    CapLiquifyError,
    CredentialRejected,
    GiveUp,
    RateLimited,
    ScopeMissing,
)
from shared.use_cases.vendors import Answer

READ_HERE = frozenset({400, 403, 404, 429})
MINUTE_S, HOUR_S, AT_ONCE_S = 60.0, 3600.0, 1.0


class TooManyAtOnce(RateLimited):
    """Five calls are under way for the organisation: one of them ends soon."""


def refusal_of(
    answer: Answer, path: str, now: Callable[[], datetime], *, is_open: bool = False
) -> CapLiquifyError | None:
    """The error that an answer stands for; None where it is one to read.

    An organisation that `is_open`, having answered before, refuses only this path.
    """
    match answer.status:
        case 200:
            return None
        case 429:
            return _limited(answer, now)
        case 403:
            return _forbidden(answer, path, is_open=is_open)
        case 404:
            return GiveUp(f"xero: there is no {path}; the organisation's edition may lack it")
    return GiveUp(f"xero: takes no such request to {path} ({_field(answer, 'Type') or 'HTTP 400'})")


def _limited(answer: Answer, now: Callable[[], datetime]) -> RateLimited:
    """The header is spelt in many ways: only its beginning is sure."""
    problem = answer.headers.get("x-rate-limit-problem", "").strip().lower()
    wait_s = _retry_after_s(answer, now)
    if problem.startswith(("day", "daily")):
        return RateLimited("xero: the day's calls are used up", wait_s or HOUR_S)
    if problem.startswith("concurrent"):
        return TooManyAtOnce(
            "xero: too many calls at once", AT_ONCE_S if wait_s is None else wait_s
        )
    which = "the app" if problem.startswith("app") else "the organisation"
    return RateLimited(
        f"xero: the calls of {which} for this minute are used up", wait_s or MINUTE_S
    )


def _forbidden(answer: Answer, path: str, *, is_open: bool) -> GiveUp:
    if _field(answer, "Detail").startswith("AuthenticationUnsuccessful"):
        return CredentialRejected(
            "xero: the organisation is not connected any more, or organisation_id names "
            "another one; connect Xero again"
        )
    if is_open:
        return ScopeMissing(
            f"xero: forbidden (HTTP 403) to read {path}: missing scope; connect Xero again and allow it"
        )
    return CredentialRejected(
        "xero: forbidden (HTTP 403): wrong organisation or missing scope; connect Xero again"
    )


def _field(answer: Answer, name: str) -> str:
    """A field of an error's body, however it is spelt."""
    body = answer.body if isinstance(answer.body, dict) else {}
    found = (value for key, value in body.items() if str(key).lower() == name.lower())
    return str(next(found, None) or "")[:80]


def _retry_after_s(answer: Answer, now: Callable[[], datetime]) -> float | None:
    header = answer.headers.get("retry-after", "").strip()
    if header.replace(".", "", 1).isdecimal():
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header) - now()).total_seconds())
    except (TypeError, ValueError):
        return None
