"""How a test sets the Xero sandbox: faults, clocks, limits, and what was seen."""

import json
from datetime import date, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.xero.api import XeroSandbox
from sandbox.xero.faults import XeroFault
from shared.errors import InvalidInput

SETTINGS = frozenset(
    {
        "advance_tokens_s",
        "at_once_limit",
        "cards_owed",
        "clock",
        "day_limit",
        "largest_page",
        "minute_limit",
        "organisations",
        "refused",
        "revoke",
        "spend",
    }
)


class XeroControl:
    """The endpoints below `/control/xero`."""

    def __init__(self, sandbox: XeroSandbox) -> None:
        self._sandbox = sandbox

    @property
    def routes(self) -> list[Route]:
        """Where it listens."""
        return [
            Route("/control/xero/faults", self._arm, methods=["POST"]),
            Route("/control/xero/faults", self._clear, methods=["DELETE"]),
            Route("/control/xero", self._set, methods=["POST"]),
            Route("/control/xero", self._show, methods=["GET"]),
            Route("/control/xero/truth", self._show_truth, methods=["GET"]),
        ]

    async def _arm(self, request: Request) -> Response:
        wanted = json.loads(await request.body())
        names = {"times", "after", "seconds", "spelling"}
        options = {name: wanted[name] for name in names & wanted.keys()}
        try:
            self._sandbox.faults.arm(XeroFault(wanted["fault"], **options))
        except (InvalidInput, KeyError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"armed": self._sandbox.faults.armed})

    async def _clear(self, _request: Request) -> Response:
        self._sandbox.faults.clear()
        return JSONResponse({"armed": []})

    async def _set(self, request: Request) -> Response:
        wanted = json.loads(await request.body())
        if unknown := wanted.keys() - SETTINGS:
            return JSONResponse({"error": f"there is no {', '.join(sorted(unknown))}"}, 400)
        apply_settings(self._sandbox, wanted)
        return JSONResponse(describe(self._sandbox))

    async def _show(self, _request: Request) -> Response:
        return JSONResponse(describe(self._sandbox))

    async def _show_truth(self, request: Request) -> Response:
        ledger = self._sandbox.ledger
        balances = ledger.truth(date.fromisoformat(request.query_params["day"]))
        rows = [[*key, str(amount)] for key, amount in balances.items()]
        due = {key: str(each.due) for key, each in ledger.open_documents().items()}
        return JSONResponse({"balances": rows, "open": due})


def apply_settings(sandbox: XeroSandbox, wanted: dict[str, Any]) -> None:
    """Sets what was asked for: the clock as ISO 8601 with an offset, limits in calls."""
    limits = sandbox.limits
    if "clock" in wanted:
        sandbox.ledger.move_clock(datetime.fromisoformat(wanted["clock"]))
    if wanted.get("revoke"):
        sandbox.tokens.revoke()
    sandbox.tokens.put_forward(float(wanted.get("advance_tokens_s", 0)))
    sandbox.organisations = list(wanted.get("organisations", sandbox.organisations))
    sandbox.refused = dict(wanted.get("refused", sandbox.refused))
    limits.minute = int(wanted.get("minute_limit", limits.minute))
    limits.day = int(wanted.get("day_limit", limits.day))
    limits.at_once = int(wanted.get("at_once_limit", limits.at_once))
    limits.spend(int(wanted.get("spend", 0)))
    sandbox.pages.largest_page = int(wanted.get("largest_page", sandbox.pages.largest_page))
    sandbox.reports.cards_owed = bool(wanted.get("cards_owed", sandbox.reports.cards_owed))


def describe(sandbox: XeroSandbox) -> dict[str, Any]:
    """What it has seen, and how it is set."""
    limits, facts = sandbox.limits, sandbox.ledger.facts
    return {
        "organisation_id": facts.organisation_id,
        "clock": sandbox.ledger.clock.isoformat(),
        "requests": sandbox.requests,
        "refused": limits.refused,
        "most_at_once": limits.most_under_way,
        "limits": limits.headers(),
        "token_rotations": sandbox.tokens.rotations,
        "faults_fired": dict(sandbox.faults.fired),
        "faults_armed": sandbox.faults.armed,
    }
