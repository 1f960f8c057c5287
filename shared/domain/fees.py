"""A channel's fees shared out over the lines of an order, to the penny."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from shared.domain.money import NOTHING, round_money
from shared.domain.sales import FeeRule, LineKind, SaleFee, SaleLine

RATE, LARGEST_RATE = Decimal("0.0001"), Decimal("9.9999")


def share_fees(
    lines: Sequence[SaleLine], fees: Sequence[SaleFee], rule: FeeRule
) -> tuple[SaleLine, ...]:
    """The lines of one order with their commissions; without a fee in their currency, by the rule and flagged.

    Fees of a SKU go to its lines, the others to all sale lines by what they brought. Refunds carry none:
    what a channel gives back is a negative fee of the order.
    """
    sold = [line for line in lines if line.kind is LineKind.SALE]
    reported = [fee for fee in fees if sold and fee.currency == sold[0].currency]
    if reported:
        shares = _share_reported(sold, reported)
        estimated = not all(fee.is_final for fee in reported)
    else:
        shares = _share_estimate(sold, rule)
        # A line that counts nothing costs nothing; any other is not known.
        estimated = any(shares) or any(line.quantity for line in sold)
    by_id = dict(zip([line.channel_line_id for line in sold], shares, strict=True))
    return tuple(
        line._replace(commission_amount=by_id[line.channel_line_id], fee_estimated=estimated)
        if line.kind is LineKind.SALE
        else line
        for line in lines
    )


def commission_rate(line: SaleLine) -> Decimal | None:
    """The share of its total that a line's commission is, at four places; None where that says nothing."""
    taken, total = line.commission_amount, line.total_amount
    # The table keeps one digit before the point.
    if taken is None or abs(taken) >= total * LARGEST_RATE:
        return None
    return (taken / total).quantize(RATE, ROUND_HALF_UP)


def allocate(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """An amount in shares by weight that add up to it to the penny; alike where no weight is positive."""
    positive = [max(weight, NOTHING) for weight in weights]
    total = sum(positive, NOTHING)
    if total == 0:
        positive, total = [Decimal(1)] * len(positive), Decimal(len(positive) or 1)
    shares, before, reached = [], NOTHING, NOTHING
    for weight in positive:
        reached += weight
        until = round_money(amount * reached / total)
        shares.append(until - before)
        before = until
    return shares


def _share_reported(sold: Sequence[SaleLine], fees: Sequence[SaleFee]) -> list[Decimal]:
    known = {line.sku for line in sold if line.sku is not None}
    shares = [NOTHING] * len(sold)
    for sku in {fee.sku if fee.sku in known else None for fee in fees}:
        amount = sum(
            (f.amount for f in fees if (f.sku if f.sku in known else None) == sku), NOTHING
        )
        places = [n for n, line in enumerate(sold) if sku is None or line.sku == sku]
        for place, share in zip(
            places, allocate(amount, [sold[n].total_amount for n in places]), strict=True
        ):
            shares[place] += share
    return shares


def _share_estimate(sold: Sequence[SaleLine], rule: FeeRule) -> list[Decimal]:
    total = sum((line.total_amount for line in sold), NOTHING)
    amount = round_money(total * rule.rate + rule.fixed) if total > 0 else NOTHING
    return allocate(amount, [line.total_amount for line in sold])
