"""The sandbox as one ASGI application."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from shared.sandbox.retail import load_shop
from shared.sandbox.shopify.api import ShopifySandbox

# A stand-in's token protects nothing; it is checked so that a wrong one is refused as the vendor would.
SHOPIFY_TOKEN = "sandbox-token"  # noqa: S105


def build_app() -> Starlette:
    """The application; `/health` answers as soon as it serves."""

    async def health(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    shopify = ShopifySandbox(load_shop(), SHOPIFY_TOKEN)
    return Starlette(routes=[Route("/health", health), *shopify.routes])
