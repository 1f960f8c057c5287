"""Transactions of Finances 2024-06-19: whose they are, of which site, and their money by SKU; pure.

A deferred transaction is listed twice once it is released: as DEFERRED_RELEASED where it was posted, and
as RELEASED. Both carry the same money, and the link between them is missing at times. So the two have one
root: made of the shipment's or the refund's id and the money, else of the link, else of the transaction's own id.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from shared.connectors.amazon.breakdowns import Leaf, add_up, check_sum, read_leaves
from shared.connectors.amazon.fields import read_currency_amount
from shared.connectors.amazon.marketplaces import MARKETPLACES, Marketplace
from shared.domain.fields import (
    LONGEST_ID,
    Node,
    part,
    parts,
    read_count,
    read_instant,
    read_name,
    read_sku,
    read_text,
)
from shared.errors import SkipRecord

FINAL = frozenset({"RELEASED", "DEFERRED_RELEASED"})
DEFERRED = frozenset({"DEFERRED", "DEFERRED_RELEASED"})
SHIPMENTS = frozenset({"SHIPMENT"})
REFUNDS = frozenset({"REFUND", "GUARANTEECLAIM", "CHARGEBACK"})
# A payment is released three weeks later at most; what a release says is never newer than what it releases.
LONGEST_DEFERRAL = timedelta(days=30)
# Stands as the total of transactions whose parts it has nothing to do with: it is held against nothing.
PLACEHOLDER = Decimal(1)
LONGEST_ROOT = 120


@dataclass(frozen=True, slots=True)
class SkuMoney:
    """The money of one SKU in a transaction; `sku` is None where it belongs to none or to several.

    `skus` are those that share it, with their units: it stands at the transaction only.
    """

    sku: str | None
    name: str
    units: int
    leaves: tuple[Leaf, ...]
    skus: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction of an order of one site. `root` stays the same while it is released."""

    root: str
    order_id: str
    kind: str
    is_final: bool
    is_deferred: bool
    is_release: bool
    posted_at: datetime
    money: tuple[SkuMoney, ...]

    @property
    def changed_at(self) -> datetime:
        """What its lines are as new as: the first listing has their day, whichever is read first."""
        return self.posted_at + (LONGEST_DEFERRAL if self.is_deferred else timedelta(0))


def read_transaction(node: Node, market: Marketplace) -> Transaction | None:
    """The transaction, or None where it is of no order or of another site; raises `SkipRecord`."""
    related = _related(node)
    if not related.get("ORDER_ID") or not is_of(node, market):
        return None
    money = tuple(_read_money(node, market))
    status = str(node.get("transactionStatus") or "").upper()
    kind = str(node.get("transactionType") or "").upper()
    return Transaction(
        root=_root(node, kind, related, money),
        order_id=read_text(related["ORDER_ID"], "ORDER_ID", LONGEST_ID - 20),
        kind=kind,
        is_final=status in FINAL,
        is_deferred=status in DEFERRED,
        is_release=bool(related.get("DEFERRED_TRANSACTION_ID")),
        posted_at=read_instant(node.get("postedDate"), "postedDate"),
        money=money,
    )


def sites_of(node: Node) -> list[Marketplace]:
    """The sites that a transaction may mean; none for one that cannot be connected. Raises `SkipRecord` without a clue.

    Merchant-fulfilled orders of the USA may name none: then all that sell in its currency.
    """
    reported = part(node, "marketplaceDetails").get("marketplaceId") or part(
        node, "sellingPartnerMetadata"
    ).get("marketplaceId")
    currency = part(node, "totalAmount").get("currencyCode")
    if not reported and not currency:
        raise SkipRecord("marketplaceId: is missing, and totalAmount names no currency")
    return [
        each
        for each in MARKETPLACES.values()
        if (each.marketplace_id == reported if reported else each.currency == currency)
    ]


def is_of(node: Node, market: Marketplace) -> bool:
    """Whether a transaction is of this site; raises `SkipRecord` where it may be of another one as well."""
    candidates = sites_of(node)
    if market in candidates and len(candidates) > 1:
        raise SkipRecord("marketplaceId: is missing, and several marketplaces have this currency")
    return market in candidates


def is_of_an_order(node: Node) -> bool:
    """Whether a transaction names an order: subscriptions, storage and transfers do not."""
    return bool(_related(node).get("ORDER_ID"))


