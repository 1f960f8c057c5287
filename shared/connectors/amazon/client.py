"""One operation of the Selling Partner API at a time, within its rate limit."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from shared.connectors.amazon.limits import QUOTAS, Limits, reported_rate
from shared.domain.limit import Limit, Quota, reserving
from shared.errors import (
    AccessForbidden,
    CursorExpired,
    RateLimited,
    VendorUnavailable,
)
from shared.use_cases.vendors import Answer, Call, VendorApi

# A refusal that will soon be over is waited out by the operation's own limit.
TRIES, LONGEST_WAIT_S = 4, 5.0
# Whoever may not even ask this has no access at all.
WHO_ARE_WE = "getMarketplaceParticipations"


class AmazonClient:
    """Calls operations by the names of Amazon's models. `now` is the clock."""

    def __init__(self, api: VendorApi, limits: Limits, now: Callable[[], datetime]) -> None:
        self._api = api
        self._limit_of = limits
        self._limits: dict[str, Limit] = {}
        # What the answers say of each operation, in place of what is published.
        self._reported: dict[str, Quota] = {}
        self.now = now

    def call(self, operation: str, call: Call) -> Answer:
        """The answer; waits for the operation's limit and corrects it by what the answer reports."""
        limit = self._limits.setdefault(operation, self._limit_of(operation, QUOTAS[operation]))
        for attempt in range(TRIES):
            quota = self._reported.get(operation, QUOTAS[operation])
            try:
                with reserving(limit, 1):
                    answer = self._api.send(call)
            except AccessForbidden:
                if operation == WHO_ARE_WE:
                    raise
                raise AccessForbidden(
                    f"amazon: {operation} is forbidden (HTTP 403); give the application its role in the "
                    "developer console, and connect the account again"
                ) from None
            except RateLimited as error:
                limit.settle(1, 1, 0, quota)
                # Amazon does not say how long to wait: one request comes back after so long.
                wait_s = error.retry_after_s or 1 / quota.rate
                if attempt == TRIES - 1 or wait_s > LONGEST_WAIT_S:
                    raise RateLimited(f"{error.message} ({operation})", wait_s) from None
                continue
            rate = reported_rate(answer.headers)
            if rate is not None:
                self._reported[operation] = Quota(quota.maximum, rate)
                limit.settle(1, 1, quota.maximum, self._reported[operation])
            return answer
        raise AssertionError("unreachable: the last try returns or raises")

    def get(
        self, operation: str, path: str, params: Mapping[str, str], accepted: int | None = None
    ) -> Answer:
        """The answer of a GET; `accepted` is a status besides 200 that the caller reads itself."""
        others = frozenset() if accepted is None else frozenset({accepted})
        return self.call(operation, Call("GET", path, params=params, accepted=others))

    def get_page(
        self, operation: str, path: str, params: Mapping[str, str], token: Mapping[str, str | None]
    ) -> object:
        """The body of a page; `token` is its parameter, whose value is None for the first page.

        Raises `CursorExpired` where the token is refused: the pages begin again.
        """
        given = {name: value for name, value in token.items() if value is not None}
        if not given:
            return self.get(operation, path, params).body
        answer = self.get(operation, path, {**params, **given}, accepted=400)
        if answer.status == 400:
            raise CursorExpired(
                f"amazon: the page token of {operation} is refused; it begins again"
            )
        return answer.body

    def post(self, operation: str, path: str, body: Mapping[str, object]) -> Answer:
        """The answer of a POST, which is sent once: a second one would make a second report."""
        call = Call("POST", path, json=body, accepted=frozenset({202}), retried=False)
        return self.call(operation, call)

    def download(self, url: str) -> AbstractContextManager[Iterator[bytes]]:
        """The bytes of a report document; its URL is the permission, our token must not go along."""
        return self._api.download(url)


def require(body: object, *path: str) -> Any:
    """The value under these keys; raises `VendorUnavailable` for an answer that is not what was asked for.

    What is missing is never read as empty: an answer without its list says nothing of the records.
    """
    value: Any = body
    for key in path:
        if not isinstance(value, Mapping) or value.get(key) is None:
            raise VendorUnavailable(f"amazon: the answer holds no {'.'.join(path)}")
        value = value[key]
    return value


def require_list(body: object, *path: str, null_is_empty: bool = False) -> list[Any]:
    """The list under these keys; raises `VendorUnavailable` where there is none.

    `null_is_empty` where the vendor is known to write `null` for an empty list.
    """
    holder: Any = require(body, *path[:-1]) if null_is_empty else None
    if isinstance(holder, Mapping) and holder.get(path[-1], "") is None:
        return []
    value = require(body, *path)
    if not isinstance(value, list):
        raise VendorUnavailable(f"amazon: {'.'.join(path)} is no list")
    return value


def next_token(body: object, *path: str) -> str | None:
    """The token of the next page, or None on the last one."""
    value: Any = body
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) and value else None


def refuse_repetition(token: str | None, before: str | None) -> None:
    """Raises `VendorUnavailable` for a page that leads to itself: it would never end."""
    if token is not None and token == before:
        raise VendorUnavailable("amazon: a page names itself as the next one")


def write_instant(moment: datetime) -> str:
    """ISO 8601 in whole seconds of UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
