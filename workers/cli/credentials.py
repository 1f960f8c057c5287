"""`capliquify credentials`."""

import json
import sys
from typing import Annotated

import typer
from rich.console import Console

from shared.connectors.shopify.credential import ShopifyCredential
from shared.connectors.shopify.mapping import MARKETS
from shared.errors import InvalidInput
from shared.persistence.tenancy import find_tenant
from shared.use_cases.store_credential import store_credential
from workers.platform import open_platform

app = typer.Typer(no_args_is_help=True, help="Vendor credentials, sealed before they are stored.")
console = Console()


@app.callback()
def group() -> None:
    """Keeps `set` a subcommand."""


@app.command(name="set")
def set_credential(
    tenant: Annotated[str, typer.Option(help="The tenant's slug")],
    service: Annotated[str, typer.Option(help="Such as shopify_uk")] = "shopify_uk",
) -> None:
    """Seal and store a credential; its JSON is read from standard input.

    For Shopify: {"shop_domain": "acme.myshopify.com", "access_token": "…"}
    """
    if service not in MARKETS:
        raise InvalidInput(f"service: {service!r} is not known; there are {', '.join(MARKETS)}")
    secret = _read_secret(sys.stdin.read())
    ShopifyCredential.parse(secret)
    with open_platform() as wiring:
        with wiring.admin.transaction() as connection:
            found = find_tenant(connection, tenant)
        opener = wiring.unit_of_work(found.id, actor="operator")
        store_credential(opener, wiring.vault, service, "ecommerce", secret)
    console.print(f"{service}: stored for {tenant}")


def _read_secret(text: str) -> dict[str, str]:
    try:
        secret = json.loads(text)
    except ValueError:
        raise InvalidInput("standard input: is not JSON; give one object of texts") from None
    if not isinstance(secret, dict) or not all(isinstance(each, str) for each in secret.values()):
        raise InvalidInput("standard input: give one JSON object whose values are texts")
    return secret
