"""`capliquify sandbox`."""

from typing import Annotated

import typer

from workers.cli.processes import require_free


def sandbox(
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port on the loopback interface")
    ] = 8765,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Serve made-up shops, an Amazon account and Xero books of this seed as well"
        ),
    ] = None,
    orders: Annotated[int, typer.Option(min=1, help="Orders of each made-up shop")] = 300,
    speed: Annotated[
        float, typer.Option(min=1, help="How much faster than the real one Amazon is")
    ] = 1.0,
) -> None:
    """Serve the local stand-ins of the vendors, on loopback."""
    import uvicorn  # noqa: PLC0415 - only this command serves

    from sandbox.app import SHOPIFY_TOKEN, build_app  # noqa: PLC0415 - loads the orders
    from sandbox.town import build_town  # noqa: PLC0415

    require_free(port)
    url = f"http://127.0.0.1:{port}"
    typer.echo(f"Shopify sandbox on {url}, token {SHOPIFY_TOKEN}; orders 2010-12-01 to 2011-12-09")
    app = build_app()
    if seed is not None:
        town = build_town(seed, orders, speed)
        app = build_app(town.shops, town.routes)
        for shop in town.shops:
            typer.echo(f"{shop.domain} on {url}/shops/{shop.domain}")
        typer.echo("Their tokens are token-<domain>; that of demo-gifts is the one above.")
        typer.echo(f"amazon_uk and xero on {url}: see the README for their made-up credentials")
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)
