"""The HTTP side: token check, GraphQL execution, the vendor's way of saying no."""

import re
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLError, build_schema, parse, validate
from graphql.execution import execute_sync
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from shared.sandbox.retail import RetailShop
from shared.sandbox.shopify.costs import Bucket, query_cost
from shared.sandbox.shopify.nodes import connection, order_node, shop_node, variant_node

SCHEMA = build_schema((Path(__file__).parent / "schema.graphql").read_text(encoding="utf-8"))
# The vendor takes no query that costs more, whatever the plan.
LARGEST_QUERY = 1000
TOO_COSTLY = {"code": "MAX_COST_EXCEEDED"}
LARGEST_PLAN = 20_000.0
UPDATED_AT = re.compile(r"updated_at:(<=|>=)'([^']+)'")


@lru_cache(maxsize=64)
def read_document(query: str) -> tuple[DocumentNode, list[GraphQLError]]:
    """The parsed query and what is wrong with it; a client sends the same few over and over."""
    document = parse(query)
    return document, validate(SCHEMA, document)


class ShopifySandbox:
    """One shop behind one access token."""

    def __init__(self, shop: RetailShop, access_token: str, bucket: Bucket | None = None) -> None:
        self._shop = shop
        self.bucket = bucket or Bucket(LARGEST_PLAN, LARGEST_PLAN / 10)
        self._token = access_token
        self._variants = [variant_node(article) for article in shop.articles]

    @property
    def routes(self) -> list[Route]:
        """Where the shop answers, as the vendor's URLs have it."""
        return [Route("/admin/api/{version}/graphql.json", self._answer, methods=["POST"])]

    async def _answer(self, request: Request) -> JSONResponse:
        if request.headers.get("X-Shopify-Access-Token") != self._token:
            message = "[API] Invalid API key or access token (unrecognized login or wrong password)"
            return JSONResponse({"errors": message}, status_code=401)
        body = await request.json()
        return JSONResponse(self._execute(body["query"], body.get("variables") or {}))

    def _execute(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
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
        if not self.bucket.take(requested, requested):
            throttled = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
            return {"errors": [throttled], "extensions": self.bucket.describe(requested, None)}
        result = execute_sync(SCHEMA, document, root_value=self, variable_values=variables)
        return {**result.formatted, "extensions": self.bucket.describe(requested, requested)}

    def shop(self, _info: object) -> dict[str, Any]:
        """Query.shop"""
        return shop_node()

    def productVariants(self, info: object, **arguments: Any) -> Any:  # noqa: N802 - vendor's name
        """Query.productVariants"""
        return connection(self._variants)(info, **arguments)

    def orders(self, _info: object, first: int, after: str | None = None, **rest: Any) -> Any:
        """Query.orders: in the order of their last change, within the searched instants."""
        matching = self._search(rest.get("query") or "")
        start = int(after) if after else 0
        end = start + first
        return {
            "nodes": [order_node(order) for order in matching[start:end]],
            "pageInfo": {
                "hasNextPage": end < len(matching),
                "endCursor": str(min(end, len(matching))),
            },
        }

    def order(self, _info: object, id: str) -> Any:  # noqa: A002 - vendor's name
        """Query.order"""
        number = int(id.rpartition("/")[2])
        return next((order_node(o) for o in self._shop.orders if o.number == number), None)

    def refund(self, _info: object, id: str) -> Any:  # noqa: A002 - vendor's name
        """Query.refund"""
        for order in self._shop.orders:
            for refund in order_node(order)["refunds"]:
                if refund["id"] == id:
                    return refund
        return None

    def inventoryItem(self, _info: object, id: str) -> Any:  # noqa: A002, N802 - vendor's names
        """Query.inventoryItem"""
        items = (variant["inventoryItem"] for variant in self._variants)
        return next((item for item in items if item["id"] == id), None)

    def _search(self, query: str) -> list[Any]:
        bounds = [(sign, datetime.fromisoformat(text)) for sign, text in UPDATED_AT.findall(query)]
        return [
            order
            for order in self._shop.orders
            if all(
                order.updated_at <= moment if sign == "<=" else order.updated_at >= moment
                for sign, moment in bounds
            )
        ]
