"""The HTTP side: tokens, the organisation's header, limits, and Xero's way of saying no."""

import gzip
import json
import math
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.broken_answers import CutAnswer, NoAnswer
from sandbox.xero.balance_sheets import BookReports
from sandbox.xero.book_ledger import XeroLedger
from sandbox.xero.documents import DocumentPages, read_since
from sandbox.xero.faults import TRANSPORT, XeroFault, XeroFaults
from sandbox.xero.limits import CallLimits
from sandbox.xero.records import account_node, ms_instant, organisation_node
from sandbox.xero.tokens import XeroTokens

ROOT = "/api.xro/2.0"
ACCESS_TOKEN, REFRESH_TOKEN = "xero-sandbox-token", "xero-sandbox-refresh"
HTML = "<!DOCTYPE html><html><body><h1>We'll be right back</h1></body></html>"
PROBLEMS = {
    "too_many_minute": "minute",
    "too_many_day": "day",
    "too_many_at_once": "concurrent",
}
Body = dict[str, Any]


class XeroSandbox:
    """One organisation behind its tokens and limits; `routes` are both hosts' paths together."""

    def __init__(
        self,
        ledger: XeroLedger,
        *,
        access_token: str = ACCESS_TOKEN,
        refresh_token: str = REFRESH_TOKEN,
    ) -> None:
        self.ledger = ledger
        self.faults = XeroFaults()
        self.tokens = XeroTokens(access_token, refresh_token)
        self.limits = CallLimits(self.tokens.now_s)
        self.reports = BookReports(ledger)
        self.pages = DocumentPages(ledger, self.faults)
        self.organisations = [ledger.facts.organisation_id]
        # Paths by their last part that are refused, and with which status.
        self.refused: dict[str, int] = {}
        self.requests = 0

    @property
    def routes(self) -> list[Route]:
        """Where it listens, as the vendor's URLs have it."""
        paths: dict[str, Callable[[Request], Body]] = {
            "/Organisation": self._organisation,
            "/Accounts": self._accounts,
            "/Invoices": self._documents,
            "/CreditNotes": self._documents,
            "/Overpayments": self._documents,
            "/Prepayments": self._documents,
            "/Reports/BalanceSheet": self._balance_sheet,
            "/Reports/BankSummary": self._bank_summary,
        }
        return [
            Route("/connect/token", self._answer_token, methods=["POST"]),
            Route("/connections", self._answer_connections, methods=["GET"]),
            *(Route(ROOT + path, self._answer(make)) for path, make in paths.items()),
            Route(ROOT + "/{path:path}", self._answer_missing),
        ]

    async def _answer_token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        grant = self.tokens.exchange(form, request.headers.get("authorization"))
        if grant.status == 200 and self.faults.strike("lose_answer_after_rotation"):
            return NoAnswer()
        return JSONResponse(dict(grant.body), grant.status)

    async def _answer_connections(self, request: Request) -> Response:
        if not self.tokens.accepts(request.headers.get("authorization")):
            return _problem(401, "Unauthorized", "TokenExpired: token expired")
        found = [
            {"id": each, "tenantId": each, "tenantType": "ORGANISATION"}
            for each in self.organisations
        ]
        return JSONResponse(found)

    async def _answer_missing(self, _request: Request) -> Response:
        return _problem(404, "NotFound", "The resource you're looking for cannot be found")

    def _answer(self, make: Callable[[Request], Body]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            self.requests += 1
            problem = self.limits.enter()
            try:
                fault = self.faults.strike(*TRANSPORT)
                refusal = self._refuse(request, fault, problem)
                if refusal is not None:
                    return refusal
                return self._send(request, make(request), fault)
            except ValueError as error:
                body = {"ErrorNumber": 16, "Type": "QueryParseException", "Message": str(error)}
                return JSONResponse(body, 400)
            finally:
                self.limits.leave()

        return answer

    def _refuse(
        self, request: Request, fault: XeroFault | None, problem: tuple[str, float] | None
    ) -> Response | None:
        if fault is not None and (answer := self._fault_answer(fault)) is not None:
            return answer
        if not self.tokens.accepts(request.headers.get("authorization")):
            return _problem(401, "Unauthorized", "TokenExpired: token expired at 01/23/2026")
        if request.headers.get("xero-tenant-id") not in self.organisations:
            return _problem(403, "Forbidden", "AuthenticationUnsuccessful")
        if problem is not None:
            return self._too_many(*problem)
        status = self.refused.get(request.url.path.rpartition("/")[2])
        return None if status is None else _problem(status, "Refused", "AuthorizationUnsuccessful")

    def _fault_answer(self, fault: XeroFault) -> Response | None:
        match fault.name:
            case "server_error":
                return PlainTextResponse("The Organisation is offline", 503)
            case "html_body":
                return Response(HTML, 200, media_type="text/html")
            case "drop_connection":
                return NoAnswer()
            case "forbidden":
                return _problem(403, "Forbidden", "insufficient scope", small=True)
            case "too_many_minute" | "too_many_day" | "too_many_at_once":
                return self._too_many(fault.spelling or PROBLEMS[fault.name], fault.seconds)
        return None

    def _too_many(self, spelling: str, seconds: float) -> Response:
        headers = {
            **self.limits.headers(),
            "X-Rate-Limit-Problem": spelling,
            "Retry-After": str(math.ceil(seconds)),
        }
        return PlainTextResponse("Rate limit exceeded", 429, headers)

    def _send(self, request: Request, body: Body, fault: XeroFault | None) -> Response:
        answer = {"Status": "OK", "DateTimeUTC": ms_instant(self.ledger.clock), **body}
        content = json.dumps(answer, ensure_ascii=False).encode()
        headers = self.limits.headers()
        if fault is not None and fault.name == "truncated_json":
            return CutAnswer(content, 200, headers, "application/json")
        if "gzip" in request.headers.get("accept-encoding", ""):
            content = gzip.compress(content, compresslevel=1)
            headers["Content-Encoding"] = "gzip"
        return Response(content, 200, headers, "application/json; charset=utf-8")

    def _organisation(self, _request: Request) -> Body:
        return {"Organisations": [organisation_node(self.ledger.facts)]}

    def _accounts(self, _request: Request) -> Body:
        currency = self.ledger.facts.currency
        found = self.ledger.accounts.values()
        return {"Accounts": [account_node(each, currency) for each in found]}

    def _documents(self, request: Request) -> Body:
        since = read_since(request.headers.get("if-modified-since"))
        name = request.url.path.rpartition("/")[2]
        return self.pages.answer(name, request.query_params, since)

    def _balance_sheet(self, request: Request) -> Body:
        body = self.reports.balance_sheet(date.fromisoformat(request.query_params["date"]))
        if self.faults.strike("money_as_number"):
            _write_numbers(body["Reports"][0]["Rows"])
        return body

    def _bank_summary(self, request: Request) -> Body:
        first, last = (request.query_params[name] for name in ("fromDate", "toDate"))
        return self.reports.bank_summary(date.fromisoformat(first), date.fromisoformat(last))


def _problem(status: int, title: str, detail: str, *, small: bool = False) -> Response:
    """An error's body; Xero spells its fields in two ways."""
    body = {"Title": title, "Status": status, "Detail": detail}
    if small:
        body = {name.lower(): value for name, value in body.items()}
    return JSONResponse(body, status)


def _write_numbers(rows: list[Body]) -> None:
    for section in rows:
        for row in section.get("Rows", ()):
            for cell in row["Cells"][1:]:
                cell["Value"] = float(cell["Value"])
