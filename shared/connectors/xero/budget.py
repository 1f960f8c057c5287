"""How many calls an organisation allows, and how many of them may be spent on what nobody waits for."""

from collections.abc import Callable, Mapping

from shared.domain.limit import Limit, Quota
from shared.errors import RateLimited

MINUTE = Quota(maximum=60.0, rate=1.0)
DAY_S = 86_400
# Xero's larger plans; its free one has 1,000.
DAY_CALLS = 5000
# The day's calls come back one by one over the day: an hour later there are some again.
KEPT_FREE_WAIT_S = 3600.0


class CallBudget:
    """The calls of one organisation by minute and by day, corrected by what Xero says is left.

    Half of the day's calls are kept for `on_demand` work, that a person waits for.
    """

    def __init__(
        self,
        limits: Callable[[str, Quota], Limit],
        organisation_id: str,
        *,
        day_calls: int,
        on_demand: bool,
    ) -> None:
        self._kept_free = 0.0 if on_demand else day_calls / 2
        calls = day_calls - self._kept_free
        self._day_quota = Quota(calls, calls / DAY_S)
        day = "day" if on_demand else "day-background"
        self._day = limits(f"xero:{organisation_id}:{day}", self._day_quota)
        self._minute = limits(f"xero:{organisation_id}:minute", MINUTE)
        self._left: float | None = None

    def take(self) -> None:
        """Takes one call; raises `RateLimited` where it must not leave now."""
        if self._left is not None and self._left < self._kept_free:
            raise RateLimited(
                "xero: half of the day's calls are kept free for on-demand work; "
                "on the free plan set XERO_DAY_CALLS to 1000",
                KEPT_FREE_WAIT_S,
            )
        self._day.reserve(1.0)
        self._minute.reserve(1.0)

    def give_back(self) -> None:
        """Puts a call back that Xero refused for its credential."""
        self._day.give_back(1.0)
        self._minute.give_back(1.0)

    def correct(self, headers: Mapping[str, str]) -> None:
        """Believes what an answer says is left."""
        minute = _number(headers.get("x-minlimit-remaining"))
        if minute is not None:
            self._minute.settle(1.0, 1.0, minute, MINUTE)
        self._left = _number(headers.get("x-daylimit-remaining"))
        if self._left is not None:
            available = max(0.0, self._left - self._kept_free)
            self._day.settle(1.0, 1.0, available, self._day_quota)


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and text.strip().isdecimal() else None
