"""What counts as a sale by Shopify's own definition of net sales, rule by rule."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.sales import LineKind, SaleLine
from tests.fixtures.shopify_records import (
    agreement,
    bag,
    line,
    only,
    order,
    read,
    refund,
    refunded,
    sold,
)

D = Decimal


def plain(number: int, amount: str, **changes: Any) -> dict[str, Any]:
    """A line of one unit at a price, without discount and tax."""
    given = line(
        id=f"gid://shopify/LineItem/{number}",
        quantity=1,
        currentQuantity=1,
        originalUnitPriceSet=bag(amount),
        originalTotalSet=bag(amount),
        discountAllocations=[],
        taxLines=[],
    )
    return {**given, **changes}


GIFT_CARD = plain(21, "50.00", sku="GIFT50", name="Gift card", isGiftCard=True)
TIP = plain(22, "3.50", sku=None, variant=None, name="Tip")
TIPPED = order(totalTipReceivedSet=bag("3.50"))


def counts(sale: SaleLine) -> tuple[str | None, int, Decimal, Decimal, Decimal]:
    return sale.sku, sale.quantity, sale.unit_price, sale.total_amount, sale.tax_amount


NOTHING = (None, 0, D(0), D(0), D(0))


def test_a_gift_card_that_is_sold_is_written_as_a_line_that_counts_nothing() -> None:
    found = read(GIFT_CARD)
    sale = only(found)
    assert counts(sale) == NOTHING
    assert (sale.channel_line_id, sale.kind, sale.channel_product_id) == ("21", LineKind.SALE, None)
    assert found.left_out == {"gift_card": 1}


def test_what_a_gift_card_pays_for_counts_whole() -> None:
    paid = [{"kind": "SALE", "status": "SUCCESS", "fees": []} for _ in range(2)]
    found = read(plain(11, "50.00"), order_node=order(transactions=paid))
    assert (only(found).total_amount, found.left_out) == (D("50.00"), {})


def test_a_gift_card_that_is_given_back_counts_nothing() -> None:
    item = {"id": GIFT_CARD["id"], "sku": "GIFT50", "name": "Gift card", "isGiftCard": True}
    found = read(GIFT_CARD, refunds=(refund(refunded(1, lineItem=item)),))
    assert [counts(each) for each in found.lines] == [NOTHING, NOTHING]
    assert [each.kind for each in found.lines] == [LineKind.SALE, LineKind.REFUND]
    assert found.left_out == {"gift_card": 2}


def test_a_tip_that_the_agreements_name_counts_nothing() -> None:
    agreed = agreement("2026-06-30T23:30:00Z", "ORDER", sold(11), sold(22, "TIP"))
    # By its looks it could be anything.
    named = {**TIP, "sku": "THANKS", "originalTotalSet": bag("3.00")}
    found = read(plain(11, "20.00"), named, order_node=TIPPED, agreements=[agreed])
    assert [each.total_amount for each in found.lines] == [D("20.00"), D(0)]
    assert (counts(found.lines[1]), found.left_out) == (NOTHING, {"tip": 1})


def test_a_tip_that_the_agreements_do_not_name_is_known_by_its_price() -> None:
    custom = plain(23, "9.00", sku=None, variant=None)
    same_price = plain(24, "3.50")
    found = read(custom, same_price, TIP, order_node=TIPPED)
    assert [each.total_amount for each in found.lines] == [D("9.00"), D("3.50"), D(0)]


def test_two_tips_are_known_by_what_they_come_to() -> None:
    first, second = plain(25, "1.00", sku=None), plain(26, "2.50", sku=None)
    found = read(plain(11, "20.00"), first, second, order_node=TIPPED)
    assert [each.total_amount for each in found.lines] == [D("20.00"), D(0), D(0)]
    assert found.left_out == {"tip": 2}


def test_of_two_lines_at_the_price_of_the_tip_one_is_the_tip() -> None:
    custom = plain(27, "3.50", sku=None, variant=None)
    found = read(custom, TIP, order_node=TIPPED)
    assert [each.total_amount for each in found.lines] == [D("3.50"), D(0)]


def test_a_tip_that_is_given_back_counts_nothing() -> None:
    agreed = agreement("2026-06-30T23:30:00Z", "ORDER", sold(22, "TIP"))
    item = {"id": TIP["id"], "sku": None, "name": "Tip"}
    back = refund(refunded(1, lineItem=item, subtotalSet=bag("3.50")))
    found = read(TIP, order_node=TIPPED, refunds=(back,), agreements=[agreed])
    assert [counts(each) for each in found.lines] == [NOTHING, NOTHING]


def test_a_test_order_counts_nothing_and_is_counted_as_left_out() -> None:
    found = read(line(), order_node=order(test=True))
    assert (found.lines, found.left_out, found.gone) == ((), {"test_order": 1}, ())


def duty(amount: str) -> dict[str, Any]:
    return {"price": bag(amount), "taxLines": [{"priceSet": bag("0.10")}]}


def test_duties_within_the_price_are_no_revenue() -> None:
    sold_line = plain(
        11, "60.00", duties=[duty("4.00"), duty("1.00")], taxLines=[{"priceSet": bag("9.00")}]
    )
    inside = order(taxesIncluded=True, dutiesIncluded=True)
    assert only(read(sold_line, order_node=inside)).total_amount == D("46.00")
    beside = order(taxesIncluded=True, dutiesIncluded=False)
    assert only(read(sold_line, order_node=beside)).total_amount == D("51.00")


def test_duties_within_the_price_are_taken_off_in_the_customers_money_too() -> None:
    price = {"originalTotalSet": bag("60.00", "75.00"), "duties": [{"price": bag("4.00", "5.00")}]}
    sale = only(read(plain(11, "60.00", **price), order_node=order(dutiesIncluded=True)))
    assert (sale.total_amount, sale.presentment_amount) == (D("56.00"), D("70.00"))


def test_a_refund_gives_back_its_share_of_the_duties() -> None:
    # Three for 60.00, of which 6.00 duties; two of them given back for 40.00.
    sold_line = line(
        discountAllocations=[], taxLines=[], originalTotalSet=bag("60.00"), duties=[duty("6.00")],
        currentQuantity=1,
    )  # fmt: skip
    back = refund(refunded(2, subtotalSet=bag("40.00"), totalTaxSet=bag("0.00")))
    sale, given = read(sold_line, order_node=order(dutiesIncluded=True), refunds=(back,)).lines
    assert (sale.total_amount, given.total_amount) == (D("54.00"), D("-36.00"))


def test_fees_beside_the_goods_are_no_revenue() -> None:
    fee = {"id": "gid://shopify/AdditionalFee/1", "name": "Import", "price": bag("9.99")}
    found = read(plain(11, "20.00"), order_node=order(additionalFees=[fee]))
    assert sum(each.total_amount for each in found.lines) == D("20.00")


def test_an_order_that_is_paid_in_part_counts_whole() -> None:
    deposit = order(
        transactions=[{"kind": "SALE", "status": "SUCCESS", "fees": []}], fullyPaid=False
    )
    selling_plan = {"sellingPlan": {"name": "Deposit of 20 %"}}
    assert only(read(plain(11, "100.00", **selling_plan), order_node=deposit)).total_amount == D(
        "100.00"
    )


@pytest.mark.parametrize(
    ("node", "where", "field"),
    [
        (plain(11, "1.00", isGiftCard="yes"), order(), "isGiftCard"),
        (plain(11, "1.00", duties=5), order(dutiesIncluded=True), "duties"),
        (plain(11, "1.00"), order(test="no"), "test"),
        (plain(11, "1.00"), order(totalTipReceivedSet=5), "totalTipReceivedSet"),
        (plain(11, "1.00"), order(dutiesIncluded=1), "dutiesIncluded"),
    ],
)
def test_what_does_not_say_whether_it_is_a_sale_is_set_aside(
    node: dict[str, Any], where: dict[str, Any], field: str
) -> None:
    found = read(node, order_node=where)
    assert (found.lines, [each.field for each in found.rejected]) == ((), [field])


def test_a_line_keeps_the_id_of_the_variant_that_was_sold() -> None:
    back = {"id": "gid://shopify/LineItem/11", "variant": {"id": "gid://shopify/ProductVariant/9"}}
    sold_line = line(variant={"id": "gid://shopify/ProductVariant/9"}, currentQuantity=1)
    found = read(sold_line, refunds=(refund(refunded(lineItem=back)),))
    assert [each.channel_product_id for each in found.lines] == ["9", "9"]
    assert only(read(line(variant=None))).channel_product_id is None
    assert only(read(line())).sale_date == date(2026, 7, 1)
