"""The day to which each line of a Shopify order belongs."""

from datetime import date
from typing import Any

import pytest

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

PLACED = agreement("2026-06-30T23:30:00Z", "ORDER", sold(11))
CARD = line(id="gid://shopify/LineItem/12", sku="CARD")


def days(records: Any) -> dict[str, date]:
    return {each.channel_line_id: each.sale_date for each in records.lines}


def test_an_imported_order_belongs_to_the_day_on_which_it_was_placed() -> None:
    imported = order(processedAt="2025-11-28T15:00:00Z")
    assert only(read(line(), order_node=imported)).sale_date == date(2025, 11, 28)


def test_an_order_that_does_not_say_when_it_was_placed_belongs_to_the_day_it_was_written() -> None:
    assert only(read(line(), order_node=order(processedAt=None))).sale_date == date(2026, 7, 1)


def test_a_refund_of_an_imported_order_belongs_to_the_day_it_was_given() -> None:
    given = refund(refunded())
    given.node["processedAt"] = "2025-12-31T23:59:59Z"
    found = read(line(currentQuantity=1), refunds=(given,))
    assert days(found) == {"11": date(2026, 7, 1), "refund-5": date(2025, 12, 31)}


def test_a_line_that_an_edit_added_belongs_to_the_day_of_the_edit() -> None:
    edit = agreement("2026-08-02T23:30:00Z", "ORDER_EDIT", sold(12))
    found = read(line(), CARD, agreements=[edit, PLACED])
    # Half past eleven at night in UTC is the next day in London.
    assert days(found) == {"11": date(2026, 7, 1), "12": date(2026, 8, 3)}


def test_an_article_given_in_exchange_belongs_to_the_day_of_the_exchange() -> None:
    back = sold(11, actionType="RETURN", quantity=-1)
    exchange = agreement("2026-08-10T12:00:00Z", "RETURN", back, sold(12))
    found = read(line(), CARD, agreements=[PLACED, exchange])
    assert days(found) == {"11": date(2026, 7, 1), "12": date(2026, 8, 10)}


def test_units_that_an_edit_adds_to_a_line_stay_on_the_day_of_the_line() -> None:
    edit = agreement("2026-08-02T12:00:00Z", "ORDER_EDIT", sold(11, quantity=2))
    sale = only(read(line(), agreements=[PLACED, edit]))
    assert (sale.sale_date, sale.quantity) == (date(2026, 7, 1), 3)


def test_shipping_that_an_edit_added_belongs_to_the_day_of_the_edit() -> None:
    shipping = {
        "id": "gid://shopify/ShippingLine/8",
        "isRemoved": False,
        "discountedPriceSet": bag("6.00"),
        "taxLines": [],
    }
    charge = sold(0, "SHIPPING", quantity=None, shippingLine={"id": shipping["id"]})
    edit = agreement("2026-08-02T12:00:00Z", "ORDER_EDIT", charge)
    found = read(line(), shipping=(shipping,), agreements=[PLACED, edit])
    assert days(found) == {"11": date(2026, 7, 1), "shipping-8": date(2026, 8, 2)}


def test_no_line_belongs_to_a_day_before_its_order() -> None:
    early = agreement("2026-06-01T12:00:00Z", "ORDER_EDIT", sold(12))
    found = read(line(), CARD, agreements=[early, PLACED])
    assert days(found) == {"11": date(2026, 7, 1), "12": date(2026, 7, 1)}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (agreement("yesterday", "ORDER_EDIT", sold(11)), "happenedAt"),
        (agreement("2026-08-02T12:00:00Z", 5, sold(11)), "agreements"),  # type: ignore[arg-type]
        (agreement("2026-08-02T12:00:00Z", "ORDER_EDIT", sold(11, lineItem=None)), "agreements"),
        (agreement("2026-08-02T12:00:00Z", "ORDER_EDIT", sold(11, quantity="1")), "agreements"),
    ],
)
def test_an_order_whose_agreements_cannot_be_read_is_set_aside(wrong: Any, field: str) -> None:
    found = read(line(), agreements=[PLACED, wrong])
    assert found.lines == ()
    assert [(each.record_key, each.field) for each in found.rejected] == [
        ("gid://shopify/Order/7", field)
    ]
