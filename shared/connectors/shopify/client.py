"""Shopify's GraphQL protocol: one POST a query, errors inside an answer of HTTP 200."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import stamina

from shared.domain.limit import Limit, NoLimit, Quota
from shared.errors import CredentialRejected, GiveUp, RateLimited

API_VERSION = "2026-07"
LONGEST_WAIT_S = 10.0
# What a document is taken to cost before the vendor has said.
FIRST_COST = 50.0
# The smallest plan's bucket, until the vendor tells this shop's.
SMALLEST_QUOTA = Quota(maximum=2000.0, rate=100.0)


class JsonPoster(Protocol):
    """What the client needs of an HTTP client."""

    def post_json(self, path: str, body: Mapping[str, object]) -> object: ...


class ShopifyClient:
    """Sends documents and returns their `data`; raises our errors for the vendor's.

    `limit` is the shop's bucket of cost points, shared with whoever else calls for this shop.
    """

    def __init__(
        self, http: JsonPoster, limit: Limit | None = None, api_version: str = API_VERSION
    ) -> None:
        self._http = http
        self._limit = limit or NoLimit()
        self._costs: dict[str, float] = {}
        self._path = f"/admin/api/{api_version}/graphql.json"

    def query(self, document: str, variables: Mapping[str, object] | None = None) -> dict[str, Any]:
        """The answer's `data`; a throttled query waits as long as its bucket needs."""
        body = {"query": document, "variables": dict(variables or {})}
        for attempt in stamina.retry_context(on=_wait_for_bucket, attempts=8, timeout=60.0):
            with attempt:
                return _read_data(self._ask(document, body))
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _ask(self, document: str, body: Mapping[str, object]) -> object:
        """One request within the shared bucket; the vendor's figures correct it."""
        reserved = self._costs.get(document, FIRST_COST)
        self._limit.reserve(reserved)
        answer = self._http.post_json(self._path, body)
        cost = _cost_of(answer)
        if cost is not None:
            # The vendor wants the whole requested cost to be there, and takes the actual one.
            self._costs[document] = cost.requested
            self._limit.settle(reserved, cost.actual, cost.available, cost.quota)
        return answer


@dataclass(frozen=True, slots=True)
class Cost:
    """What an answer says of its cost, in points."""

    requested: float
    actual: float
    available: float
    quota: Quota


def _cost_of(answer: object) -> Cost | None:
    extensions = answer.get("extensions") if isinstance(answer, dict) else None
    cost = (extensions or {}).get("cost") or {}
    throttle = cost.get("throttleStatus") or {}
    try:
        requested = float(cost["requestedQueryCost"])
        return Cost(
            requested=requested,
            # A throttled query has cost nothing.
            actual=float(cost.get("actualQueryCost") or 0.0),
            available=float(throttle["currentlyAvailable"]),
            quota=Quota(float(throttle["maximumAvailable"]), float(throttle["restoreRate"])),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _wait_for_bucket(error: Exception) -> float | bool:
    """A short wait is waited out; for a longer one the job comes back later and frees its worker."""
    if isinstance(error, RateLimited) and error.retry_after_s is not None:
        return error.retry_after_s if error.retry_after_s <= LONGEST_WAIT_S else False
    return False


def _read_data(answer: object) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise GiveUp("shopify: the answer is not a GraphQL answer")
    errors = answer.get("errors")
    if errors:
        _raise_error(errors, answer.get("extensions") or {})
    data = answer.get("data")
    if not isinstance(data, dict):
        raise GiveUp("shopify: the answer has no data")
    return data


def _raise_error(errors: object, extensions: dict[str, Any]) -> None:
    # A wrong shop or token gives a text here, a wrong query a list.
    first: dict[str, Any] = errors[0] if isinstance(errors, list) else {"message": str(errors)}
    code = (first.get("extensions") or {}).get("code")
    message = str(first.get("message", "unknown error"))[:200]
    if code == "THROTTLED":
        raise RateLimited("shopify: throttled", _bucket_wait_s(extensions.get("cost") or {}))
    if code == "ACCESS_DENIED":
        raise CredentialRejected(
            f"shopify: access denied: {message}; add the scope and connect again"
        )
    raise GiveUp(f"shopify: {message}")


def _bucket_wait_s(cost: dict[str, Any]) -> float:
    """Seconds until the leaky bucket holds what the query asked for."""
    throttle = cost.get("throttleStatus") or {}
    missing = float(cost.get("requestedQueryCost", 0)) - float(
        throttle.get("currentlyAvailable", 0)
    )
    return max(0.1, missing / float(throttle.get("restoreRate", 100)))
