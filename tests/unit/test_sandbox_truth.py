"""The truth of a ledger, counted by hand; and that a seed makes the same shop every time."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from sandbox.maker import make_ledger
from sandbox.shop_events import (
    AmountGiven,
    Article,
    Event,
    FeeCharged,
    LinesAdded,
    OrderCancelled,
    OrderDeleted,
    OrderLine,
    OrderPlaced,
    Refunded,
    RefundedShipping,
    RefundedUnits,
    ShippingCharge,
    ShippingRemoved,
    ShopFacts,
    UnitsRemoved,
)
from sandbox.shop_ledger import Ledger
from sandbox.truth import Figures, count_stock
from shared.errors import InvalidInput

D = Decimal
UK = ShopFacts("shopify_uk", "Tiny", "GBP", "Europe/London", True, "EUR")
USA = ShopFacts("shopify_usa", "Tiny", "USD", "America/New_York", False, "EUR")


def at(day: int, hour: int = 12, minute: int = 0, month: int = 6) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


# Three at 4.00, 1.00 off: 11.00, of which 1.83 tax, so 9.17 net. Then one is taken out and one given back.
LINE = OrderLine(11, "A", "Jar", 3, D("4.00"), (D("0.60"), D("0.40")), (D("1.83"),))
STORY: tuple[Event, ...] = (
    OrderPlaced(1, at(1), (LINE,), (ShippingCharge(12, D("6.00"), (D("1.00"),)),)),
    FeeCharged(1, at(1), 13, D("0.45")),
    UnitsRemoved(1, at(2), 11, 1),
    Refunded(
        1,
        at(3, 22, 59),
        14,
        (RefundedUnits(15, 11, 1, D("3.67"), D("0.61")),),
        (RefundedShipping(16, D("6.00"), D("1.00")),),
    ),
    Refunded(1, at(3, 23, 0), 17, amounts=(AmountGiven(18, D("-1.25"), D("-0.25")),)),
    FeeCharged(1, at(9), 19, D("0.05")),
    LinesAdded(1, at(9), (OrderLine(20, None, "Card", 1, D("1.20"), (), (D("0.20"),)),)),
)


def tiny(events: tuple[Event, ...], clock: datetime, shop: ShopFacts = UK) -> Ledger:
    return Ledger(shop, (), events, clock)


def test_a_story_counted_by_hand() -> None:
    truth = tiny(STORY, at(30)).truth()
    june = "shopify_uk"
    assert truth.figures == {
        # 9.17 x 2/3 = 6.113, 1.83 x 2/3 = 1.22.
        (june, date(2026, 6, 1), "A"): Figures(units_sold=2, revenue=D("6.11"), tax=D("1.22")),
        (june, date(2026, 6, 1), None): Figures(shipping=D("5.00"), shipping_tax=D("1.00")),
        # What an edit added counts on the day of the edit.
        (june, date(2026, 6, 9), None): Figures(units_sold=1, revenue=D("1.00"), tax=D("0.20")),
        # 22:59 UTC is still the third in London in summer; 23:00 is not.
        (june, date(2026, 6, 3), "A"): Figures(
            units_refunded=1, revenue=D("-3.06"), tax=D("-0.61")
        ),
        (june, date(2026, 6, 3), None): Figures(shipping=D("-5.00"), shipping_tax=D("-1.00")),
        (june, date(2026, 6, 4), None): Figures(revenue=D("-1.25"), tax=D("-0.25")),
    }
    assert truth.commissions == {"1": D("0.50")}


def test_what_is_later_does_not_count_yet() -> None:
    truth = tiny(STORY, at(1, 13)).truth()
    day = ("shopify_uk", date(2026, 6, 1))
    assert truth.figures[*day, "A"] == Figures(units_sold=3, revenue=D("9.17"), tax=D("1.83"))
    assert truth.commissions == {"1": D("0.45")}
    assert tiny(STORY, at(1, 11)).truth().figures == {}


def test_half_a_penny_goes_up_and_tax_on_top_is_not_taken_out() -> None:
    line = OrderLine(2, "B", "Mug", 2, D("5.005"), (), (D("0.83"),))
    removed = UnitsRemoved(1, at(2), 2, 1)
    truth = tiny((OrderPlaced(1, at(1, 2), (line,)), removed), at(9), USA).truth()
    # Half of 10.01 is 5.005; half of 0.83 is 0.415. In New York 02:00 UTC is the day before.
    assert truth.figures == {
        ("shopify_usa", date(2026, 5, 31), "B"): Figures(1, 0, D("5.01"), D("0.42"))
    }
    assert truth.commissions == {"1": None}


def test_cancelled_and_test_orders_count_nothing() -> None:
    cancelled = tiny((*STORY, OrderCancelled(1, at(20))), at(30))
    assert cancelled.truth(at(19)).figures != {}
    assert (cancelled.truth().figures, cancelled.truth().commissions) == ({}, {})
    placed = OrderPlaced(1, at(1), (LINE,), test=True)
    assert tiny((placed, *STORY[1:]), at(30)).truth().figures == {}


def test_a_deleted_order_is_forgotten() -> None:
    ledger = tiny((*STORY, OrderDeleted(1, at(20))), at(19))
    assert (len(ledger.changes()), ledger.find_refund(14) is None) == (1, False)
    ledger.move_clock(at(30))
    assert (ledger.changes(), ledger.state(1), ledger.find_refund(14)) == ([], None, None)
    assert (ledger.truth().figures, ledger.truth().commissions) == ({}, {})
    assert ledger.truth(at(19)).figures != {}


def test_an_order_that_a_marketplace_sold_is_no_sale_of_the_shop() -> None:
    copied = OrderPlaced(1, at(1), (LINE,), marketplace="amazon")
    truth = tiny((copied, *STORY[1:]), at(30)).truth()
    assert (truth.figures, truth.commissions) == ({}, {})


def test_an_imported_order_counts_on_the_day_it_was_placed() -> None:
    imported = OrderPlaced(1, at(1), (LINE,), processed_at=at(28, month=2))
    truth = tiny((imported,), at(9)).truth()
    assert truth.figures == {
        ("shopify_uk", date(2026, 2, 28), "A"): Figures(3, 0, D("9.17"), D("1.83"))
    }


def test_gift_cards_and_tips_count_nothing_sold_or_given_back() -> None:
    lines = (
        OrderLine(2, "GIFT", "Gift card", 1, D("50.00"), gift_card=True),
        OrderLine(3, None, "Tip", 1, D("2.00"), tip=True),
    )
    back = (RefundedUnits(5, 2, 1, D("50.00"), D(0)), RefundedUnits(6, 3, 1, D("2.00"), D(0)))
    placed = OrderPlaced(1, at(1), (LINE, *lines), by_gift_card=D("11.00"))
    truth = tiny((placed, Refunded(1, at(2), 4, back)), at(9)).truth()
    assert truth.figures == {
        ("shopify_uk", date(2026, 6, 1), "A"): Figures(3, 0, D("9.17"), D("1.83"))
    }


def test_duties_within_the_price_are_no_revenue() -> None:
    line = replace(LINE, duties=(D("0.60"), D("0.30")))
    back = (RefundedUnits(5, 11, 1, D("3.67"), D("0.61")),)
    placed = OrderPlaced(1, at(1), (line,), duties_included=True)
    truth = tiny((placed, Refunded(1, at(2), 4, back)), at(9)).truth()
    # 9.17 - 0.90, and of one unit 3.67 - 0.61 - 0.30.
    assert truth.figures == {
        ("shopify_uk", date(2026, 6, 1), "A"): Figures(3, 0, D("8.27"), D("1.83")),
        ("shopify_uk", date(2026, 6, 2), "A"): Figures(0, 1, D("-2.76"), D("-0.61")),
    }


def test_what_was_sold_of_an_article_goes_with_it_to_its_new_sku() -> None:
    articles = tuple(
        Article(each, "A", "Jar", D("4.00"), D("1.00"), (each, 0), (0, 0)) for each in (7, 8)
    )
    lines = (replace(LINE, article=7), OrderLine(12, "B", "Lid", 1, D("1.00"), article=9))
    other = Article(9, "B", "Lid", D("1.00"), D("0.50"), (3, 0), (0, 0))
    ledger = Ledger(USA, (*articles, other), (OrderPlaced(1, at(1), lines),), at(9))
    ledger.rename(9, "B-2")
    ledger.rename(7, "A-2")
    # Another article still bears the name of the first: whose the past was cannot be said.
    assert {key[2] for key in ledger.truth().figures} == {"A", "B-2"}
    assert count_stock("shopify_usa", ledger.articles) == {
        ("A-2", "shopify_usa: Main warehouse"): (7, 0),
        ("A-2", "shopify_usa: Shop floor"): (0, 0),
        ("A", "shopify_usa: Main warehouse"): (8, 0),
        ("A", "shopify_usa: Shop floor"): (0, 0),
        ("B-2", "shopify_usa: Main warehouse"): (3, 0),
        ("B-2", "shopify_usa: Shop floor"): (0, 0),
    }


def test_shipping_that_was_taken_out_counts_no_more() -> None:
    truth = tiny((STORY[0], ShippingRemoved(1, at(2), 12)), at(9)).truth
    day = ("shopify_uk", date(2026, 6, 1), None)
    assert truth(at(1)).figures[day] == Figures(shipping=D("5.00"), shipping_tax=D("1.00"))
    assert day not in truth().figures


def test_a_late_fee_does_not_change_the_order() -> None:
    ledger = tiny(STORY[:2] + STORY[5:6], at(30))
    (change,) = ledger.changes()
    assert change.updated_at == at(1)
    state = ledger.state(1)
    assert state is not None and [fee.amount for fee in state.fees] == [D("0.45"), D("0.05")]


def test_the_clock_hides_and_shows() -> None:
    ledger = tiny(STORY, at(1, 11))
    assert ledger.changes() == [] and ledger.state(1) is None
    ledger.move_clock(at(2))
    state = ledger.state(1)
    assert state is not None
    assert (state.current(LINE), state.updated_at) == (2, at(2))
    assert ledger.find_refund(14) is None
    ledger.move_clock(at(4))
    assert ledger.find_refund(14) is not None
    assert ledger.state(1).current(LINE) == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("channel", ["shopify_uk", "shopify_eu", "shopify_usa"])
def test_a_made_ledger_has_all_that_is_awkward(channel: str) -> None:
    days = {"first_day": date(2026, 3, 1), "last_day": date(2026, 11, 10)}
    ledger = make_ledger(3, channel, orders=60, **days)
    ledger.move_clock(datetime(2027, 1, 1, tzinfo=UTC))
    states = [ledger.state(change.number) for change in ledger.changes()]
    orders = [state for state in states if state is not None]
    lines = [line for order in orders for line in order.lines]
    refunds = [refund for order in orders for refund in order.refunds]
    assert len(orders) == 60
    assert sorted({len(order.lines) for order in orders})[-2:] == [20, 41]
    assert any(order.cancelled_at for order in orders)
    assert any(order.placed.test for order in orders)
    assert any(order.placed.presentment for order in orders)
    assert any(order.removed for order in orders)
    assert any(len(refund.units) > 10 for refund in refunds)
    assert any(refund.amounts for refund in refunds)
    assert any(refund.shipping for refund in refunds)
    assert {unit.restock for refund in refunds for unit in refund.units} >= {"RETURN", "NO_RESTOCK"}
    assert any(line.sku is None for line in lines)
    assert any(line.gift_card for line in lines) and any(line.tip for line in lines)
    assert any(
        line.duties for order in orders if order.placed.duties_included for line in order.lines
    )
    assert any(order.placed.by_gift_card for order in orders)
    assert any(order.placed.processed_at for order in orders)
    assert {order.placed.marketplace for order in orders} == {None, "amazon", "ebay"}
    assert any(added.exchange for order in orders for added in order.added)
    assert max(len(order.added) for order in orders) == 7
    assert any(ord(letter) > 0xFFFF for line in lines for letter in line.name)
    listed = [each.sku for each in ledger.articles if not each.deleted]
    assert {line.sku for line in lines} - set(listed) != set()
    assert len(listed) - len(set(listed)) == 1
    late = [(fee.at - order.placed.at).days for order in orders for fee in order.fees]
    assert min(late) == 0 and max(late) >= 3
    assert all(order.current(line) >= 0 for order in orders for line in order.lines)


def test_london_sells_in_the_nights_that_its_clocks_change() -> None:
    days = {"first_day": date(2026, 3, 1), "last_day": date(2026, 11, 10)}
    ledger = make_ledger(3, "shopify_uk", orders=60, **days)
    ledger.move_clock(datetime(2027, 1, 1, tzinfo=UTC))
    seen = {change.created_at for change in ledger.changes()}
    assert {at(29, 0, 30, 3), at(29, 22, 30, 3), at(28, 23, 30, 3)} <= seen
    # 01:30 comes twice on the 25th of October.
    assert {at(25, 0, 30, 10), at(25, 1, 30, 10)} <= seen


def test_a_seed_makes_the_same_shop_in_another_process() -> None:
    program = (
        "from datetime import date; import hashlib; from sandbox.maker import make_ledger; "
        "made = make_ledger(5, 'shopify_eu', orders=30, first_day=date(2026, 1, 1), "
        "last_day=date(2026, 1, 9)); print(hashlib.sha256(repr(made.events).encode()).hexdigest())"
    )
    command = [sys.executable, "-c", program]
    first, second = (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in "12"
    )
    assert first == second
    made = [
        make_ledger(
            seed, "shopify_eu", orders=30, first_day=date(2026, 1, 1), last_day=date(2026, 1, 9)
        ).events
        for seed in (5, 6)
    ]
    assert made[0] != made[1]


def test_a_channel_that_is_no_ledger_shop_is_named() -> None:
    with pytest.raises(InvalidInput, match="'ebay' is no ledger shop"):
        make_ledger(1, "ebay", orders=1, first_day=date(2026, 1, 1), last_day=date(2026, 1, 2))
