"""A made-up town of one seed: three Shopify shops, an Amazon account and a Xero organisation, with their truths."""

from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.routing import BaseRoute

from shared.sandbox.amazon.api import AmazonSandbox
from shared.sandbox.amazon.clock import RunningClock
from shared.sandbox.amazon.ledger import Ledger as AmazonLedger
from shared.sandbox.amazon.ledger import Writer
from shared.sandbox.app import RETAIL, SHOPIFY_TOKEN, make_shops
from shared.sandbox.retail import load_shop
from shared.sandbox.shopify.api import ShopifySandbox
from shared.sandbox.shopify.retail_store import RetailStore
from shared.sandbox.xero.api import XeroSandbox
from shared.sandbox.xero.control import XeroControl
from shared.sandbox.xero.ledger import XeroLedger
from shared.sandbox.xero.maker import make_xero_ledger

FIRST_SALE, SALE_DAYS = datetime(2026, 9, 1, tzinfo=UTC), 40


@dataclass(frozen=True, slots=True)
class Town:
    """The vendors' stand-ins. `routes` are those of Amazon and Xero, whose paths do not meet."""

    shops: list[ShopifySandbox]
    amazon: AmazonSandbox
    xero: XeroSandbox

    @property
    def routes(self) -> list[BaseRoute]:
        """Where Amazon and Xero answer."""
        return [*self.amazon.routes, *XeroControl(self.xero).routes, *self.xero.routes]


def amazon_ledger(seed: int, orders: int) -> AmazonLedger:
    """What was sold at amazon_uk."""
    return Writer(seed, orders, FIRST_SALE, SALE_DAYS).write()


def xero_ledger(seed: int, documents: int) -> XeroLedger:
    """What stands in the books."""
    return make_xero_ledger(seed, documents)


def build_town(seed: int, orders: int, speed: float) -> Town:
    """The town of a seed, with so many orders a shop and documents in the books.

    `speed` is how much faster than the vendor's rates Amazon is; above one its reports are ready at once.
    """
    amazon = AmazonSandbox(amazon_ledger(seed, orders), RunningClock())
    amazon.buckets.speed = speed
    if speed > 1:
        amazon.desk.looks = 0
    # The shop at the root, under a domain of its own.
    gifts = ShopifySandbox(RetailStore(load_shop()), SHOPIFY_TOKEN, domain=RETAIL)
    return Town([gifts, *make_shops(seed, orders)], amazon, XeroSandbox(xero_ledger(seed, orders)))
