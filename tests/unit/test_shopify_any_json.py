"""Whatever JSON stands in whatever field, no page ends: each record is kept, left out or set aside."""

import json
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.connectors.shopify import documents
from shared.connectors.shopify.agreements import WholeAgreement
from shared.connectors.shopify.orders import WholeOrder, WholeRefund, read_orders
from shared.domain.products import Product
from shared.use_cases.vendors import Page, SalePage
from tests.fixtures.fitting import (
    assert_line_fits,
    assert_product_fits,
    assert_rejection_fits,
)
from tests.fixtures.mutations import mutate
from tests.fixtures.shopify_records import LONDON, level, line, order
from tests.fixtures.shopify_shop import (
    WINDOW,
    RawShop,
    agreed,
    connection,
    gid,
    orders_read,
    shop_of,
    whole_order,
    whole_variant,
)

# What a record may hold that only this vendor writes.
MORE: tuple[Any, ...] = (
    "gid://shopify/Order/7", "gid://shopify/Order/", "gid://shopify/LineItem/11", "GBP", "USD", "12.00",
    "-12.00", "9999999999999.99", "99999999999999", "2026-07-01T00:00:00Z", "amazon", "web", "SUCCESS",
    "RETURN", "TIP", "ORDER_EDIT", "on_hand", {"nodes": None}, {"nodes": [], "pageInfo": None},
    {"nodes": [None], "pageInfo": {"hasNextPage": True, "endCursor": "x"}}, 2**31 - 1, 2**31,
    {"shopMoney": {"amount": "1e12", "currencyCode": "GBP"}},
)  # fmt: skip
seeds = st.integers(0, 2**63)
any_text = st.text(st.characters(exclude_categories=()), max_size=8)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text | st.sampled_from(MORE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=8,
)


def assert_neighbours_are_whole(page: SalePage) -> None:
    """The orders before and after the odd one are there with all seven of their records each."""
    for number in ("1", "3"):
        own = [each for each in page.records if each.channel_order_id == number]
        assert len({each.channel_line_id for each in own}) >= 6
        assert [each for each in page.fees if each.channel_order_id == number] != []


def is_accounted_for(page: SalePage, sent: int) -> bool:
    """Whether all records of the odd order were kept or set aside one by one, or the order as a whole."""
    left_out = page.left_out.get("test_order", 0) + page.left_out.get("marketplace_copy", 0)
    kept = len(page.records) - 2 * 6
    aside = [each for each in page.rejected if each.field not in {"fees", "transactions"}]
    return left_out > 0 or kept + len(aside) >= sent or (kept == 0 and len(aside) > 0)


def odd_of(value: Any, random: Random) -> Any:
    """The value with odd places, or something else in its place."""
    found = mutate({"it": value}, random, MORE)
    return found.get("it") if isinstance(found, dict) else found


def records_of(node: Any) -> int:
    """How many records an order holds, as far as its lists are lists."""

    def nodes(owner: Any, name: str) -> int:
        found = owner.get(name) if isinstance(owner, dict) else None
        listed = found.get("nodes") if isinstance(found, dict) else None
        return len(listed) if isinstance(listed, list) else 0

    refunds = node.get("refunds") if isinstance(node, dict) else None
    parts = ("refundLineItems", "refundShippingLines", "orderAdjustments")
    back = [
        nodes(each, part)
        for each in (refunds if isinstance(refunds, list) else ())
        for part in parts
    ]
    return nodes(node, "lineItems") + nodes(node, "shippingLines") + sum(back)


# Of seeded pages; with those of the other vendors they are a hundred thousand.
PAGES = 42_000
GOOD = {gid("Order", number): agreed(number) for number in (1, 2, 3)}


def check_order(odd: Any, agreements: dict[str, Any], further: Any = None) -> None:
    page = orders_read(shop_of([whole_order(1), odd, whole_order(3)], agreements, further))
    assert_neighbours_are_whole(page)
    assert is_accounted_for(page, records_of(odd))


def test_an_order_with_everything_is_read_whole() -> None:
    page = orders_read(shop_of([whole_order(1), whole_order(2), whole_order(3)], GOOD))
    assert (len(page.records), len(page.fees), page.rejected) == (18, 3, ())
    assert {each.channel_product_id for each in page.records} == {"3", None}


@settings(deadline=None, max_examples=400)
@given(seed=seeds)
def test_an_order_with_odd_fields_takes_nothing_with_it(seed: int) -> None:
    random = Random(seed)
    odd = mutate(whole_order(2), random, MORE)
    further = mutate({"lineItems": connection([line()]), **agreed(2)}, random, MORE)
    check_order(odd, GOOD, further)


def test_tens_of_thousands_of_odd_pages_lose_no_record() -> None:
    random = Random(20_261_125)
    for _ in range(PAGES):
        odd = mutate(whole_order(2), random, MORE)
        further = mutate({"lineItems": connection([line()]), **agreed(2)}, random, MORE)
        check_order(odd, GOOD, further)


@settings(deadline=None, max_examples=150)
@given(seed=seeds)
def test_odd_agreements_take_nothing_with_them(seed: int) -> None:
    random = Random(seed)
    odd = odd_of(agreed(2), random)
    check_order(whole_order(2), {**GOOD, gid("Order", 2): odd}, mutate(agreed(2), random, MORE))


@settings(deadline=None, max_examples=150)
@given(odd=any_json)
def test_anything_in_the_place_of_an_order_takes_nothing_with_it(odd: Any) -> None:
    check_order(odd, GOOD, odd)