def _related(node: Node) -> dict[str, object]:
    return {
        str(each.get("relatedIdentifierName")): each.get("relatedIdentifierValue")
        for each in parts(node, "relatedIdentifiers")
    }


def _root(node: Node, kind: str, related: dict[str, object], money: Sequence[SkuMoney]) -> str:
    own = read_text(
        related.get("DEFERRED_TRANSACTION_ID") or node.get("transactionId"),
        "transactionId",
        LONGEST_ROOT,
    )
    name = "SHIPMENT_ID" if kind in SHIPMENTS else "REFUND_ID" if kind in REFUNDS else ""
    shared = related.get(name)
    if not shared:
        return own
    total = sum((add_up(each.leaves) for each in money), Decimal(0))
    return f"{read_text(shared, name, LONGEST_ROOT - 40)} {total.normalize():f}"


def _read_money(node: Node, market: Marketplace) -> Iterator[SkuMoney]:
    """The money by SKU, held against what Amazon says of items and of the whole."""
    items = [_read_item(item) for item in parts(node, "items")]
    reported = [item for item in items if item.leaves]
    leaves = [leaf for item in reported for leaf in item.leaves]
    whole = _whole(node, market)
    if not reported or (whole is not None and add_up(leaves) != whole):
        rest = _only_here(read_leaves(parts(node, "breakdowns")), leaves)
        if rest and (not reported or add_up(rest) + add_up(leaves) == whole):
            items.append(_of_the_transaction(node, items, rest))
            leaves += rest
    if whole is not None:
        check_sum(leaves, whole, "totalAmount")
    _check_currency(leaves, market)
    yield from items


def _read_item(item: Node) -> SkuMoney:
    product = _product(item)
    sku, count = product.get("sku"), product.get("quantityShipped")
    leaves = tuple(read_leaves(parts(item, "breakdowns")))
    if leaves and item.get("totalAmount") is not None:
        check_sum(leaves, read_currency_amount(item["totalAmount"], "totalAmount")[0], "items")
    return SkuMoney(
        None if sku is None else read_sku(sku),
        read_name(item.get("description"), "description"),
        read_count(abs(count) if type(count) is int else count or 0, "quantityShipped"),
        leaves,
    )


def _product(item: Node) -> Node:
    contexts = parts(item, "contexts")
    named = [each for each in contexts if each.get("contextType") == "ProductContext"]
    return next(iter(named or [each for each in contexts if "sku" in each]), {})


def _whole(node: Node, market: Marketplace) -> Decimal | None:
    reported = node.get("totalAmount")
    if reported is None:
        return None
    amount, _ = read_currency_amount(reported, "totalAmount")
    return None if amount == PLACEHOLDER else amount


def _only_here(reported: Sequence[Leaf], items: Sequence[Leaf]) -> list[Leaf]:
    """The transaction's own leaves that no item has: the rest of each branch beyond the items'."""
    had: Counter[str] = Counter()
    for leaf in items:
        had[leaf.branch] += leaf.amount  # type: ignore[assignment]
    whole: Counter[str] = Counter()
    for leaf in reported:
        whole[leaf.branch] += leaf.amount  # type: ignore[assignment]
    rest = [leaf for leaf in reported if leaf.branch not in had]
    for branch in had.keys() & whole.keys():
        missing = Decimal(whole[branch]) - had[branch]
        first = next(leaf for leaf in reported if leaf.branch == branch)
        rest += [replace(first, amount=missing)] if missing else []
    return rest


def _of_the_transaction(node: Node, items: Sequence[SkuMoney], leaves: Sequence[Leaf]) -> SkuMoney:
    """Money that stands at the transaction only: of its one SKU, else shared by all of its SKUs."""
    units: Counter[str] = Counter()
    for item in items:
        if item.sku is not None:
            units[item.sku] += item.units
    own = _product(node).get("sku")
    if not units and own is not None:
        units[read_sku(own)] += 0
    if len(units) == 1:
        [sku] = units
        # The item has counted its units.
        name = next((item.name for item in items), "")
        return SkuMoney(sku, name, 0, tuple(leaves))
    return SkuMoney(None, "", 0, tuple(leaves), tuple(units.items()))


def _check_currency(leaves: Sequence[Leaf], market: Marketplace) -> None:
    other = sorted({leaf.currency for leaf in leaves} - {market.currency})
    if other:
        branch = next(leaf.branch for leaf in leaves if leaf.currency == other[0])
        raise SkipRecord(f"{branch}: {other[0]} is not the money of {market.channel}")
