"""The HTTP side: tokens, limits, faults, and the vendor's way of saying no."""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox.amazon.account import SellerAccount
from sandbox.amazon.account_ledger import Ledger
from sandbox.amazon.buckets import Buckets
from sandbox.amazon.clock import SandboxClock
from sandbox.amazon.documents import BY_LAST_UPDATE, BY_ORDER_DATE, LISTINGS
from sandbox.amazon.faults import ANY_REQUEST, Faults
from sandbox.amazon.operations import Operations, Refused, read_instant
from sandbox.amazon.report_desk import ReportDesk, report_node

CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN = (
    "amzn1.application-oa2-client.sandbox",
    "sandbox-secret",
    "Atzr|sandbox",
)
TOKEN_LIVES = timedelta(hours=1)
REQUESTABLE = {BY_ORDER_DATE, BY_LAST_UPDATE, LISTINGS}

Answer = Callable[[Request], Awaitable[Response]]


class AmazonSandbox:
    """One seller's account at one site or at several, and the token endpoint before it."""

    def __init__(self, ledger: Ledger, clock: SandboxClock, others: Sequence[Ledger] = ()) -> None:
        self.ledger, self.clock = ledger, clock
        self.account = SellerAccount((ledger, *others))
        self.faults = Faults()
        self.buckets = Buckets(clock.now)
        self.operations = Operations(self.account, clock, self.faults)
        self.desk = ReportDesk(self.account, clock, self.faults)
        self.client_secret, self.refresh_token = CLIENT_SECRET, REFRESH_TOKEN
        self._tokens: dict[str, Any] = {}

    def open_account(self, account: SellerAccount) -> None:
        """Serves another account from now on."""
        self.account = self.operations.account = self.desk.account = account

    @property
    def routes(self) -> list[Route]:
        """Where the account answers, as the vendor's URLs have it."""
        reports, documents = "/reports/2021-06-30/reports", "/reports/2021-06-30/documents"
        return [
            Route("/auth/o2/token", self._token, methods=["POST"]),
            self._route("searchOrders", "/orders/2026-01-01/orders", self._search_orders),
            self._route(
                "listTransactions", "/finances/2024-06-19/transactions", self._transactions
            ),
            self._route("getInventorySummaries", "/fba/inventory/v1/summaries", self._summaries),
            self._route(
                "getMarketplaceParticipations",
                "/sellers/v1/marketplaceParticipations",
                self._participations,
            ),
            self._route("createReport", reports, self._create_report, "POST"),
            self._route("getReports", reports, self._list_reports),
            self._route("getReport", f"{reports}/{{number}}", self._get_report),
            self._route("getReportDocument", f"{documents}/{{number}}", self._get_document),
            Route("/amazon-documents/{name}", self._fetch, methods=["GET"]),
            Route("/control/amazon/faults", self._order_fault, methods=["POST"]),
            Route("/control/amazon/clock", self._set_clock, methods=["POST"]),
        ]

    def _route(self, operation: str, path: str, answer: Answer, method: str = "GET") -> Route:
        async def guarded(request: Request) -> Response:
            if not self._is_fresh(request.headers.get("x-amz-access-token", "")):
                message = "Access to requested resource is denied."
                details = "The access token you provided has expired."
                return _errors(403, "Unauthorized", message, details)
            if operation in self.account.forbidden:
                return _errors(403, "Unauthorized", "Access to requested resource is denied.")
            if not self.buckets.take(operation) or self.faults.strikes("too_many"):
                message = "You exceeded your quota for the requested resource."
                return _errors(429, "QuotaExceeded", message)
            fault = self.faults.first_of(ANY_REQUEST)
            if fault in {"server_error", "html_body", "drop_connection"}:
                return _broken(str(fault))
            try:
                response = await answer(request)
            except Refused as refusal:
                response = _errors(400, "InvalidInput", str(refusal))
            response.headers["x-amzn-RateLimit-Limit"] = str(self.buckets.rate(operation))
            return _cut(response) if fault == "truncated_json" else response

        return Route(path, guarded, methods=[method])

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8")))
        if form.get("client_id") != CLIENT_ID or form.get("client_secret") != self.client_secret:
            return _refuse_token(401, "invalid_client", "Client authentication failed")
        if form.get("grant_type") != "refresh_token":
            return _refuse_token(400, "unsupported_grant_type", "The grant type is not supported")
        if form.get("refresh_token") != self.refresh_token:
            return _refuse_token(400, "invalid_grant", "The request has an invalid grant parameter")
        token = f"Atza|{len(self._tokens)}"
        self._tokens[token] = self.clock.now() + TOKEN_LIVES
        body = {"access_token": token, "token_type": "bearer", "expires_in": 3600}
        return JSONResponse({**body, "refresh_token": self.refresh_token})

    def _is_fresh(self, token: str) -> bool:
        return token in self._tokens and self.clock.now() < self._tokens[token]

    async def _search_orders(self, request: Request) -> Response:
        return JSONResponse(self.operations.search_orders(request.query_params))

    async def _transactions(self, request: Request) -> Response:
        return JSONResponse(self.operations.list_transactions(request.query_params))

    async def _summaries(self, request: Request) -> Response:
        return JSONResponse(self.operations.summaries(request.query_params))

    async def _participations(self, _request: Request) -> Response:
        return JSONResponse(self.operations.participations())

    async def _create_report(self, request: Request) -> Response:
        body = await request.json()
        if body.get("reportType") not in REQUESTABLE or not body.get("marketplaceIds"):
            raise Refused("Invalid input")
        instants = [
            read_instant(body[name], name) if name in body else None
            for name in ("dataStartTime", "dataEndTime")
        ]
        if body["reportType"] == LISTINGS and len(body["marketplaceIds"]) != 1:
            raise Refused("Only one marketplace may be specified")
        number = self.desk.create(body["reportType"], body["marketplaceIds"], *instants)
        return JSONResponse({"reportId": number}, status_code=202)

    async def _get_report(self, request: Request) -> Response:
        node = self.desk.look(request.path_params["number"])
        return _errors(404, "NotFound", "Report not found") if node is None else JSONResponse(node)

    async def _list_reports(self, request: Request) -> Response:
        if "nextToken" in request.query_params and len(request.query_params) > 1:
            raise Refused("nextToken must be the only parameter")
        token = request.query_params.get("nextToken")
        kinds = json.loads(token)[1] if token else request.query_params["reportTypes"].split(",")
        start = json.loads(token)[0] if token else 0
        found = [each for each in self.desk.reports.values() if each.kind in kinds]
        body: dict[str, Any] = {"reports": [report_node(each) for each in found[start : start + 2]]}
        if start + 2 < len(found):
            body["nextToken"] = json.dumps([start + 2, kinds])
        return JSONResponse(body)

    async def _get_document(self, request: Request) -> Response:
        document_id = request.path_params["number"]
        name = self.desk.open_document(document_id)
        if name is None:
            return _errors(404, "NotFound", "Document not found")
        url = str(request.url.replace(path=f"/amazon-documents/{name}", query=""))
        body = {"reportDocumentId": document_id, "url": url, "compressionAlgorithm": "GZIP"}
        return JSONResponse(body)

    async def _fetch(self, request: Request) -> Response:
        if "x-amz-access-token" in request.headers:
            return Response("<Error><Code>InvalidArgument</Code></Error>", 400)
        content = self.desk.fetch(request.path_params["name"])
        if content is None:
            return Response("<Error><Code>AccessDenied</Code></Error>", 403)
        return Response(content, media_type="application/octet-stream")

    async def _order_fault(self, request: Request) -> Response:
        body = await request.json()
        try:
            self.faults.order(body["fault"], int(body.get("times", 1)), int(body.get("after", 0)))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return JSONResponse({"ordered": body["fault"]})

    async def _set_clock(self, request: Request) -> Response:
        self.clock.instant = read_instant((await request.json())["now"], "now")
        return JSONResponse({"now": self.clock.instant.isoformat()})


def _errors(status: int, code: str, message: str, details: str = "") -> JSONResponse:
    error = {"code": code, "message": message, "details": details}
    return JSONResponse({"errors": [error]}, status_code=status)


def _refuse_token(status: int, error: str, description: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": description}, status_code=status)


def _broken(fault: str) -> Response:
    if fault == "server_error":
        return _errors(503, "ServiceUnavailable", "Service is temporarily unavailable.")
    if fault == "html_body":
        return HTMLResponse("<html><body>502 Bad Gateway</body></html>", 200)
    # More is promised than comes: the server ends the connection in the middle.
    return Response("{", headers={"content-length": "1000"}, media_type="application/json")


def _cut(response: Response) -> Response:
    """The answer without its end, as a proxy that gives up leaves it."""
    content = bytes(response.body)
    return Response(
        content[: len(content) // 2], response.status_code, media_type="application/json"
    )
