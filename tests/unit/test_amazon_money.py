"""Amazon's transactions, settlements and flat files, with literal values."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.connectors.amazon.amounts import parse_amount, parse_posted
from shared.connectors.amazon.finances import read_fees, read_refunds, read_transaction
from shared.connectors.amazon.flat_files import read_rows
from shared.connectors.amazon.inventory import read_listings, read_summary
from shared.connectors.amazon.marketplaces import find_marketplace
from shared.connectors.amazon.settlements import settle_rows
from shared.domain.sales import LineKind, SaleFee, SaleLine
from shared.domain.settlements import Difference, reconcile
from shared.errors import SkipRecord, VendorUnavailable

UK, USA, DE = (find_marketplace(each) for each in ("amazon_uk", "amazon_usa", "amazon_de"))
POSTED = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)


def branch(
    kind: str, amount: float, *below: dict[str, Any], currency: str = "GBP"
) -> dict[str, Any]:
    return {
        "breakdownType": kind,
        "breakdownAmount": {"currencyCode": currency, "currencyAmount": amount},
        "breakdowns": list(below) or None,
    }


FEES = branch(
    "AmazonFees", -154.54,
    branch("FBAPerUnitFulfillmentFee", -45.54, branch("Base", -36.43), branch("Tax", -9.11)),
    branch("Commission", -60, branch("Base", -60)),
    branch("ShippingChargeback", -49, branch("Base", -39.2), branch("Tax", -9.8)),
)  # fmt: skip


def transaction(*breakdowns: dict[str, Any], **more: Any) -> dict[str, Any]:
    product = {"contextType": "ProductContext", "sku": "A-1", "quantityShipped": 2}
    related = [{"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": "205-1"}]
    for name, value in more.pop("related", {}).items():
        related.append({"relatedIdentifierName": name, "relatedIdentifierValue": value})
    return {
        "transactionId": "T1",
        "transactionType": "Shipment",
        "transactionStatus": "RELEASED",
        "postedDate": "2026-03-05T23:30:00Z",
        "marketplaceDetails": {"marketplaceId": UK.marketplace_id},
        "relatedIdentifiers": related,
        "totalAmount": {"currencyCode": "GBP", "currencyAmount": 1.0},
        "items": [{"description": "Lamp", "contexts": [product], "breakdowns": list(breakdowns)}],
        "breakdowns": [branch("Expenses", -154.54, branch("AmazonFees", -154.54))],
        **more,
    }


def fees(node: dict[str, Any]) -> tuple[SaleFee, ...]:
    read = read_transaction(node, UK)
    return () if read is None else read_fees(read, UK)


def refunds(node: dict[str, Any]) -> tuple[SaleLine, ...]:
    read = read_transaction(node, UK)
    return () if read is None else read_refunds(read, UK)


def test_fees_are_counted_once_and_without_their_tax() -> None:
    goods = branch("ProductCharges", 320, branch("OurPricePrincipal", 320))
    tax = branch("Tax", 80, branch("OurPriceTax", 80))
    assert fees(transaction(tax, goods, FEES)) == (
        SaleFee(
            channel="amazon_uk", channel_order_id="205-1", fee_key="T1:A-1", sku="A-1",
            amount=Decimal("135.63"), currency="GBP", is_final=True, posted_at=POSTED,
            tax_amount=Decimal("18.91"),
        ),
    )  # fmt: skip


def test_a_deferred_fee_its_release_and_its_first_row_have_one_key() -> None:
    deferred = transaction(FEES, transactionStatus="DEFERRED")
    first = transaction(FEES, transactionStatus="DEFERRED_RELEASED",
                        related={"RELEASE_TRANSACTION_ID": "T2"})  # fmt: skip
    release = transaction(FEES, transactionId="T2", related={"DEFERRED_TRANSACTION_ID": "T1"})
    found = [fees(node)[0] for node in (deferred, first, release)]
    assert [(fee.fee_key, fee.is_final) for fee in found] == [
        ("T1:A-1", False), ("T1:A-1", True), ("T1:A-1", True),
    ]  # fmt: skip
    assert len({fee.amount for fee in found}) == 1


def test_fees_that_stand_at_the_transaction_only() -> None:
    node = transaction() | {"items": []}
    [fee] = fees(node)
    assert (fee.fee_key, fee.sku, fee.amount) == ("T1", None, Decimal("154.54"))
    node = transaction()
    node["items"][0]["breakdowns"] = None
    assert (fees(node)[0].fee_key, fees(node)[0].sku) == ("T1:A-1", "A-1")


def test_what_is_of_no_order_or_of_another_marketplace_is_left_out() -> None:
    assert fees(transaction(FEES) | {"relatedIdentifiers": []}) == ()
    assert fees(transaction(FEES, marketplaceDetails={"marketplaceId": "A1PA6795UKMFR9"})) == ()


def test_a_transaction_without_a_marketplace_is_recognized_by_its_currency() -> None:
    node = transaction(FEES) | {"marketplaceDetails": None}
    assert read_transaction(node, UK) is not None
    assert read_transaction(node, USA) is None
    euro = node | {"totalAmount": {"currencyCode": "EUR", "currencyAmount": 1}}
    assert read_transaction(euro, UK) is None
    with pytest.raises(SkipRecord, match="marketplaceId"):
        read_transaction(euro, DE)


REFUND = (
    branch("ProductCharges", -25, branch("OurPricePrincipal", -25)),
    branch("Promotions", 5, branch("OurPricePromotion", 5)),
    branch("Tax", -5, branch("OurPriceTax", -4), branch("ShippingTax", -1)),
    branch("Shipping", -5, branch("ShippingPrincipal", -5)),
    branch("AmazonFees", 2.4, branch("Commission", 3, branch("Base", 3)), branch("RefundCommission", -0.6)),
)  # fmt: skip


def test_a_refund_is_negative_on_the_day_it_was_posted() -> None:
    goods, shipping = refunds(transaction(*REFUND, transactionType="Refund"))
    assert goods == SaleLine(
        channel="amazon_uk", channel_order_id="205-1", channel_line_id="refund-T1:A-1",
        kind=LineKind.REFUND, sku="A-1", product_name="Lamp", sale_date=date(2026, 3, 5),
        quantity=-2, unit_price=Decimal("10.00"), total_amount=Decimal("-20.00"),
        tax_amount=Decimal("-4.00"), currency="GBP", market="UK", source_updated_at=POSTED,
    )  # fmt: skip
    assert (shipping.channel_line_id, shipping.shipping_amount) == ("refund-shipping-T1", -5)
    assert (shipping.quantity, shipping.total_amount, shipping.tax_amount) == (0, 0, -1)


def test_a_refund_gives_fees_back() -> None:
    [fee] = fees(transaction(*REFUND, transactionType="Refund"))
    assert fee.amount == Decimal("-2.40")


def test_a_release_of_a_refund_is_no_second_refund() -> None:
    node = transaction(*REFUND, transactionType="Refund", related={"DEFERRED_TRANSACTION_ID": "T0"})
    assert refunds(node) == ()
    assert refunds(transaction(*REFUND)) == ()


@pytest.mark.parametrize(
    ("node", "field"),
    [
        (transaction(branch("AmazonFees", "much")), "AmazonFees"),  # type: ignore[arg-type]
        (transaction(branch("AmazonFees", float("nan"))), "AmazonFees"),
        (transaction(branch("AmazonFees", 1e30)), "AmazonFees"),
        (transaction(branch("AmazonFees", -1, branch("X", -1, currency="US"))), "X"),
        (transaction(FEES, branch("AmazonFees", -1, currency="USD")), "AmazonFees"),
        (transaction(FEES, postedDate="soon"), "postedDate"),
        (transaction(FEES, transactionId=None), "transactionId"),
    ],
)
def test_a_bad_transaction_is_set_aside(node: dict[str, Any], field: str) -> None:
    with pytest.raises(SkipRecord, match=f"^{field}: "):
        fees(node)


JUNK = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())


@given(data=st.data(), junk=JUNK | st.dictionaries(st.text(), JUNK, max_size=2))
def test_whatever_stands_in_a_transaction_only_it_is_set_aside(data: Any, junk: object) -> None:
    node = json.loads(json.dumps(transaction(FEES, *REFUND, transactionType="Refund")))
    container, key = data.draw(st.sampled_from(places(node)))
    container[key] = junk
    try:
        found: list[SaleFee | SaleLine] = [*fees(node), *refunds(node)]
    except SkipRecord:
        return
    assert all(each.channel_order_id == "205-1" for each in found) or junk


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every container and key within a node."""
    keys = (
        node.keys()
        if isinstance(node, dict)
        else range(len(node))
        if isinstance(node, list)
        else ()
    )
    found = [(node, key) for key in keys]
    return found + [each for key in list(keys) for each in places(node[key])]


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False))
def test_an_amount_is_exact_however_it_is_written(amount: Decimal) -> None:
    english = f"{amount:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert parse_amount(english, "amount") == amount
    assert parse_amount(german, "amount") == amount
    assert parse_amount(f"{amount:.2f}".replace(".", ","), "amount") == amount
    # JSON's numbers are floats here; two places survive them.
    assert Decimal(str(float(amount))) == amount


