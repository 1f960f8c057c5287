"""Amazon's breakdowns of money: every leaf is one part, or the transaction is set aside; pure.

The parts are held against every whole that Amazon reports: a branch, an item, the transaction. A difference
sets the record aside: which of the two is right cannot be known.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from shared.connectors.amazon.fields import read_currency_amount
from shared.domain.fields import Node, parts, show
from shared.domain.money import NOTHING
from shared.errors import SkipRecord

# Amazon rounds each amount by itself.
CLOSE_ENOUGH = Decimal("0.02")


class Part(Enum):
    """What an amount is for."""

    GOODS = "goods"
    SHIPPING = "shipping"
    TAX = "tax"
    SHIPPING_TAX = "shipping tax"
    # What the marketplace keeps back because it pays the tax itself.
    WITHHELD_TAX = "withheld tax"
    PROMOTION = "promotion"
    SHIPPING_PROMOTION = "shipping promotion"
    COMMISSION = "commission"
    FULFILMENT_FEE = "fulfilment fee"
    OTHER_FEE = "other fee"
    FEE_TAX = "tax on fees"


FEES = (Part.COMMISSION, Part.FULFILMENT_FEE, Part.OTHER_FEE)
# They only add up what stands below them.
SUMS = frozenset({"sales", "expenses", "refunds", "charges"})
GOODS = frozenset({"productcharges", "principal", "giftwrap", "giftwrapcharges"})
SHIPPING = frozenset({"shipping", "shippingcharges"})
TAXES = frozenset({"tax", "taxes"})
PROMOTIONS = frozenset({"promotion", "promotions", "promotionalrebates", "promorebates"})


@dataclass(frozen=True, slots=True)
class Leaf:
    """An amount at the end of a branch; `branch` is the name that it stands under."""

    part: Part
    branch: str
    amount: Decimal
    currency: str


def read_leaves(breakdowns: Iterable[Node]) -> list[Leaf]:
    """The leaves of an item's or a transaction's breakdowns; raises `SkipRecord` for a name that is not known."""
    found: list[Leaf] = []
    for each in breakdowns:
        name = _name(each)
        if name.lower() in SUMS:
            found += read_leaves(_checked(each, name))
        else:
            found += _leaves(each, name, [name])
    return found


def add_up(leaves: Iterable[Leaf], *kinds: Part) -> Decimal:
    """The sum of the leaves of these parts; of all where none is named."""
    return sum((leaf.amount for leaf in leaves if not kinds or leaf.part in kinds), NOTHING)


def has_part(leaves: Iterable[Leaf], *kinds: Part) -> bool:
    """Whether there is a leaf of one of these parts."""
    return any(leaf.part in kinds for leaf in leaves)


def check_sum(leaves: Iterable[Leaf], whole: Decimal, field: str) -> None:
    """Raises `SkipRecord` where the leaves do not come to the whole."""
    come_to = add_up(leaves)
    if abs(come_to - whole) > CLOSE_ENOUGH:
        raise SkipRecord(f"{field}: the parts come to {come_to}, Amazon says {whole}")


def _leaves(node: Node, name: str, path: list[str]) -> Iterator[Leaf]:
    below = _checked(node, name)
    if not below:
        amount, currency = read_currency_amount(node.get("breakdownAmount"), name)
        yield Leaf(_part_of(path), path[0], amount, currency)
    for each in below:
        yield from _leaves(each, _name(each), [*path, _name(each)])


def _checked(node: Node, name: str) -> list[Node]:
    """What stands below a branch; raises `SkipRecord` where it does not come to the branch's own amount."""
    reported = node.get("breakdowns")
    below = parts(node, "breakdowns")
    if reported and (not isinstance(reported, list) or len(below) != len(reported)):
        raise SkipRecord(f"{name}: its breakdowns are not a list of amounts")
    if below and node.get("breakdownAmount") is not None:
        amount, _ = read_currency_amount(node["breakdownAmount"], name)
        amounts = [
            read_currency_amount(each.get("breakdownAmount"), _name(each))[0] for each in below
        ]
        if abs(sum(amounts, NOTHING) - amount) > CLOSE_ENOUGH * len(amounts):
            raise SkipRecord(f"{name}: its parts come to {sum(amounts, NOTHING)}, not to {amount}")
    return below


def _name(node: Node) -> str:
    name = node.get("breakdownType")
    if not isinstance(name, str) or not name.strip():
        raise SkipRecord(f"breakdownType: {show(name)} is no name")
    return name.strip()[:60]


def _part_of(path: Sequence[str]) -> Part:
    """What a leaf is for, by the branch that it stands under and its own name."""
    branch, leaf = path[0].lower(), path[-1].lower()
    if branch.endswith(("fee", "fees")):
        return _fee(path)
    ships = leaf.startswith("shipping")
    if branch in TAXES or (len(path) > 1 and leaf.endswith("tax")):
        if "withheld" in leaf or "facilitator" in leaf:
            return Part.WITHHELD_TAX
        return Part.SHIPPING_TAX if ships else Part.TAX
    if branch in PROMOTIONS:
        return Part.SHIPPING_PROMOTION if ships else Part.PROMOTION
    if branch in SHIPPING:
        return Part.SHIPPING
    if branch in GOODS:
        return Part.GOODS
    raise SkipRecord(f"{path[0]}: is an amount under a name that is not known")


def _fee(path: Sequence[str]) -> Part:
    if len(path) > 1 and path[-1].lower() == "tax":
        return Part.FEE_TAX
    # `AmazonFees` holds fees by name; any other branch is such a name itself.
    kind = next((name.lower() for name in path[1:]), path[0].lower())
    if "commission" in kind or "referral" in kind:
        return Part.COMMISSION
    return Part.FULFILMENT_FEE if kind.startswith("fba") else Part.OTHER_FEE
