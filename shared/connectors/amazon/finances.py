"""Fees and refund lines of a transaction; pure."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from shared.connectors.amazon.breakdowns import FEES, Leaf, Part, add_up, has_part
from shared.connectors.amazon.marketplaces import Marketplace
from shared.connectors.amazon.transactions import (
    REFUNDS,
    SHIPMENTS,
    SkuMoney,
    Transaction,
    read_transaction,
)
from shared.domain.fees import allocate
from shared.domain.fields import fit_money, local_day, read_count
from shared.domain.money import NOTHING, round_money
from shared.domain.sales import LineKind, SaleFee, SaleLine
from shared.errors import SkipRecord

__all__ = ["read_fees", "read_refunds", "read_transaction"]

NOT_A_FEE = (Part.GOODS, Part.SHIPPING, Part.PROMOTION, Part.SHIPPING_PROMOTION)


def read_fees(reported: Transaction, market: Marketplace) -> tuple[SaleFee, ...]:
    """What Amazon took for each SKU of the order, net of the VAT on it; negative where it gave back."""
    fees = []
    for sku, money in _by_sku(reported.money).items():
        leaves = [leaf for each in money for leaf in each.leaves]
        if has_part(leaves, *FEES, Part.FEE_TAX):
            fees.append(_fee(reported, market, sku, leaves, is_shared=sku is None))
    return tuple(fees)


def read_refunds(reported: Transaction, market: Marketplace) -> tuple[SaleLine, ...]:
    """The lines of a refund, negative, on the day that it was posted; none of another transaction.

    Raises `SkipRecord` for a transaction of a type that is not known and has more than fees.
    """
    if reported.kind not in REFUNDS:
        if reported.kind not in SHIPMENTS and add_up(_leaves(reported.money), *NOT_A_FEE) != 0:
            raise SkipRecord(
                f"transactionType: {reported.kind[:40]} is not known, and is more than fees"
            )
        return ()
    if reported.is_release:
        return ()
    lines: list[SaleLine] = []
    for sku, money in _by_sku(reported.money).items():
        if sku is None:
            lines += _shared_lines(reported, market, money)
        else:
            lines += _refund_line(reported, market, sku, money)
    return (*_merge(lines), *_refund_shipping(reported, market))


def _by_sku(money: Iterable[SkuMoney]) -> dict[str | None, list[SkuMoney]]:
    found: dict[str | None, list[SkuMoney]] = {}
    for each in money:
        found.setdefault(each.sku, []).append(each)
    return found


def _leaves(money: Iterable[SkuMoney]) -> list[Leaf]:
    return [leaf for each in money for leaf in each.leaves]


def _fee(
    reported: Transaction,
    market: Marketplace,
    sku: str | None,
    leaves: Sequence[Leaf],
    *,
    is_shared: bool,
) -> SaleFee:
    return SaleFee(
        channel=market.channel,
        channel_order_id=reported.order_id,
        fee_key=reported.root if sku is None else f"{reported.root}:{sku}",
        sku=sku,
        amount=fit_money(-add_up(leaves, *FEES), "AmazonFees"),
        currency=market.currency,
        # What is shared over the SKUs of an order is not known SKU by SKU: it stays marked as estimated.
        is_final=reported.is_final and not is_shared,
        posted_at=reported.posted_at,
        tax_amount=fit_money(-add_up(leaves, Part.FEE_TAX), "AmazonFees"),
    )


def _refund_line(
    reported: Transaction, market: Marketplace, sku: str, money: Sequence[SkuMoney]
) -> Iterator[SaleLine]:
    leaves = _leaves(money)
    if not has_part(leaves, Part.GOODS, Part.PROMOTION, Part.TAX):
        return
    units = read_count(sum(each.units for each in money), "quantityShipped")
    goods = fit_money(add_up(leaves, Part.GOODS, Part.PROMOTION), "ProductCharges")
    tax = fit_money(add_up(leaves, Part.TAX), "Tax")
    if goods > 0:
        raise SkipRecord(f"ProductCharges: {goods} is no refund")
    line = _line(reported, market, f"refund-{reported.root}:{sku}", sku, money[0].name)
    yield line._replace(
        quantity=-units,
        unit_price=round_money(-goods / units) if units else NOTHING,
        total_amount=goods,
        tax_amount=tax,
        tax_estimated=market.prices_include_tax and tax == 0 and goods != 0,
    )


def _shared_lines(
    reported: Transaction, market: Marketplace, money: Sequence[SkuMoney]
) -> Iterator[SaleLine]:
    """Goods that stand at the transaction only, shared by units until the order's lines say what each brought."""
    for each in money:
        goods = add_up(each.leaves, Part.GOODS, Part.PROMOTION)
        tax = add_up(each.leaves, Part.TAX)
        if not goods and not tax:
            continue
        if not each.skus:
            yield from _nameless(reported, market, each)
            continue
        weights = [Decimal(units) for _, units in each.skus]
        shares = allocate(round_money(goods), weights), allocate(round_money(tax), weights)
        for (sku, units), share, share_of_tax in zip(each.skus, *shares, strict=True):
            line = _line(reported, market, f"refund-{reported.root}:{sku}", sku, each.name)
            yield line._replace(
                quantity=-units,
                total_amount=share,
                tax_amount=share_of_tax,
                shared_total=share,
                shared_tax=share_of_tax,
                fee_estimated=True,
                tax_estimated=market.prices_include_tax and not tax,
            )


