"""Amounts of money: exact decimals, rounded once, half away from zero as invoices are."""

from decimal import ROUND_HALF_UP, Decimal

NOTHING = Decimal(0)
PENNY = Decimal("0.01")
# numeric(15, 2): thirteen digits before the point.
LARGEST = Decimal("9999999999999.99")


def round_money(amount: Decimal) -> Decimal:
    """The amount at two places, as the tables keep it."""
    return amount.quantize(PENNY, rounding=ROUND_HALF_UP)
