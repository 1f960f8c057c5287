"""Amounts of money: exact decimals, rounded once, half away from zero as invoices are."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from shared.errors import SkipRecord

PENNY = Decimal("0.01")
# numeric(15, 2): thirteen digits before the point.
LARGEST = Decimal("9999999999999.99")


def round_money(amount: Decimal) -> Decimal:
    """The amount at two places, as the tables keep it."""
    return amount.quantize(PENNY, rounding=ROUND_HALF_UP)


def parse_money(text: object, field: str) -> Decimal:
    """An amount from a vendor's text, exact; raises `SkipRecord` naming the field."""
    if not isinstance(text, str):
        raise SkipRecord(f"{field}: {text!r} is not an amount written as text")
    try:
        amount = Decimal(text)
        fits = -LARGEST <= amount <= LARGEST
    except InvalidOperation:
        raise SkipRecord(f"{field}: {text[:40]!r} is not an amount") from None
    if not fits:
        raise SkipRecord(f"{field}: {text[:40]!r} does not fit an amount of money")
    return amount
