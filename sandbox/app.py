"""The sandbox as one ASGI application: the retail shop at the root, other shops under their domains."""

from collections.abc import Iterable
from datetime import date

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.control import Control
from sandbox.faults import Faults
from sandbox.maker import make_ledger
from sandbox.retail import load_shop
from sandbox.shop_ledger import Ledger
from sandbox.shopify.api import ShopifySandbox
from sandbox.shopify.retail_store import RetailStore
from sandbox.shopify.stores import LedgerStore

# A stand-in's token protects nothing; it is checked so that a wrong one is refused as the vendor would.
SHOPIFY_TOKEN = "sandbox-token"  # noqa: S105
# What the control endpoint calls the shop at the root.
RETAIL = "demo-gifts.myshopify.com"
FIRST_DAY, LAST_DAY = date(2026, 3, 1), date(2026, 11, 15)
GRAPHQL = "/admin/api/{version}/graphql.json"
TOKEN = "/admin/oauth/access_token"  # noqa: S105 - a path


def build_app(shops: Iterable[ShopifySandbox] = (), others: Iterable[BaseRoute] = ()) -> Starlette:
    """The application, with `others` for further vendors; `/health` answers as soon as it serves."""
    retail = ShopifySandbox(RetailStore(load_shop()), SHOPIFY_TOKEN, domain=RETAIL)
    reception = Reception([retail, *shops])
    app = Starlette(
        routes=[Route("/health", _health), *reception.routes, *reception.control.routes, *others]
    )
    # More shops may be opened while it serves.
    app.state.reception = reception
    return app


def ledger_shop(domain: str, ledger: Ledger) -> ShopifySandbox:
    """A ledger under a domain, with the fixed access token `token-<domain>` and `refresh-<domain>` to rotate."""
    return ShopifySandbox(
        LedgerStore(ledger),
        f"token-{domain}",
        domain=domain,
        refresh_token=f"refresh-{domain}",
    )


def make_shops(seed: int, orders: int) -> list[ShopifySandbox]:
    """The three ledger shops of a seed, each with so many orders."""
    return [
        ledger_shop(
            f"{channel.removeprefix('shopify_')}-{seed}.myshopify.com",
            make_ledger(seed, channel, orders=orders, first_day=FIRST_DAY, last_day=LAST_DAY),
        )
        for channel in ("shopify_uk", "shopify_eu", "shopify_usa")
    ]


class Reception:
    """Hands each request to the shop that it is for; the first shop is at the root."""

    def __init__(self, shops: list[ShopifySandbox]) -> None:
        self.faults = Faults()
        self._shops: dict[str, ShopifySandbox] = {}
        self._root = shops[0]
        self.control = Control(self._shops, self.faults)
        for shop in shops:
            self.open(shop)

    def open(self, shop: ShopifySandbox) -> None:
        """Serves a shop under its domain, instead of the one that was there."""
        shop.faults = self.faults
        self._shops[shop.domain] = shop

    @property
    def routes(self) -> list[Route]:
        """Where the shops answer, as the vendor's URLs have it."""
        return [
            Route(GRAPHQL, self._answer_graphql, methods=["POST"]),
            Route(TOKEN, self._answer_token, methods=["POST"]),
            Route("/shops/{domain}" + GRAPHQL, self._answer_graphql, methods=["POST"]),
            Route("/shops/{domain}" + TOKEN, self._answer_token, methods=["POST"]),
            Route("/bulk/{name}", self._answer_download, methods=["GET"]),
        ]

    def _find(self, request: Request) -> ShopifySandbox | None:
        domain = request.path_params.get("domain")
        return self._root if domain is None else self._shops.get(domain)

    async def _answer_graphql(self, request: Request) -> Response:
        shop = self._find(request)
        return _not_found() if shop is None else await shop.answer_graphql(request)

    async def _answer_token(self, request: Request) -> Response:
        shop = self._find(request)
        return _not_found() if shop is None else await shop.answer_token(request)

    async def _answer_download(self, request: Request) -> Response:
        # The file lies with a third party: a request that brings our secret there has given it away.
        for header in ("X-Shopify-Access-Token", "Authorization"):
            if header in request.headers:
                return PlainTextResponse(f"{header} must not be sent here", status_code=400)
        for shop in tuple(self._shops.values()):
            answer = await shop.answer_download(request)
            if answer is not None:
                return answer
        return PlainTextResponse("AccessDenied", status_code=403)


def _not_found() -> Response:
    return JSONResponse({"errors": "Not Found"}, status_code=404)


async def _health(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")