@settings(deadline=None, max_examples=200)
@given(node=any_json, parts=st.lists(any_json, min_size=4, max_size=4), seed=seeds)
def test_whatever_an_order_is_made_of_it_is_read_or_set_aside(
    node: Any, parts: list[Any], seed: int
) -> None:
    given_back = WholeRefund(mutate(order(), Random(seed)), [parts[0]], [parts[1]], [parts[2]])
    odd = WholeOrder(node, [parts[3]], [parts[0]], [given_back], [WholeAgreement(node, parts)])
    mixed = WholeOrder(mutate(order(), Random(seed)), [line(), *parts], [], [given_back])
    plain = WholeOrder(order(id=gid("Order", 9)), [line()], [], [])
    found = read_orders([odd, mixed, plain], "shopify_uk", LONDON)
    for each in found.lines:
        assert_line_fits(each)
    for aside in found.rejected:
        assert_rejection_fits(aside)
    assert [each.quantity for each in found.lines if each.channel_order_id == "9"] == [3]
    assert len(found.rejected) + sum(found.left_out.values()) >= 2


def rows_of(node: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a bulk file for an order."""
    root = {**node, "refunds": [{"id": each["id"]} for each in node["refunds"]]}
    lines, shipping = root.pop("lineItems")["nodes"], root.pop("shippingLines")["nodes"]
    return [root, *({**each, "__parentId": node["id"]} for each in [*lines, *shipping])]


def bulk_shop(rows: list[Any], refunds: dict[str, Any]) -> RawShop:
    return RawShop(
        {
            documents.REFUNDS: lambda v: {"nodes": [refunds.get(each) for each in v["ids"]]},
            documents.AGREEMENTS: lambda v: {"nodes": [GOOD.get(each) for each in v["ids"]]},
        },
        rows,
    )


@settings(deadline=None, max_examples=300)
@given(seed=seeds)
def test_an_odd_row_of_a_bulk_file_takes_nothing_with_it(seed: int) -> None:
    random = Random(seed)
    orders = [whole_order(number) for number in (1, 2, 3)]
    refunds = {each["id"]: each for node in orders for each in node["refunds"]}
    rows = [row for node in orders for row in rows_of(node)]
    # Of the second order: its root, a line or its shipping.
    place = random.choice((4, 5, 6, 7))
    rows[place] = odd_of(rows[place], random)
    refunds[gid("Refund", 2)] = mutate(refunds[gid("Refund", 2)], random, MORE)
    named = [row.get("refunds") for row in rows if isinstance(row, dict)]
    given_back = [refunds[gid("Refund", 2)]] if [{"id": gid("Refund", 2)}] in named else []
    random.shuffle(rows)
    place_of = json.dumps({"bulk": gid("BulkOperation", 1)})
    (page,) = bulk_shop(rows, refunds).connector().sale_pages(WINDOW, place_of)
    for each in page.records:
        assert_line_fits(each)
    for aside in page.rejected:
        assert_rejection_fits(aside)
    assert_neighbours_are_whole(page)
    assert is_accounted_for(page, 3 + records_of({"refunds": given_back}))


def products_read(pages: list[Page[Product]]) -> Page[Product]:
    (page,) = pages
    for each in page.records:
        assert_product_fits(each)
    for aside in page.rejected:
        assert_rejection_fits(aside)
    return page


def assert_products_are_whole(page: Page[Product]) -> None:
    known = {
        each.channel_product_id: each for each in page.records if each.sku in {"SKU-1", "SKU-3"}
    }
    assert known.keys() >= {"1", "3"}
    assert all(known[number].stock for number in ("1", "3"))
    odd = [each for each in page.records if each.channel_product_id not in {"1", "3"}]
    # The odd one is kept, with its cost set aside at most, or it is set aside as a whole.
    assert len(odd) + len(page.rejected) >= 1


@settings(deadline=None, max_examples=300)
@given(seed=seeds)
def test_an_odd_variant_takes_nothing_with_it(seed: int) -> None:
    random = Random(seed)
    odd = odd_of(whole_variant(2), random)
    more = mutate({"inventoryLevels": connection([level(1, 1)])}, random, MORE)
    shop = RawShop(
        {
            documents.PRODUCTS: lambda _v: {
                "productVariants": connection([whole_variant(1), odd, whole_variant(3)])
            },
            documents.MORE_LEVELS: lambda _v: {"inventoryItem": more},
        }
    )
    assert_products_are_whole(products_read(list(shop.connector().product_pages(None))))


@settings(deadline=None, max_examples=200)
@given(seed=seeds)
def test_an_odd_row_of_a_file_of_products_takes_nothing_with_it(seed: int) -> None:
    random = Random(seed)
    rows: list[Any] = []
    for number in (1, 2, 3):
        node = whole_variant(number)
        item = dict(node["inventoryItem"])
        levels = item.pop("inventoryLevels")["nodes"]
        rows += [{**node, "inventoryItem": item}]
        rows += [{**each, "__parentId": node["id"]} for each in levels]
    place = random.choice((2, 3))
    rows[place] = odd_of(rows[place], random)
    random.shuffle(rows)
    shop = RawShop({}, rows)
    cursor = json.dumps({"bulk": gid("BulkOperation", 1)})
    assert_products_are_whole(products_read(list(shop.connector().product_pages(cursor))))
