"""A process that serves one large Shopify shop: `python -m benchmarks.large_shop PORT ORDERS RATE`."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn

from sandbox.app import build_app
from sandbox.shopify.api import ShopifySandbox
from sandbox.shopify.costs import Bucket
from sandbox.shopify.large_store import LargeStore
from shared.embedded.tcp_ports import free_port
from shared.http.client import VendorHttp

DOMAIN = "large.myshopify.com"
TOKEN = f"token-{DOMAIN}"
# The smallest plan's bucket; its rate is asked for.
BUCKET = 2000.0


@contextmanager
def large_shop(orders: int, rate: float) -> Iterator[str]:
    """The shop in a process of its own; its URL."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.large_shop", str(port), str(orders), str(rate)]
    process = subprocess.Popen(command)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                httpx.get(f"{url}/health", timeout=1.0)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        else:
            raise SystemExit("the shop did not open")
        yield url
    finally:
        process.terminate()
        process.wait()


def state(url: str) -> dict[str, Any]:
    """The shop's bucket, as the sandbox reports it."""
    bucket: dict[str, Any] = httpx.get(f"{url}/control/state").json()["shops"][DOMAIN]["bucket"]
    return bucket


def shop_http(url: str) -> VendorHttp:
    """A client of the shop."""
    return VendorHttp("shopify", f"{url}/shops/{DOMAIN}", {"X-Shopify-Access-Token": TOKEN})


def main() -> None:
    """Serves until it is ended."""
    port, orders, rate = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    shop = ShopifySandbox(LargeStore(1, orders), TOKEN, domain=DOMAIN, bucket=Bucket(BUCKET, rate))
    uvicorn.run(build_app([shop]), host="127.0.0.1", port=port, log_level="error")


if __name__ == "__main__":
    main()