def test_dates_are_read_as_each_marketplace_writes_them() -> None:
    expected = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)
    for text in ("2026-03-05 23:30:00 UTC", "05.03.2026 23:30:00 UTC", "05/03/2026 23:30",
                 "2026-03-05T23:30:00+00:00", "2026/03/05 23:30:00 UTC"):  # fmt: skip
        assert parse_posted("", text, "posted-date") == expected
    assert parse_posted("05.03.2026", "", "posted-date") == datetime(2026, 3, 5, tzinfo=UTC)
    with pytest.raises(SkipRecord, match="posted-date"):
        parse_posted("March", "", "posted-date")


def settled_row(
    order: str, kind: str, detail: str, amount: str, day: str = "05.03.2026"
) -> dict[str, str]:
    return {"order-id": order, "amount-type": kind, "amount-description": detail,
            "amount": amount, "posted-date": day}  # fmt: skip


def test_a_settlement_is_added_up_and_compared() -> None:
    settled = settle_rows([
        {"settlement-id": "1", "total-amount": "1.234,56"},
        settled_row("205-1", "ItemPrice", "Principal", "1.020,00"),
        settled_row("205-1", "ItemPrice", "Tax", "204,00"),
        settled_row("205-1", "ItemFees", "Commission", "-153,00"),
        settled_row("205-1", "ItemFees", "FBAPerUnitFulfillmentFee", "-2,41"),
        settled_row("205-2", "ItemFees", "Commission", "-1,50"),
        settled_row("205-3", "ItemFees", "Commission", "much"),
        settled_row("205-4", "ItemFees", "Commission", "-1,00", "today"),
        {"?": "cut off"},
    ])  # fmt: skip
    assert [(each.channel_order_id, each.principal, each.fees) for each in settled.orders] == [
        ("205-1", Decimal("1020.00"), Decimal("155.41")), ("205-2", 0, Decimal("1.50")),
    ]  # fmt: skip
    assert [(each.record_key, each.field) for each in settled.rejected] == [
        ("205-3", "amount"), ("205-4", "posted-date"), ("row 10", "columns"),
    ]  # fmt: skip
    fee = SaleFee("amazon_uk", "205-1", "k", None, Decimal("150.00"), "GBP", True, POSTED)
    rest = SaleFee("amazon_uk", "205-1", "l", None, Decimal("5.41"), "GBP", True, POSTED)
    assert reconcile(settled.orders, [fee, rest]) == (Difference("205-2", Decimal("1.50"), None),)
    assert reconcile(settled.orders[:1], [fee]) == (
        Difference("205-1", Decimal("155.41"), Decimal("150.00")),
    )


