"""A product that a channel calls otherwise than we do: its tax, its fees and its refunds still find it."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from shared.domain.sales import FeeRule, LineKind, SaleFee, SaleLine
from shared.use_cases.keep_sales import keep_page, keep_posted
from shared.use_cases.vendors import SalePage
from tests.fixtures.shop_pulls import DAY, NOW, Opener, credential_of, rows
from tests.fixtures.shops import sale
from workers.wiring import Wiring

RULE = FeeRule(Decimal("0.02"), Decimal(0))
CHANNEL = "shopify_uk"
ALIAS = """
WITH product AS (
    INSERT INTO products (company_id, sku, name, tax_rate) SELECT id, 'MUG', 'Mug', 0.05 FROM companies RETURNING id
)
INSERT INTO product_channel_skus (channel, channel_sku, channel_product_id, product_id, first_seen_at, last_seen_at)
SELECT 'shopify_uk', 'MUG-FBA', '', id, now(), now() FROM product RETURNING channel_sku
"""


def order(*lines: SaleLine) -> SalePage:
    return SalePage(lines, (), None)


@pytest.fixture
def opener(wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener) -> Opener:
    assert rows(wiring, acme, ALIAS) == [("MUG-FBA",)]
    return unit_of_work_of


def named(line: SaleLine) -> SaleLine:
    """As Amazon names a line: by the SKU."""
    return line._replace(channel_line_id=line.sku or "")


def test_the_products_own_rate_of_vat_is_found_by_the_channels_name(
    wiring: Wiring, acme: UUID, opener: Opener
) -> None:
    line = named(sale(1, "MUG-FBA", 1, DAY, amount="10.50"))._replace(tax_estimated=True)
    opened = opener(acme)
    credential = credential_of(opened)
    with opened() as work:
        keep_page(work, order(line), {CHANNEL: credential}, RULE)
    taxes = "SELECT total_amount::text, tax_amount::text FROM sales"
    assert rows(wiring, acme, taxes) == [("10.00", "0.50")]


def test_a_fee_finds_the_line_of_its_sku_and_moves_it_to_no_other_product(
    wiring: Wiring, acme: UUID, opener: Opener
) -> None:
    opened = opener(acme)
    credential = credential_of(opened)
    lines = named(sale(1, "MUG-FBA", 2, DAY)), named(sale(1, "TEA", 2, DAY))
    fee = SaleFee(CHANNEL, "1", "f1", "MUG-FBA", Decimal("3.00"), "GBP", True, NOW)
    found = (
        "SELECT sku, commission_amount::text, fee_estimated "
        "FROM sales JOIN products p ON p.id = product_id ORDER BY sku"
    )
    right = [("MUG", "3.00", False), ("TEA", "0.00", False)]
    with opened() as work:
        keep_page(work, order(*lines), {CHANNEL: credential}, RULE)
        keep_posted(work, SalePage((), (), None, fees=(fee,)), {CHANNEL: credential}, RULE)
    assert rows(wiring, acme, found) == right
    with opened() as work:
        keep_page(work, order(*lines), {CHANNEL: credential}, RULE)
        keep_posted(work, SalePage((), (), None, fees=(fee,)), {CHANNEL: credential}, RULE)
    assert rows(wiring, acme, found) == right


def test_a_sum_given_back_for_two_skus_is_shared_by_what_they_brought_and_adds_to_their_own(
    wiring: Wiring, acme: UUID, opener: Opener
) -> None:
    opened = opener(acme)
    credential = credential_of(opened)
    lines = (
        named(sale(1, "MUG-FBA", 1, DAY, amount="30.00")),
        named(sale(1, "TEA", 1, DAY, amount="10.00")),
    )
    back = [
        sale(1, sku, -1, DAY + timedelta(days=1), amount=total)._replace(
            channel_line_id=f"refund-R:{sku}", shared_total=Decimal("-2.00"), fee_estimated=True
        )
        for sku, total in [("MUG-FBA", "-7.00"), ("TEA", "-2.00")]
    ]
    with opened() as work:
        keep_page(work, order(*lines), {CHANNEL: credential}, RULE)
        keep_posted(work, order(*back), {CHANNEL: credential}, RULE)
    refunds = (
        "SELECT sku, total_amount::text, fee_estimated FROM sales JOIN products p ON p.id = product_id "
        f"WHERE line_kind = '{LineKind.REFUND}' ORDER BY sku"
    )
    assert rows(wiring, acme, refunds) == [("MUG", "-8.00", True), ("TEA", "-1.00", True)]
