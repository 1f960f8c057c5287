"""Amazon's money by the whole: every leaf is one part, and the parts are held against what Amazon says of the whole."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.connectors.amazon.breakdowns import Part, add_up, read_leaves
from shared.connectors.amazon.finances import read_fees, read_refunds
from shared.connectors.amazon.marketplaces import find_marketplace
from shared.connectors.amazon.transactions import read_transaction
from shared.domain.sales import SaleFee, SaleLine
from shared.domain.vat import split_tax
from shared.errors import SkipRecord

UK, USA, DE = (find_marketplace(each) for each in ("amazon_uk", "amazon_usa", "amazon_de"))
CURRENCIES = {UK.marketplace_id: "GBP", USA.marketplace_id: "USD", DE.marketplace_id: "EUR"}


def branch(
    kind: str, amount: float, *below: dict[str, Any], currency: str = "GBP"
) -> dict[str, Any]:
    return {
        "breakdownType": kind,
        "breakdownAmount": {"currencyCode": currency, "currencyAmount": amount},
        "breakdowns": list(below) or None,
    }


def item(
    sku: str | None, *breakdowns: dict[str, Any], units: int = 1, **more: Any
) -> dict[str, Any]:
    context = {"contextType": "ProductContext", "sku": sku, "quantityShipped": units}
    return {"description": "Lamp", "contexts": [context], "breakdowns": list(breakdowns), **more}


def transaction(
    *items: dict[str, Any],
    total: float | None = None,
    reported: tuple[dict[str, Any], ...] = (),
    related: dict[str, str] | None = None,
    market: Any = UK,
    **more: Any,
) -> dict[str, Any]:
    names = {"ORDER_ID": "205-1", **(related or {})}
    node = {
        "transactionId": "T1",
        "transactionType": "Shipment",
        "transactionStatus": "RELEASED",
        "postedDate": "2026-03-05T12:00:00Z",
        "marketplaceDetails": {"marketplaceId": market.marketplace_id},
        "relatedIdentifiers": [
            {"relatedIdentifierName": name, "relatedIdentifierValue": value}
            for name, value in names.items()
        ],
        "items": list(items),
        "breakdowns": list(reported),
    }
    if total is not None:
        currency = CURRENCIES[market.marketplace_id]
        node["totalAmount"] = {"currencyCode": currency, "currencyAmount": total}
    return node | more


def fees(node: dict[str, Any], market: Any = UK) -> tuple[SaleFee, ...]:
    read = read_transaction(node, market)
    return () if read is None else read_fees(read, market)


def refunds(node: dict[str, Any], market: Any = UK) -> tuple[SaleLine, ...]:
    read = read_transaction(node | {"transactionType": "Refund"}, market)
    return () if read is None else read_refunds(read, market)


GOODS = branch("ProductCharges", 40, branch("OurPricePrincipal", 40))
COMMISSION = branch(
    "AmazonFees", -6, branch("Commission", -6, branch("Base", -5), branch("Tax", -1))
)
STORED = branch(
    "FBAFees", -3.6,
    branch("FBAPerUnitFulfillmentFee", -3.6, branch("Base", -3), branch("Tax", -0.6)),
)  # fmt: skip


def test_fulfilment_fees_beside_the_others_belong_to_the_fee() -> None:
    [beside] = fees(transaction(item("A", GOODS, COMMISSION, STORED), total=30.4))
    inside = branch("AmazonFees", -9.6, *COMMISSION["breakdowns"], *STORED["breakdowns"])
    [within] = fees(transaction(item("A", GOODS, inside), total=30.4))
    assert beside == within
    assert (beside.amount, beside.tax_amount, beside.is_final) == (Decimal(8), Decimal("1.6"), True)


@pytest.mark.parametrize(
    ("path", "part"),
    [
        (("ProductCharges", "OurPricePrincipal"), Part.GOODS),
        (("GiftWrap", "GiftwrapPrincipal"), Part.GOODS),
        (("Shipping", "ShippingPrincipal"), Part.SHIPPING),
        (("Tax", "OurPriceTax"), Part.TAX),
        (("Tax", "ShippingTax"), Part.SHIPPING_TAX),
        (("Tax", "MarketplaceWithheldTax"), Part.WITHHELD_TAX),
        (("PromoRebates", "OurPriceDiscount"), Part.PROMOTION),
        (("PromoRebates", "ShippingDiscount"), Part.SHIPPING_PROMOTION),
        (("Promotions", "OurPricePromotion"), Part.PROMOTION),
        (("AmazonFees", "Commission"), Part.COMMISSION),
        (("AmazonFees", "RefundCommission"), Part.COMMISSION),
        (("AmazonFees", "FBAPerUnitFulfillmentFee"), Part.FULFILMENT_FEE),
        (("FBAFees", "FBAWeightBasedFee"), Part.FULFILMENT_FEE),
        (("AmazonFees", "ShippingChargeback"), Part.OTHER_FEE),
        (("DigitalServicesFee",), Part.OTHER_FEE),
        (("SomethingNewFees", "ThatNobodyKnows"), Part.OTHER_FEE),
    ],
)
def test_each_leaf_is_one_part(path: tuple[str, ...], part: Part) -> None:
    node = branch(path[-1], 2)
    for name in reversed(path[:-1]):
        node = branch(name, 2, node)
    for wrapped in ([node], [branch("Sales", 2, node)], [branch("Expenses", 2, node)]):
        [leaf] = read_leaves(wrapped)
        assert (leaf.part, leaf.amount, leaf.branch) == (part, 2, path[0])


def test_an_amount_under_a_name_that_nobody_knows_sets_the_transaction_aside() -> None:
    with pytest.raises(SkipRecord, match=r"^LoyaltyCredits: is an amount under a name"):
        fees(transaction(item("A", GOODS, COMMISSION, branch("LoyaltyCredits", -2)), total=32))


@pytest.mark.parametrize(
    ("node", "field"),
    [
        (
            transaction(item("A", GOODS, COMMISSION), total=30.4),
            "totalAmount: the parts come to 34",
        ),
        (
            transaction(
                item("A", GOODS, totalAmount={"currencyCode": "GBP", "currencyAmount": 39})
            ),
            "items: the parts come to 40",
        ),
        (
            transaction(item("A", branch("AmazonFees", -9, branch("Commission", -6)))),
            "AmazonFees: its parts come to -6, not to -9",
        ),
        (
            transaction(item("A", branch("AmazonFees", -6, currency="EUR"))),
            "AmazonFees: EUR is not the money of amazon_uk",
        ),
        (
            transaction(item("A", GOODS), transactionType="Goodwill"),
            "transactionType: GOODWILL is not known",
        ),
    ],
)
def test_what_does_not_add_up_is_set_aside(node: dict[str, Any], field: str) -> None:
    with pytest.raises(SkipRecord, match=f"^{field}"):
        read = read_transaction(node, UK)
        assert read is not None
        read_refunds(read, UK)


def test_discounts_that_are_taken_back_lessen_the_refund() -> None:
    node = transaction(
        item(
            "A",
            branch("ProductCharges", -30, branch("OurPricePrincipal", -30), currency="USD"),
            branch("Shipping", -4, branch("ShippingPrincipal", -4), currency="USD"),
            branch("PromoRebates", 7, branch("OurPriceDiscount", 3), branch("ShippingDiscount", 4)),
        ),
        total=-27,
        market=USA,
    )
    for each in node["items"][0]["breakdowns"]:
        _in_dollars(each)
    goods, shipping = refunds(node, USA)
    assert (goods.total_amount, goods.quantity, goods.tax_estimated) == (Decimal(-27), -1, False)
    assert (shipping.shipping_amount, shipping.total_amount) == (0, 0)


def _in_dollars(node: dict[str, Any]) -> None:
    node["breakdownAmount"]["currencyCode"] = "USD"
    for each in node["breakdowns"] or ():
        _in_dollars(each)


def test_a_refund_without_a_word_of_tax_holds_it_and_is_split_by_the_rule() -> None:
    node = transaction(item("A", branch("ProductCharges", -24)), total=-24)
    [line] = refunds(node)
    assert (line.total_amount, line.tax_amount, line.tax_estimated) == (Decimal(-24), 0, True)
    split = split_tax(line, None, registered=True)
    assert (split.total_amount, split.tax_amount) == (Decimal("-20.00"), Decimal("-4.00"))


def test_a_tax_that_is_given_back_alone_is_a_refund() -> None:
    [line] = refunds(transaction(item("A", branch("Tax", -2)), total=-2))
    assert (line.sku, line.total_amount, line.tax_amount) == ("A", 0, Decimal(-2))


def test_a_transaction_that_names_no_site_and_no_currency_is_set_aside() -> None:
    node = transaction(item("A", GOODS), marketplaceDetails=None, totalAmount=None)
    with pytest.raises(SkipRecord, match="marketplaceId: is missing, and totalAmount names no"):
        fees(node)


def test_money_of_the_transaction_only_goes_to_its_one_sku() -> None:
    reported = (branch("Sales", 40, GOODS), branch("Expenses", -6, COMMISSION))
    [fee] = fees(transaction(item("A"), total=34, reported=reported))
    assert (fee.sku, fee.amount, fee.is_final) == ("A", Decimal(5), True)
    [back] = refunds(
        transaction(item("A", units=2), total=-24, reported=(branch("ProductCharges", -24),))
    )
    assert (back.sku, back.quantity, back.total_amount) == ("A", -2, Decimal(-24))


def test_money_of_the_transaction_only_is_shared_by_several_skus_and_marked() -> None:
    reported = (branch("Expenses", -6, COMMISSION),)
    [fee] = fees(transaction(item("A"), item("B"), total=-6, reported=reported))
    assert (fee.sku, fee.amount, fee.is_final) == (None, Decimal(5), False)
    lines = refunds(
        transaction(
            item("A", units=1),
            item("B", units=3),
            total=-40,
            reported=(branch("ProductCharges", -40),),
        )
    )
    assert [(line.sku, line.quantity, line.total_amount, line.fee_estimated) for line in lines] == [
        ("A", -1, Decimal(-10), True),
        ("B", -3, Decimal(-30), True),
    ]


def test_a_refund_that_an_item_has_is_not_shared_again_with_what_all_share() -> None:
    lines = refunds(
        transaction(
            item("A", branch("ProductCharges", -10)),
            item("B"),
            total=-8,
            reported=(branch("ProductCharges", -10), branch("PromoRebates", 2)),
        )
    )
    assert [
        (line.sku, line.total_amount, line.shared_total, line.fee_estimated) for line in lines
    ] == [
        ("A", Decimal(-9), Decimal(1), True),
        ("B", Decimal(1), Decimal(1), True),
    ]


def test_a_fee_that_only_the_transaction_has_is_added_to_what_its_items_have() -> None:
    reported = (
        branch("Sales", 40, GOODS),
        branch("Expenses", -9.6, branch("AmazonFees", -6), STORED),
    )
    [fee] = fees(transaction(item("A", GOODS, COMMISSION), total=30.4, reported=reported))
    assert (fee.amount, fee.tax_amount) == (Decimal(8), Decimal("1.6"))


@pytest.mark.parametrize("name", ["SHIPMENT_ID", "REFUND_ID"])
def test_a_deferred_payment_and_its_release_are_one_without_their_link(name: str) -> None:
    kind = "Shipment" if name == "SHIPMENT_ID" else "Refund"
    goods = branch("ProductCharges", -24)
    node = transaction(item("A", goods, COMMISSION), total=-30, related={name: "S1"})
    node["transactionType"] = kind
    first = node | {"transactionStatus": "DEFERRED_RELEASED"}
    later = node | {"transactionId": "T2", "postedDate": "2026-03-15T12:00:00Z"}
    assert {fee.fee_key for each in (first, later) for fee in fees(each)} == {"S1 -30:A"}
    if kind == "Refund":
        [one], [two] = refunds(first), refunds(later)
        assert one.channel_line_id == two.channel_line_id == "refund-S1 -30:A"
        # The first has the day, whichever is read first.
        assert one.source_updated_at is not None
        assert two.source_updated_at is not None
        assert one.source_updated_at > two.source_updated_at


def test_two_shipments_of_one_order_are_two() -> None:
    keys = {
        fee.fee_key
        for shipment in ("S1", "S2")
        for fee in fees(transaction(item("A", COMMISSION), related={"SHIPMENT_ID": shipment}))
    }
    assert keys == {"S1 -6:A", "S2 -6:A"}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ProductCharges", "Shipping", "Tax", "PromoRebates", "AmazonFees", "FBAFees"]),
            st.decimals(min_value=-9999, max_value=9999, places=2),
        ),
        min_size=1,
        max_size=9,
    )
)  # fmt: skip
def test_the_parts_always_add_up_to_the_leaves(amounts: list[tuple[str, Decimal]]) -> None:
    leaves = read_leaves(branch(kind, float(amount)) for kind, amount in amounts)
    by_part = sum((add_up(leaves, part) for part in Part), Decimal(0))
    assert by_part == add_up(leaves) == sum(amount for _, amount in amounts)