def split(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@given(size=st.integers(1, 40), zipped=st.booleans())
def test_a_table_is_the_same_in_any_pieces(size: int, zipped: bool) -> None:
    content = "\ufeffSku\tName\r\nA\tKerze 🕯\r\n\r\nB\tx\ty\r\nC\tz".encode()
    pieces = split(gzip.compress(content) if zipped else content, size)
    assert list(read_rows(pieces)) == [
        {"sku": "A", "name": "Kerze 🕯"}, {"?": "B\tx\ty"}, {"sku": "C", "name": "z"},
    ]  # fmt: skip


def test_a_table_of_windows_is_read() -> None:
    assert list(read_rows([b"sku\tname\nA\tCaf\xe9 \x80\n"])) == [{"sku": "A", "name": "Café €"}]


@pytest.mark.parametrize("zipped", [True, False])
def test_a_table_that_ends_in_the_middle_is_no_table(zipped: bool) -> None:
    content = b"sku\tname\n" + b"A\tB\n" * 500 + b"C"
    whole = gzip.compress(content)[:-9] if zipped else content
    with pytest.raises(VendorUnavailable, match="middle"):
        list(read_rows(split(whole, 100)))


def test_bytes_that_are_no_zip_or_no_table_are_refused() -> None:
    with pytest.raises(VendorUnavailable, match="unzipped"):
        list(read_rows([b"\x1f\x8b", b"not a zip at all"]))
    with pytest.raises(VendorUnavailable, match="no table"):
        list(read_rows([b"x" * 600_000, b"x" * 600_000]))
    assert list(read_rows([])) == []


def test_stock_is_what_can_still_be_sold() -> None:
    listings = read_listings([
        {"seller-sku": "A", "item-name": "Lamp", "asin1": "B1", "price": "19,99", "status": "Inactive"},
        {"seller-sku": "", "item-name": "?", "asin1": "B2", "price": "1"},
        {"seller-sku": "C", "item-name": "", "asin1": "B3", "price": ""},
    ])  # fmt: skip
    assert set(listings) == {"A", "C"}
    details = {"fulfillableQuantity": 5, "reservedQuantity": {"totalReservedQuantity": 2},
               "inboundShippedQuantity": 9, "unfulfillableQuantity": {"totalUnfulfillableQuantity": 4},
               "researchingQuantity": {"totalResearchingQuantity": 1}}  # fmt: skip
    node = {"sellerSku": "A", "asin": "B1", "productName": "", "inventoryDetails": details}
    product = read_summary(node, listings, DE)
    assert (product.name, product.unit_price, product.is_active) == (
        "Lamp",
        Decimal("19.99"),
        False,
    )
    assert product.stock is not None
    [level] = product.stock
    assert (level.location, level.on_hand, level.reserved) == ("fba_eu", 7, 2)
    for bad in ({**node, "inventoryDetails": {}}, {**node, "sellerSku": None}):
        with pytest.raises(SkipRecord):
            read_summary(bad, listings, DE)
