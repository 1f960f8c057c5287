"""Shopify's GraphQL protocol: one POST a query, errors inside an answer of HTTP 200."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import stamina

from shared.domain.fields import Node, part
from shared.domain.limit import Limit, NoLimit, Quota, reserving
from shared.errors import (
    AccessForbidden,
    AccountGone,
    CursorExpired,
    GiveUp,
    RateLimited,
    VendorUnavailable,
)
from shared.use_cases.vendors import Call, VendorApi

API_VERSION = "2026-07"
LONGEST_WAIT_S = 10.0
# What a document is taken to cost before the vendor has said.
FIRST_COST = 50.0
# The vendor takes no query that asks for more, whatever the plan.
LARGEST_COST = 1000.0
LARGEST_PAGE = 250
# The smallest plan's bucket, until the vendor reports this shop's.
SMALLEST_QUOTA = Quota(maximum=2000.0, rate=100.0)
NO_SHOP = frozenset({404})
# They pass by themselves.
ITS_OWN_ERRORS = {"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"}


class TooCostly(Exception):
    """The vendor refuses a query of this cost: a smaller page is asked for."""


class ShopifyClient:
    """Sends documents and returns their `data`; raises our errors for the vendor's.

    `limit` is the shop's bucket of cost points, shared with whoever else calls for this shop.
    """

    def __init__(
        self, api: VendorApi, limit: Limit | None = None, api_version: str = API_VERSION
    ) -> None:
        self._api = api
        self._limit = limit or NoLimit()
        self._costs: dict[tuple[str, int], float] = {}
        self._sizes: dict[str, int] = {}
        self._path = f"/admin/api/{api_version}/graphql.json"

    def query(self, document: str, variables: Mapping[str, object] | None = None) -> dict[str, Any]:
        """The answer's `data`; a throttled query waits as long as its bucket needs."""
        size = int(str((variables or {}).get("first", 0)))
        body = {"query": document, "variables": dict(variables or {})}
        for attempt in stamina.retry_context(on=_wait_for_bucket, attempts=8, timeout=60.0):
            with attempt:
                return _read_data(self._ask((document, size), body))
        raise AssertionError("unreachable: the last attempt returns or raises")

    def query_page(
        self, document: str, variables: Mapping[str, object], first: int
    ) -> dict[str, Any]:
        """A page as large as one query may cost; it begins with `first` and grows while there is room."""
        size = self._sizes.get(document, first)
        while True:
            try:
                data = self.query(document, {**variables, "first": size})
            except TooCostly:
                if size == 1:
                    raise GiveUp("shopify: a page of one record costs too much") from None
                size = self._sizes[document] = max(1, size // 2)
                continue
            self._sizes[document] = self._next_size(document, size)
            return data

    def _next_size(self, document: str, size: int) -> int:
        """Twice as much if that surely fits: no page costs more than twice one of half its size."""
        cost = self._costs.get((document, size))
        if cost is None or cost * 2 > LARGEST_COST:
            return size
        return min(size * 2, LARGEST_PAGE)

    def _ask(self, asked: tuple[str, int], body: Mapping[str, object]) -> object:
        """One request within the shared bucket; the vendor's figures correct it."""
        reserved = self._costs.get(asked, FIRST_COST)
        # A bulk operation that was started twice runs twice.
        retried = not asked[0].lstrip().startswith("mutation")
        call = Call("POST", self._path, json=body, accepted=NO_SHOP, retried=retried)
        with reserving(self._limit, reserved):
            answer = self._api.send(call)
        if answer.status in NO_SHOP:
            self._limit.give_back(reserved)
            raise AccountGone(
                "shop_domain: Shopify knows no such shop; write the shop's own domain"
            )
        cost = _cost_of(answer.body)
        if cost is not None:
            # The vendor wants the whole requested cost to be there, and takes the actual one.
            self._costs[asked] = cost.requested
            self._limit.settle(reserved, cost.actual, cost.available, cost.quota)
        return answer.body


@dataclass(frozen=True, slots=True)
class Cost:
    """What an answer says of its cost, in points."""

    requested: float
    actual: float
    available: float
    quota: Quota


def _cost_of(answer: object) -> Cost | None:
    cost = part(part(answer, "extensions"), "cost")
    throttle = part(cost, "throttleStatus")
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
        raise VendorUnavailable("shopify: the answer is not a GraphQL answer")
    errors = answer.get("errors")
    if errors:
        _raise_error(errors, part(answer, "extensions"))
    data = answer.get("data")
    if not isinstance(data, dict):
        raise VendorUnavailable("shopify: the answer has no data")
    return data


def _raise_error(errors: object, extensions: Node) -> None:
    # A wrong shop or token gives a text here, a wrong query a list.
    given = errors[0] if isinstance(errors, list) else errors
    first: Node = given if isinstance(given, dict) else {"message": str(given)}
    code = str(part(first, "extensions").get("code"))
    message = str(first.get("message", "unknown error"))[:200]
    if code == "THROTTLED":
        raise RateLimited("shopify: throttled", _bucket_wait_s(part(extensions, "cost")))
    if code in ITS_OWN_ERRORS:
        raise VendorUnavailable(f"shopify: {code}: {message}")
    if code == "MAX_COST_EXCEEDED":
        raise TooCostly
    if code == "ACCESS_DENIED":
        # The token is good, and may not see this part.
        raise AccessForbidden(
            f"shopify: access denied: {message}; add the scope to the app and connect the shop again"
        )
    if "cursor" in message.lower():
        raise CursorExpired(f"shopify: {message}")
    raise GiveUp(f"shopify: {message}")


def _bucket_wait_s(cost: Node) -> float:
    """Seconds until the leaky bucket holds what the query asked for."""
    throttle = part(cost, "throttleStatus")
    try:
        missing = float(cost.get("requestedQueryCost", 0)) - float(
            throttle.get("currentlyAvailable", 0)
        )
        return max(0.1, missing / float(throttle.get("restoreRate", 100)))
    except (TypeError, ValueError, ZeroDivisionError):
        return 1.0
