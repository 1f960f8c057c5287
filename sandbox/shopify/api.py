"""The HTTP side: token check, GraphQL execution, the vendor's way of saying no, and faults on demand."""

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl

from graphql import DocumentNode, ExecutionResult, GraphQLError, parse, validate
from graphql.execution import execute_sync
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response

from sandbox.broken_answers import CutAnswer, NoAnswer, drip
from sandbox.faults import TRANSPORT, Fault, Faults
from sandbox.shopify.costs import Bucket, query_cost
from sandbox.shopify.root import SCOPES, Root, read_schema
from sandbox.shopify.stores import LedgerStore, Store
from sandbox.shopify.tokens import Tokens

SCHEMA = read_schema()
# The vendor takes no query that costs more, whatever the plan.
LARGEST_QUERY = 1000
TOO_COSTLY = {"code": "MAX_COST_EXCEEDED"}
LARGEST_PLAN = 20_000.0
WRONG_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"  # noqa: S105
HTML = "<!DOCTYPE html><html><body><h1>Something went wrong</h1></body></html>"
PRICE = re.compile(r'"(amount|price)": ?"(-?[0-9.]+)"')


@lru_cache(maxsize=64)
def read_document(query: str) -> tuple[DocumentNode, list[GraphQLError]]:
    """The parsed query and what is wrong with it; a client sends the same few over and over."""
    document = parse(query)
    return document, validate(SCHEMA, document)


@dataclass(slots=True)
class Traffic:
    """What a shop has seen; `most_at_once` is how many requests were under way at the same time."""

    requests: int = 0
    at_once: int = 0
    most_at_once: int = 0
    latency_s: float = 0.0


class ShopifySandbox:
    """One shop under its domain, behind its tokens and its bucket of points."""

    def __init__(
        self,
        store: Store,
        access_token: str,
        *,
        domain: str,
        refresh_token: str | None = None,
        bucket: Bucket | None = None,
        scopes: Sequence[str] = SCOPES,
    ) -> None:
        self.domain = domain
        self.store = store
        self.tokens = Tokens(access_token, refresh_token=refresh_token)
        self.bucket = bucket or Bucket(LARGEST_PLAN, LARGEST_PLAN / 10)
        self.traffic = Traffic()
        self.root = Root(domain, store)
        self.root.scopes = tuple(scopes)
        self._lock = Lock()

    @property
    def faults(self) -> Faults:
        """The faults that may strike here."""
        return self.root.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self.root.faults = faults

    def move_clock(self, to: datetime) -> None:
        """Sets the shop's now, where the shop is a ledger."""
        if isinstance(self.store, LedgerStore):
            self.store.ledger.move_clock(to)

    async def answer_graphql(self, request: Request) -> Response:
        """`POST /admin/api/{version}/graphql.json`"""
        fault = self._enter("graphql")
        try:
            if self.traffic.latency_s:
                await asyncio.sleep(self.traffic.latency_s)
            refusal = self._refuse(fault)
            if refusal is not None:
                return refusal
            if not self.tokens.accepts(request.headers.get("X-Shopify-Access-Token")):
                return JSONResponse({"errors": WRONG_TOKEN}, status_code=401)
            body = json.loads(await request.body())
            base_url = str(request.base_url).rstrip("/")
            throttled = fault is not None and fault.name == "throttled"
            answer = await run_in_threadpool(self._execute, body, base_url, throttled)
            return spoil_answer(self._spoil_price(answer), fault)
        finally:
            self.traffic.at_once -= 1

    async def answer_token(self, request: Request) -> Response:
        """`POST /admin/oauth/access_token`"""
        fault = self._enter("token")
        try:
            refusal = self._refuse(fault)
            if refusal is not None:
                return refusal
            text = (await request.body()).decode()
            is_json = "json" in request.headers.get("content-type", "")
            form = json.loads(text) if is_json else dict(parse_qsl(text))
            grant = self.tokens.exchange(form, ",".join(self.root.scopes))
            if grant.rotated and self.faults.fire(self.domain, "lose_answer_after_rotation"):
                return NoAnswer()
            return spoil_answer(JSONResponse(dict(grant.body), grant.status), fault)
        finally:
            self.traffic.at_once -= 1

    async def answer_download(self, request: Request) -> Response | None:
        """`GET /bulk/{name}`; None where the file is another shop's."""
        name, signature = request.path_params["name"], request.query_params.get("signature", "")
        path = self.root.bulk.find_file(name, signature)
        if path is None:
            return None
        fault = self._enter("bulk")
        self.traffic.at_once -= 1
        refusal = self._refuse(fault)
        if refusal is not None or fault is None:
            return refusal or FileResponse(path, media_type="application/jsonl")
        return spoil_answer(Response(path.read_bytes(), media_type="application/jsonl"), fault)

    def _enter(self, route: str) -> Fault | None:
        """Counts a request; the transport fault that strikes it."""
        traffic = self.traffic
        traffic.requests += 1
        traffic.at_once += 1
        traffic.most_at_once = max(traffic.most_at_once, traffic.at_once)
        return self.faults.fire(self.domain, *TRANSPORT, route=route)

    def _refuse(self, fault: Fault | None) -> Response | None:
        if fault is None:
            return None
        later = {"Retry-After": f"{fault.seconds:.1f}"}
        match fault.name:
            case "server_error":
                return PlainTextResponse("Service Unavailable", 503, later)
            case "too_many":
                limit = {"errors": "Exceeded 2 calls per second for api client."}
                return JSONResponse(limit, 429, later)
            case "html_body":
                return Response(HTML, 200, media_type="text/html")
            case "drop_connection":
                return NoAnswer()
        return None

    def _spoil_price(self, answer: dict[str, Any]) -> Response:
        text = json.dumps(answer, ensure_ascii=False)
        if PRICE.search(text) and self.faults.fire(self.domain, "price_as_number"):
            text = PRICE.sub(r'"\1": \2', text, count=1)
        return Response(text, media_type="application/json")

    def _execute(self, body: dict[str, Any], base_url: str, throttled: bool) -> dict[str, Any]:
        with self._lock:
            return self._answer(body["query"], body.get("variables") or {}, base_url, throttled)

    def _answer(
        self, query: str, variables: dict[str, Any], base_url: str, throttled: bool
    ) -> dict[str, Any]:
        try:
            document, errors = read_document(query)
        except GraphQLError as error:
            return dict(ExecutionResult(data=None, errors=[error]).formatted)
        if errors:
            return dict(ExecutionResult(data=None, errors=errors).formatted)
        requested = query_cost(document, variables)
        if requested > LARGEST_QUERY:
            refusal = {"message": "Query cost exceeds the maximum", "extensions": TOO_COSTLY}
            return {"errors": [refusal]}
        # The vendor gives back what a page did not fill; a sandbox page is taken to be full.
        if throttled or not self.bucket.take(requested, requested):
            refusal = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
            return {"errors": [refusal], "extensions": self.bucket.describe(requested, None)}
        result = execute_sync(
            SCHEMA,
            document,
            root_value=self.root,
            variable_values=variables,
            context_value=base_url,
        )
        return {**result.formatted, "extensions": self.bucket.describe(requested, requested)}


def spoil_answer(response: Response, fault: Fault | None) -> Response:
    """The answer cut off or slowed down, where the fault is one of these."""
    if fault is not None and fault.name == "truncated_json":
        return CutAnswer(bytes(response.body), response.status_code, dict(response.headers))
    if fault is not None and fault.name == "slow_drip":
        return drip(response, fault.seconds)
    return response
