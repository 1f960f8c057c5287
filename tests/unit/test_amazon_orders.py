"""Amazon's orders from both sources, with literal values."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.connectors.amazon.flat_files import read_rows
from shared.connectors.amazon.marketplaces import MARKETPLACES, find_marketplace
from shared.connectors.amazon.order_lines import order_lines
from shared.connectors.amazon.order_report import REQUIRED, group_rows, read_order_rows
from shared.connectors.amazon.orders import read_order
from shared.domain.sales import LineKind, RejectedRecord, SaleLine
from shared.errors import SkipRecord, VendorUnavailable

UK, USA = find_marketplace("amazon_uk"), find_marketplace("amazon_usa")


def money(amount: str, currency: str = "GBP") -> dict[str, str]:
    return {"amount": amount, "currencyCode": currency}


def item(sku: str | None = "A-1", quantity: object = 2, **proceeds: str) -> dict[str, Any]:
    """An item whose proceeds are reported by type; TOTAL is their sum as Amazon reports it."""
    total = proceeds.pop("TOTAL", None)
    breakdowns = [{"type": kind, "subtotal": money(each)} for kind, each in proceeds.items()]
    node: dict[str, Any] = {
        "orderItemId": "1",
        "quantityOrdered": quantity,
        "product": {"asin": "B01", "title": "Lamp", "sellerSku": sku},
    }
    if breakdowns:
        node["proceeds"] = {"breakdowns": breakdowns}
        if total is not None:
            node["proceeds"]["proceedsTotal"] = money(total)
    return node


def order(*items: dict[str, Any], status: str = "SHIPPED", **more: object) -> dict[str, Any]:
    return {
        "orderId": "205-1",
        "createdTime": "2026-03-28T23:30:00Z",
        "lastUpdatedTime": "2026-03-30T10:00:00Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": UK.marketplace_id},
        "fulfillment": {"fulfillmentStatus": status},
        "orderItems": list(items),
        **more,
    }


def read(node: Mapping[str, Any]) -> tuple[tuple[SaleLine, ...], tuple[RejectedRecord, ...]]:
    reported = read_order(node, UK)
    return ((), ()) if reported is None else order_lines(reported, UK)


def row(**columns: str) -> dict[str, str]:
    """A row of the order report, its columns written with underscores."""
    reported = {
        "amazon-order-id": "205-1", "purchase-date": "2026-03-28T23:30:00+00:00",
        "last-updated-date": "2026-03-30T10:00:00+00:00", "order-status": "Shipped",
        "item-status": "Shipped", "product-name": "Lamp", "sales-channel": "Amazon.co.uk",
        "sku": "A-1", "quantity": "2", "currency": "GBP", "item-price": "24.00",
        "item-tax": "4.00", "shipping-price": "", "shipping-tax": "", "gift-wrap-price": "",
        "gift-wrap-tax": "", "item-promotion-discount": "", "ship-promotion-discount": "",
    }  # fmt: skip
    return reported | {name.replace("_", "-"): text for name, text in columns.items()}


def test_a_plain_line() -> None:
    assert read(order(item(ITEM="20.00", TAX="4.00", TOTAL="24.00"))) == (
        (
            SaleLine(
                channel="amazon_uk",
                channel_order_id="205-1",
                channel_line_id="A-1",
                kind=LineKind.SALE,
                sku="A-1",
                product_name="Lamp",
                sale_date=date(2026, 3, 28),
                quantity=2,
                unit_price=Decimal("10.00"),
                total_amount=Decimal("20.00"),
                tax_amount=Decimal("4.00"),
                currency="GBP",
                market="UK",
                source_updated_at=datetime(2026, 3, 30, 10, tzinfo=UTC),
            ),
        ),
        (),
    )


@pytest.mark.parametrize(
    ("proceeds", "goods", "tax"),
    [
        # The tax beside the price, as in the official examples.
        ({"ITEM": "20.00", "TAX": "4.00", "TOTAL": "24.00"}, "20.00", "4.00"),
        # The tax inside the price: what adds up says so.
        ({"ITEM": "24.00", "TAX": "4.00", "TOTAL": "24.00"}, "20.00", "4.00"),
        # No total: as the marketplace writes its prices.
        ({"ITEM": "24.00", "TAX": "4.00"}, "20.00", "4.00"),
        # A discount is taken off whatever its sign.
        ({"ITEM": "20.00", "DISCOUNT": "-5.00", "TAX": "3.00", "TOTAL": "18.00"}, "15.00", "3.00"),
        ({"ITEM": "20.00", "DISCOUNT": "5.00", "TAX": "3.00", "TOTAL": "18.00"}, "15.00", "3.00"),
        ({"ITEM": "20.00", "GIFT_WRAP": "2.00", "TAX": "4.40", "TOTAL": "26.40"}, "22.00", "4.40"),
        # A tax of two pence must not be taken for a rounding difference.
        ({"ITEM": "99.98", "TAX": "0.02", "TOTAL": "100.00"}, "99.98", "0.02"),
        ({"ITEM": "100.00", "TAX": "0.02", "TOTAL": "100.00"}, "99.98", "0.02"),
    ],
)
def test_tax_and_discount_are_taken_out(proceeds: dict[str, str], goods: str, tax: str) -> None:
    [line] = read(order(item(**proceeds)))[0]
    assert (line.total_amount, line.tax_amount) == (Decimal(goods), Decimal(tax))


def test_shipping_is_a_line_of_its_own() -> None:
    node = item(ITEM="20.00", SHIPPING="5.00", TAX="5.00", TOTAL="30.00")
    goods, shipping = read(order(node))[0]
    assert (goods.total_amount, goods.tax_amount, goods.shipping_amount) == (20, 4, 0)
    assert (shipping.channel_line_id, shipping.kind, shipping.sku) == (
        "shipping-205-1", LineKind.SALE, None,
    )  # fmt: skip
    assert (shipping.quantity, shipping.total_amount) == (0, 0)
    assert (shipping.shipping_amount, shipping.tax_amount) == (5, 1)


def test_items_of_one_sku_are_one_line() -> None:
    items = [item(ITEM="20.00"), item("B-2", 1, ITEM="5.00"), item(quantity=3, ITEM="30.00")]
    lines = read(order(*items))[0]
    assert [(line.channel_line_id, line.quantity, line.total_amount) for line in lines] == [
        ("A-1", 5, 50), ("B-2", 1, 5),
    ]  # fmt: skip


def test_the_day_is_the_marketplaces() -> None:
    summer = order(item(ITEM="1.00"), createdTime="2026-06-30T23:30:00Z")
    assert read(summer)[0][0].sale_date == date(2026, 7, 1)
    dollars = order(item(), createdTime="2026-06-30T23:30:00Z")
    dollars["orderItems"][0]["proceeds"] = {
        "breakdowns": [{"type": "ITEM", "subtotal": money("1.00", "USD")}]
    }
    american = {**dollars, "salesChannel": {"channelName": "AMAZON"}}
    reported = read_order(american, USA)
    assert reported is not None
    assert order_lines(reported, USA)[0][0].sale_date == date(2026, 6, 30)


@pytest.mark.parametrize("status", ["PENDING", "PENDING_AVAILABILITY"])
def test_a_pending_order_without_prices_waits(status: str) -> None:
    assert read(order(item(), status=status)) == ((), ())
    assert read(order(item(ITEM="1.00"), item("B"), status=status)) == ((), ())
    assert len(read(order(item(ITEM="1.00"), status=status))[0]) == 1


def test_a_cancelled_order_counts_nothing() -> None:
    lines, rejected = read(
        order(item(), item("B", ITEM="5.00", SHIPPING="1.00"), status="CANCELLED")
    )
    assert rejected == ()
    assert [line.channel_line_id for line in lines] == ["A-1", "B", "shipping-205-1"]
    assert {(line.quantity, line.total_amount, line.tax_amount) for line in lines} == {(0, 0, 0)}


def test_a_cancelled_item_of_a_living_order_counts_nothing() -> None:
    executed = {"cancellationExecution": {"cancelledBy": "BUYER"}}
    cancelled = item(ITEM="20.00") | {"cancellation": executed}
    [line] = read(order(cancelled))[0]
    assert (line.quantity, line.total_amount) == (0, 0)
    sent = cancelled | {"fulfillment": {"quantityFulfilled": 2}}
    assert read(order(sent))[0][0].quantity == 2


def test_a_replacement_sends_units_and_brings_nothing() -> None:
    associated = [{"orderId": "205-0", "associationType": "REPLACEMENT_ORIGINAL_ID"}]
    [line] = read(order(item(), associatedOrders=associated))[0]
    assert (line.quantity, line.total_amount, line.tax_amount) == (2, 0, 0)


@pytest.mark.parametrize(
    "foreign",
    [{"salesChannel": {"channelName": "NON_AMAZON"}}, {"fulfillment": {"fulfillmentStatus": "UNFULFILLABLE"}},
     {"salesChannel": {"channelName": "AMAZON", "marketplaceId": "A1PA6795UKMFR9"}}],
)  # fmt: skip
def test_what_another_shop_sold_is_not_ours(foreign: dict[str, Any]) -> None:
    assert read(order(item(ITEM="1.00")) | foreign) == ((), ())


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (item(None, ITEM="1.00"), "sku"),
        (item("S" * 101, ITEM="1.00"), "sku"),
        (item("A\0B", ITEM="1.00"), "sku"),
        (item("A\ud83d", ITEM="1.00"), "sku"),
        (item(ITEM="free"), "proceeds ITEM"),
        (item(ITEM="NaN"), "proceeds ITEM"),
        (item(ITEM="1e20"), "proceeds ITEM"),
        (item(quantity=2**31, ITEM="1.00"), "quantityOrdered"),
        (item(quantity=-1, ITEM="1.00"), "quantityOrdered"),
        (item(quantity=True, ITEM="1.00"), "quantityOrdered"),
        (item(quantity=None, ITEM="1.00"), "quantityOrdered"),
        (item(), "proceeds"),
        (item(ITEM="1.00") | {"product": {"sellerSku": "C", "title": 7}}, "title"),
    ],
)
def test_a_bad_item_is_set_aside_and_the_rest_goes_in(bad: dict[str, Any], field: str) -> None:
    lines, rejected = read(order(bad, item("GOOD", ITEM="1.00")))
    assert [line.sku for line in lines] == ["GOOD"]
    assert [each.field for each in rejected] == [field]
    assert rejected[0].record_key.startswith("205-1")
    rejected[0].record_key.encode("utf-8")


@pytest.mark.parametrize("field", ["orderId", "createdTime", "lastUpdatedTime", "orderItems"])
def test_a_bad_order_is_set_aside(field: str) -> None:
    for wrong in (None, "yesterday\0", 7):
        with pytest.raises(SkipRecord, match=field):
            read(order(item(ITEM="1.00")) | {field: "" if field == "orderId" else wrong})


def test_a_long_name_is_cut_and_an_emoji_is_kept() -> None:
    node = item(ITEM="1.00")
    node["product"]["title"] = "🕯" * 300
    assert read(order(node))[0][0].product_name == "🕯" * 255


def test_sums_that_do_not_fit_set_the_order_aside() -> None:
    huge = item(ITEM="9000000000000.00")
    lines, rejected = read(order(huge, huge))
    assert (lines, [each.field for each in rejected]) == ((), ["total"])


def test_a_row_of_the_report_is_the_same_line() -> None:
    reported = read_order_rows([row(shipping_price="6.00", shipping_tax="1.00")], UK)
    assert reported is not None
    searched = item(ITEM="20.00", SHIPPING="5.00", TAX="5.00", TOTAL="30.00")
    searched["product"]["price"] = {"unitPrice": money("12.00")}
    assert order_lines(reported, UK) == read(order(searched))


def test_a_row_of_the_usa_has_its_tax_beside_the_price() -> None:
    reported = read_order_rows(
        [row(sales_channel="Amazon.com", currency="USD", item_promotion_discount="4.00")], USA
    )
    assert reported is not None
    [line] = order_lines(reported, USA)[0]
    assert (line.total_amount, line.tax_amount, line.currency) == (20, 4, "USD")


def test_rows_that_wait_are_cancelled_or_foreign() -> None:
    assert read_order_rows([row(order_status="Pending", item_price="")], UK) is None
    assert read_order_rows([row(sales_channel="Non-Amazon")], UK) is None
    reported = read_order_rows([row(order_status="Cancelled", quantity="0", item_price="")], UK)
    assert reported is not None
    assert {(line.quantity, line.total_amount) for line in order_lines(reported, UK)[0]} == {(0, 0)}


@pytest.mark.parametrize(
    ("column", "text"),
    [("sku", ""), ("quantity", "two"), ("quantity", "99999999999"), ("item_price", "cheap"),
     ("currency", "£"), ("product_name", "a\0b")],
)  # fmt: skip
def test_a_bad_row_is_set_aside(column: str, text: str) -> None:
    reported = read_order_rows([row(**{column: text}), row(sku="GOOD")], UK)
    assert reported is not None
    lines, rejected = order_lines(reported, UK)
    assert [line.sku for line in lines] == ["GOOD"]
    assert [each.field for each in rejected] == [column.replace("_", "-")]


def test_a_row_with_too_many_columns_is_set_aside() -> None:
    with pytest.raises(SkipRecord, match="columns"):
        read_order_rows([{"?": "a\tb"}], UK)


def test_rows_of_an_order_come_together_wherever_they_stand() -> None:
    rows = [row(amazon_order_id=str(number % 7), sku=str(number)) for number in range(40)]
    groups = list(group_rows(iter(rows)))
    assert sorted(len(group) for group in groups) == [5, 5, 6, 6, 6, 6, 6]
    assert [len({each["amazon-order-id"] for each in group}) for group in groups] == [1] * 7
    assert list(group_rows(iter(rows))) == groups


@pytest.mark.parametrize("column", REQUIRED)
def test_a_report_without_its_columns_is_no_empty_report(column: str) -> None:
    header = "\t".join(name for name in row() if name != column)
    with pytest.raises(VendorUnavailable, match=column):
        list(read_rows([header.encode() + b"\n"], REQUIRED))


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


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


@given(data=st.data(), junk=JUNK)
def test_whatever_stands_in_an_order_only_that_record_is_set_aside(data: Any, junk: object) -> None:
    node = order(item(ITEM="20.00", SHIPPING="5.00", TAX="5.00", TOTAL="30.00"), item("B"))
    node["orderItems"][0]["product"]["price"] = {"unitPrice": money("12.00")}
    container, key = data.draw(st.sampled_from(places(node)))
    container[key] = junk
    try:
        lines, rejected = read(node)
    except SkipRecord:
        return
    for line in lines:
        assert abs(line.quantity) < 2**31
        line.product_name.encode("utf-8")
    assert all(each.field and each.reason for each in rejected)


@given(
    amounts=st.lists(
        st.tuples(st.integers(1, 99), st.integers(0, 10**9), st.integers(0, 10**6)),
        min_size=1,
        max_size=8,
    )
)
def test_nothing_is_lost_between_proceeds_and_lines(amounts: list[tuple[int, int, int]]) -> None:
    nodes = []
    for number, (quantity, goods, shipping) in enumerate(amounts):
        tax = Decimal(goods + shipping) / 500
        tax = tax.quantize(Decimal("0.01"))
        total = Decimal(goods + shipping) / 100 + tax
        nodes.append(
            item(f"S-{number % 3}", quantity, ITEM=str(Decimal(goods) / 100),
                 SHIPPING=str(Decimal(shipping) / 100), TAX=str(tax), TOTAL=str(total))
        )  # fmt: skip
    lines, rejected = read(order(*nodes))
    assert rejected == ()
    assert sum(line.quantity for line in lines) == sum(each[0] for each in amounts)
    assert sum(line.total_amount for line in lines) * 100 == sum(each[1] for each in amounts)
    assert sum(line.shipping_amount for line in lines) * 100 == sum(each[2] for each in amounts)


def test_every_marketplace_fits_the_tables() -> None:
    assert len({each.marketplace_id for each in MARKETPLACES.values()}) == 8
    for each in MARKETPLACES.values():
        assert 0 < len(each.market) <= 10
        assert len(each.channel) <= 50


def test_a_sku_or_a_shipping_of_which_an_item_could_not_be_read_is_left_out() -> None:
    whole = item("A-1", 1, ITEM="10.00", SHIPPING="2.00")
    lines, rejected = read(order(whole, item("A-1", 1, BRIBE="10.00"), item("TEA", 1, ITEM="4.00")))
    assert [(line.channel_line_id, line.total_amount) for line in lines] == [
        ("TEA", Decimal("4.00"))
    ]
    assert [record.record_key for record in rejected] == ["205-1 A-1"]
    rows = [
        row(sku="A-1", quantity="1", item_price="10.00", shipping_price="2.00"),
        row(sku="A-1", quantity="one", item_price="10.00"),
        row(sku="TEA", quantity="1", item_price="4.00"),
    ]
    reported = read_order_rows(rows, UK)
    assert reported is not None
    assert [line.channel_line_id for line in order_lines(reported, UK)[0]] == ["TEA"]
