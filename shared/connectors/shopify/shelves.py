"""A page of products: what could be read of the variants, and what was set aside; pure."""

from collections.abc import Sequence

from shared.connectors.shopify.fields import collect, key_of
from shared.connectors.shopify.pages import Variant
from shared.connectors.shopify.products import read_cost, read_product
from shared.domain.fields import LARGEST_INT
from shared.domain.products import Product
from shared.domain.sales import RejectedRecord
from shared.errors import SkipRecord

Counts = dict[tuple[str, str], tuple[int, int]]


def read_products(
    variants: Sequence[Variant], channel: str, currency: str
) -> tuple[list[Product], list[RejectedRecord]]:
    """The products of a page. A cost that is none is set aside alone, and its product stays."""
    products: list[Product] = []
    rejected: list[RejectedRecord] = []
    counts: Counts = {}
    for variant in variants:

        def read(_node: object, variant: Variant = variant) -> Product:
            if variant.problem is not None:
                raise variant.problem
            product = read_product(variant.node, channel, currency, variant.levels)
            _add_up(product, counts)
            return product

        found, aside = collect([variant.node], read, key_of(variant.node))
        products += found
        rejected += aside
        if found:
            _, without_cost = read_cost(variant.node, currency)
            rejected += [] if without_cost is None else [without_cost]
    return products, rejected


def _add_up(product: Product, counts: Counts) -> None:
    """Two variants of one SKU, or two places of one name, add up to what the tables can hold."""
    reached: Counts = {}
    for level in product.stock or ():
        place = level.sku, level.location
        on_hand, reserved = reached.get(place) or counts.get(place, (0, 0))
        reached[place] = on_hand + level.on_hand, reserved + level.reserved
    if any(not _fit(*sums) for sums in reached.values()):
        raise SkipRecord("quantities: with the other variants of the SKU they are too many units")
    counts |= reached


def _fit(on_hand: int, reserved: int) -> bool:
    return all(abs(units) <= LARGEST_INT for units in (on_hand, reserved, on_hand - reserved))