def _nameless(reported: Transaction, market: Marketplace, money: SkuMoney) -> Iterator[SaleLine]:
    """Goods given back of which no SKU is named: they lessen the revenue, and are no product's."""
    goods = fit_money(add_up(money.leaves, Part.GOODS, Part.PROMOTION), "ProductCharges")
    tax = fit_money(add_up(money.leaves, Part.TAX), "Tax")
    if goods > 0:
        raise SkipRecord(f"ProductCharges: {goods} is no refund")
    yield _line(reported, market, f"refund-{reported.root}", None, money.name)._replace(
        total_amount=goods,
        tax_amount=tax,
        tax_estimated=market.prices_include_tax and tax == 0 and goods != 0,
    )


def _merge(lines: Iterable[SaleLine]) -> list[SaleLine]:
    """Lines of one identity, of which a part stood at the transaction only, added up."""
    found: dict[str, SaleLine] = {}
    for line in lines:
        known = found.get(line.channel_line_id)
        found[line.channel_line_id] = line if known is None else _plus(known, line)
    return list(found.values())


def _plus(line: SaleLine, other: SaleLine) -> SaleLine:
    return line._replace(
        total_amount=line.total_amount + other.total_amount,
        tax_amount=line.tax_amount + other.tax_amount,
        shared_total=line.shared_total + other.shared_total,
        shared_tax=line.shared_tax + other.shared_tax,
        fee_estimated=line.fee_estimated or other.fee_estimated,
        tax_estimated=line.tax_estimated and other.tax_estimated,
    )


def _refund_shipping(reported: Transaction, market: Marketplace) -> Iterator[SaleLine]:
    leaves = _leaves(reported.money)
    if not has_part(leaves, Part.SHIPPING, Part.SHIPPING_PROMOTION):
        return
    shipping = fit_money(add_up(leaves, Part.SHIPPING, Part.SHIPPING_PROMOTION), "Shipping")
    tax = fit_money(add_up(leaves, Part.SHIPPING_TAX), "ShippingTax")
    yield _line(reported, market, f"refund-shipping-{reported.root}", None, "Shipping")._replace(
        shipping_amount=shipping,
        tax_amount=tax,
        tax_estimated=market.prices_include_tax and tax == 0 and shipping != 0,
    )


def _line(
    reported: Transaction, market: Marketplace, identity: str, sku: str | None, name: str
) -> SaleLine:
    return SaleLine(
        channel=market.channel,
        channel_order_id=reported.order_id,
        channel_line_id=identity,
        kind=LineKind.REFUND,
        sku=sku,
        product_name=name,
        sale_date=local_day(reported.posted_at, ZoneInfo(market.timezone)),
        quantity=0,
        unit_price=NOTHING,
        total_amount=NOTHING,
        tax_amount=NOTHING,
        currency=market.currency,
        market=market.market,
        source_updated_at=reported.changed_at,
    )
