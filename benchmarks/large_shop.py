"""A process that serves one large Shopify shop: `python -m benchmarks.large_shop PORT ORDERS RATE`."""

import sys

import uvicorn

from shared.sandbox.app import build_app
from shared.sandbox.shopify.api import ShopifySandbox
from shared.sandbox.shopify.costs import Bucket
from shared.sandbox.shopify.large_store import LargeStore

DOMAIN = "large.myshopify.com"
TOKEN = f"token-{DOMAIN}"
# The smallest plan's bucket; its rate is asked for.
BUCKET = 2000.0


def main() -> None:
    """Serves until it is ended."""
    port, orders, rate = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    shop = ShopifySandbox(LargeStore(1, orders), TOKEN, domain=DOMAIN, bucket=Bucket(BUCKET, rate))
    uvicorn.run(build_app([shop]), host="127.0.0.1", port=port, log_level="error")


if __name__ == "__main__":
    main()
