"""VAT inside a price whose tax the channel does not report: split by a stated rule, and marked as estimated; pure.

The rule: the product's own rate where a person has set it, else the standard rate of the country on the
day; none where the company is not registered for VAT. Reduced rates are never guessed.

Standard rates: European Commission, "VAT rates applied in the Member States of the European Union"; HM
Revenue & Customs, "VAT rates"; Mexico: Ley del IVA, article 1. Checked 2026-11.
"""

from datetime import date
from decimal import Decimal

from shared.domain.money import NOTHING, round_money
from shared.domain.sales import SaleLine

BEGINNING = date.min
# By market: the day from which a standard rate applies, newest first.
STANDARD_RATES: dict[str, tuple[tuple[date, Decimal], ...]] = {
    "UK": ((date(2011, 1, 4), Decimal("0.20")), (BEGINNING, Decimal("0.175"))),
    "DE": (
        (date(2021, 1, 1), Decimal("0.19")),
        (date(2020, 7, 1), Decimal("0.16")),
        (BEGINNING, Decimal("0.19")),
    ),
    "FR": ((date(2014, 1, 1), Decimal("0.20")), (BEGINNING, Decimal("0.196"))),
    "IT": ((date(2013, 10, 1), Decimal("0.22")), (BEGINNING, Decimal("0.21"))),
    "ES": ((date(2012, 9, 1), Decimal("0.21")), (BEGINNING, Decimal("0.18"))),
    "MX": ((BEGINNING, Decimal("0.16")),),
}


def standard_rate(market: str, day: date) -> Decimal:
    """The standard rate of a market on a day; none where the table has no such market."""
    rates = STANDARD_RATES.get(market, ())
    return next((rate for since, rate in rates if since <= day), NOTHING)


def split_tax(line: SaleLine, own_rate: Decimal | None, *, registered: bool) -> SaleLine:
    """A line whose price includes tax of unknown amount, split into net and tax."""
    if not line.tax_estimated:
        return line
    rate = standard_rate(line.market, line.sale_date) if own_rate is None else own_rate
    rate = rate if registered else NOTHING
    total = round_money(line.total_amount / (1 + rate))
    shipping = round_money(line.shipping_amount / (1 + rate))
    gross = line.total_amount + line.shipping_amount
    return line._replace(
        total_amount=total, shipping_amount=shipping, tax_amount=gross - total - shipping
    )
