"""A made-up town of one seed: three Shopify shops, an Amazon account and a Xero organisation, with their truths."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from starlette.routing import BaseRoute

from sandbox.amazon.account_ledger import Ledger as AmazonLedger
from sandbox.amazon.account_ledger import Site, Writer
from sandbox.amazon.api import AmazonSandbox
from sandbox.amazon.clock import RunningClock
from sandbox.app import RETAIL, SHOPIFY_TOKEN, make_shops
from sandbox.retail import load_shop
from sandbox.shopify.api import ShopifySandbox
from sandbox.shopify.retail_store import RetailStore
from sandbox.xero.api import XeroSandbox
from sandbox.xero.book_ledger import XeroLedger
from sandbox.xero.control import XeroControl
from sandbox.xero.maker import make_xero_ledger

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


# The seller is outside Amazon's VAT service there: nothing is said of the tax.
GERMANY = Site(
    "amazon_de",
    "A1PA6795UKMFR9",
    "Amazon.de",
    "DE",
    "EUR",
    "Europe/Berlin",
    Decimal("0.19"),
    reports_tax=False,
    prefix="302",
)


def amazon_ledgers(seed: int, orders: int) -> dict[str, AmazonLedger]:
    """What was sold on each site of the Amazon account, by channel."""
    found = (
        Writer(seed, orders, FIRST_SALE, SALE_DAYS, site=site).write() for site in (Site(), GERMANY)
    )
    return {ledger.site.channel: ledger for ledger in found}


def xero_ledger(seed: int, documents: int) -> XeroLedger:
    """What stands in the books."""
    return make_xero_ledger(seed, documents)


def build_town(seed: int, orders: int, speed: float) -> Town:
    """The town of a seed, with so many orders a shop and documents in the books.

    `speed` is how much faster than the vendor's rates Amazon is; above one its reports are ready at once.
    """
    british, german = amazon_ledgers(seed, orders).values()
    amazon = AmazonSandbox(british, RunningClock(), others=[german])
    amazon.buckets.speed = speed
    if speed > 1:
        amazon.desk.looks = 0
    # The shop at the root, under a domain of its own.
    gifts = ShopifySandbox(RetailStore(load_shop()), SHOPIFY_TOKEN, domain=RETAIL)
    return Town([gifts, *make_shops(seed, orders)], amazon, XeroSandbox(xero_ledger(seed, orders)))
