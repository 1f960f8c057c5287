"""Xero's protocol: GET below one organisation, within its limits."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import stamina

from shared.connectors.xero.budget import CallBudget
from shared.connectors.xero.refusals import READ_HERE, TooManyAtOnce, refusal_of
from shared.errors import CredentialRejected, VendorUnavailable
from shared.use_cases.vendors import Call, VendorApi

ROOT = "/api.xro/2.0"
LONGEST_WAIT_HERE_S = 5.0


class XeroClient:
    """Reads one organisation; raises our errors for the vendor's. `now` is the clock."""

    def __init__(
        self,
        api: VendorApi,
        organisation_id: str,
        budget: CallBudget,
        now: Callable[[], datetime],
    ) -> None:
        self._api, self._budget, self._now = api, budget, now
        # Whether the organisation has answered: a refusal after that is one of a path.
        self._is_open = False
        self._headers = {"xero-tenant-id": organisation_id, "Accept": "application/json"}

    def read(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        changed_since: datetime | None = None,
    ) -> dict[str, Any]:
        """The body below `/api.xro/2.0`; only too many calls at once are waited out here."""
        headers = dict(self._headers)
        if changed_since is not None:
            headers["If-Modified-Since"] = changed_since.astimezone(UTC).strftime(
                "%Y-%m-%dT%H:%M:%SZ"
            )
        call = Call("GET", ROOT + path, params or {}, headers=headers, accepted=READ_HERE)
        for attempt in stamina.retry_context(on=_wait_for_others, attempts=4, timeout=20.0):
            with attempt:
                return self._ask(call)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def read_list(
        self,
        name: str,
        params: Mapping[str, str] | None = None,
        changed_since: datetime | None = None,
    ) -> tuple[list[object], dict[str, Any]]:
        """The records of an endpoint that bears their name, whatever they are, and the body around them."""
        body = self.read(f"/{name}", params, changed_since)
        return list_in(body, name), body

    def _ask(self, call: Call) -> dict[str, Any]:
        self._budget.take()
        try:
            answer = self._api.send(call)
        except CredentialRejected:
            self._budget.give_back()
            raise
        self._budget.correct(answer.headers)
        refusal = refusal_of(answer, call.path, self._now, is_open=self._is_open)
        if refusal is not None:
            raise refusal
        self._is_open = True
        if not isinstance(answer.body, dict):
            raise VendorUnavailable(f"xero: the answer of {call.path} has not its shape")
        return answer.body


def list_in(body: Mapping[str, Any], name: str) -> list[object]:
    """The list under a name; anything else is not taken for an empty one."""
    found = body.get(name)
    if not isinstance(found, list):
        raise VendorUnavailable(f"xero: an answer has no list of {name}")
    return found


def _wait_for_others(error: Exception) -> float | bool:
    if isinstance(error, TooManyAtOnce) and error.retry_after_s is not None:
        return error.retry_after_s if error.retry_after_s <= LONGEST_WAIT_HERE_S else False
    return False
