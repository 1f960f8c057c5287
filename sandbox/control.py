"""How a test sets the sandbox: faults, clocks, buckets, and what was seen."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault, Faults
from sandbox.shop_events import OrderDeleted
from sandbox.shop_ledger import Ledger
from sandbox.shopify.api import ShopifySandbox
from sandbox.shopify.stores import LedgerStore
from shared.errors import InvalidInput


class Control:
    """The endpoints below `/control`, for all shops of the sandbox."""

    def __init__(self, shops: Mapping[str, ShopifySandbox], faults: Faults) -> None:
        self._shops = shops
        self._faults = faults

    @property
    def routes(self) -> list[Route]:
        """Where it listens."""
        return [
            Route("/control/faults", self._arm, methods=["POST"]),
            Route("/control/faults", self._clear, methods=["DELETE"]),
            Route("/control/state", self._show, methods=["GET"]),
            Route("/control/shops/{domain}", self._set, methods=["POST"]),
            Route("/control/shops/{domain}/truth", self._show_truth, methods=["GET"]),
        ]

    async def _arm(self, request: Request) -> Response:
        wanted = json.loads(await request.body())
        shop = wanted.get("shop")
        if shop is not None and shop not in self._shops:
            return _refuse(f"shop: there is no {shop!r}")
        names = {"times", "after", "route", "seconds"}
        try:
            options = {name: wanted[name] for name in names & wanted.keys()}
            self._faults.arm(Fault(wanted["fault"], shop, **options))
        except (InvalidInput, KeyError) as error:
            return _refuse(str(error))
        return JSONResponse({"armed": self._faults.armed})

    async def _clear(self, _request: Request) -> Response:
        self._faults.clear()
        return JSONResponse({"armed": []})

    async def _show(self, _request: Request) -> Response:
        shops = {domain: describe_shop(shop) for domain, shop in self._shops.items()}
        fired, armed = dict(self._faults.fired), self._faults.armed
        return JSONResponse({"shops": shops, "faults_fired": fired, "faults_armed": armed})

    async def _set(self, request: Request) -> Response:
        shop = self._shops.get(request.path_params["domain"])
        if shop is None:
            return _refuse("shop: there is none under this domain")
        wanted = json.loads(await request.body())
        if unknown := wanted.keys() - SETTINGS:
            return _refuse(f"settings: there is no {', '.join(sorted(unknown))}")
        apply_settings(shop, wanted)
        return JSONResponse(describe_shop(shop))

    async def _show_truth(self, request: Request) -> Response:
        shop = self._shops.get(request.path_params["domain"])
        if shop is None or not isinstance(shop.store, LedgerStore):
            return _refuse("shop: there is no ledger under this domain")
        until = request.query_params.get("until")
        truth = shop.store.ledger.truth(datetime.fromisoformat(until) if until else None)
        figures = [
            {"channel": key[0], "day": str(key[1]), "sku": key[2], **_texts(asdict(each))}
            for key, each in truth.figures.items()
        ]
        return JSONResponse({"figures": figures, "commissions": _texts(truth.commissions)})


SETTINGS = {
    "advance_tokens_s",
    "bucket",
    "delete_order",
    "bulk_last_newline",
    "bulk_order",
    "clock",
    "latency_s",
    "polls",
    "rename_sku",
    "revoke",
    "scopes",
}


def apply_settings(shop: ShopifySandbox, wanted: Mapping[str, Any]) -> None:
    """Sets what was asked for: instants as ISO 8601 with an offset, `bulk_order` grouped or shuffled."""
    bulk = shop.root.bulk.settings
    if "clock" in wanted:
        shop.move_clock(datetime.fromisoformat(wanted["clock"]))
    if "bucket" in wanted:
        shop.bucket.resize(float(wanted["bucket"]["maximum"]), float(wanted["bucket"]["rate"]))
    if "scopes" in wanted:
        shop.root.scopes = tuple(wanted["scopes"])
    if isinstance(shop.store, LedgerStore):
        _change_ledger(shop.store.ledger, wanted)
    if wanted.get("revoke"):
        shop.tokens.revoke()
    shop.tokens.put_forward(float(wanted.get("advance_tokens_s", 0)))
    shop.traffic.latency_s = float(wanted.get("latency_s", shop.traffic.latency_s))
    bulk.polls = int(wanted.get("polls", bulk.polls))
    bulk.last_newline = bool(wanted.get("bulk_last_newline", bulk.last_newline))
    bulk.shuffled = wanted.get("bulk_order", "shuffled" if bulk.shuffled else "") == "shuffled"


def _change_ledger(ledger: Ledger, wanted: Mapping[str, Any]) -> None:
    """What somebody does in the shop now: `delete_order` by its number, `rename_sku` from one name to another."""
    if "delete_order" in wanted:
        ledger.record(OrderDeleted(int(wanted["delete_order"]), ledger.clock))
    if "rename_sku" in wanted:
        old, new = wanted["rename_sku"]
        for article in ledger.articles:
            if article.sku == old:
                ledger.rename(article.number, new)


def describe_shop(shop: ShopifySandbox) -> dict[str, Any]:
    """What a shop has seen, and how it is set."""
    bucket, bulk = shop.bucket, shop.root.bulk
    return {
        "clock": shop.store.now().isoformat(),
        "requests": shop.traffic.requests,
        "concurrent_maximum": shop.traffic.most_at_once,
        "bucket": {
            "maximum": bucket.maximum,
            "rate": bucket.rate,
            "available": bucket.available,
            "spent": bucket.spent,
            "throttled": bucket.throttled,
        },
        "scopes": list(shop.root.scopes),
        "token_rotations": shop.tokens.rotations,
        "bulk_downloads": bulk.downloads,
    }


def _texts(values: Mapping[str, object]) -> dict[str, object]:
    return {
        name: each if each is None or isinstance(each, int) else str(each)
        for name, each in values.items()
    }


def _refuse(reason: str) -> Response:
    return JSONResponse({"error": reason}, status_code=400)
