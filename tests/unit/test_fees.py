"""Fees shared out over an order's lines, to the penny."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.fees import allocate, commission_rate, share_fees
from shared.domain.sales import FeeRule, LineKind, SaleFee
from tests.fixtures.shops import sale

RULE = FeeRule(Decimal("0.029"), Decimal("0.30"))
DAY = date(2026, 3, 1)
MONEY = st.decimals(0, 100_000, places=2)


def fee(key: str, amount: str, sku: str | None = None, *, final: bool = True) -> SaleFee:
    posted = datetime(2026, 3, 4, tzinfo=UTC)
    return SaleFee("shopify_uk", "1", key, sku, Decimal(amount), "GBP", final, posted)


def test_without_a_fee_the_rule_estimates_and_says_so() -> None:
    lines = share_fees([sale(1, "MUG", 2, DAY), sale(1, "TEA", 1, DAY)], [], RULE)
    # 2.9 % of 30.00 and 0.30: 1.17, two thirds of it to the mugs.
    assert [(line.commission_amount, line.fee_estimated) for line in lines] == [
        (Decimal("0.78"), True),
        (Decimal("0.39"), True),
    ]


def test_a_fee_of_a_sku_goes_to_its_lines_and_the_rest_to_all() -> None:
    lines = share_fees(
        [sale(1, "MUG", 2, DAY), sale(1, "TEA", 1, DAY)],
        [fee("a", "1.00", "TEA"), fee("b", "0.30"), fee("c", "0.60", "NOT SOLD")],
        RULE,
    )
    assert [(line.commission_amount, line.fee_estimated) for line in lines] == [
        (Decimal("0.60"), False),
        (Decimal("1.30"), False),
    ]


def test_a_fee_that_is_not_final_stays_flagged() -> None:
    (line,) = share_fees(
        [sale(1, "MUG", 2, DAY)], [fee("a", "1.00"), fee("b", "1.00", final=False)], RULE
    )
    assert (line.commission_amount, line.fee_estimated) == (Decimal("2.00"), True)


def test_a_fee_in_another_currency_is_not_taken_for_one() -> None:
    dollars = replace(fee("a", "1.00"), currency="USD")
    (line,) = share_fees([sale(1, "MUG", 2, DAY)], [dollars], RULE)
    assert (line.commission_amount, line.fee_estimated) == (Decimal("0.88"), True)


def test_a_refund_carries_no_fee() -> None:
    lines = share_fees([sale(1, "MUG", 2, DAY), sale(1, "MUG", -1, DAY)], [fee("a", "1.00")], RULE)
    assert [line.commission_amount for line in lines] == [Decimal("1.00"), None]


def test_an_order_that_counts_nothing_costs_nothing() -> None:
    (line,) = share_fees([sale(1, "MUG", 0, DAY, amount="0.00")], [], RULE)
    assert (line.commission_amount, line.fee_estimated) == (0, False)


@given(MONEY, st.lists(MONEY, min_size=1, max_size=30))
def test_shares_add_up_to_the_penny_and_none_is_negative(
    amount: Decimal, weights: list[Decimal]
) -> None:
    shares = allocate(amount, weights)
    assert sum(shares) == amount
    assert min(shares) >= 0


@given(
    st.lists(st.tuples(MONEY, st.sampled_from(["MUG", "TEA", None])), min_size=1, max_size=8),
    st.lists(st.tuples(MONEY, st.sampled_from(["MUG", "TEA", "GONE", None])), max_size=6),
)
def test_every_penny_that_was_reported_is_on_a_line(
    sold: list[tuple[Decimal, str | None]], reported: list[tuple[Decimal, str | None]]
) -> None:
    lines = [
        sale(1, sku or "", 1, DAY)._replace(
            sku=sku, total_amount=total, channel_line_id=str(number)
        )
        for number, (total, sku) in enumerate(sold)
    ]
    fees = [fee(str(number), str(amount), sku) for number, (amount, sku) in enumerate(reported)]
    shared = share_fees(lines, fees, RULE)
    taken = sum(line.commission_amount or Decimal(0) for line in shared)
    if fees:
        assert taken == sum(each.amount for each in fees)
        assert not any(line.fee_estimated for line in shared)


@pytest.mark.parametrize("amount", ["-3.33", "0.01", "-0.01"])
def test_what_was_given_back_is_shared_like_what_was_taken(amount: str) -> None:
    assert sum(allocate(Decimal(amount), [Decimal(1), Decimal(1), Decimal(1)])) == Decimal(amount)


def test_a_line_of_a_refund_kind_is_left_as_it_is() -> None:
    back = sale(1, "MUG", -1, DAY)
    assert back.kind is LineKind.REFUND
    assert share_fees([back], [fee("a", "1.00")], RULE) == (back,)


@pytest.mark.parametrize(
    ("taken", "total", "rate"),
    [
        ("0.78", "20.00", "0.0390"),
        ("-0.78", "20.00", "-0.0390"),
        ("1.00", "3.00", "0.3333"),
        ("2.00", "3.00", "0.6667"),
        ("9.9998", "1.00", "9.9998"),
        # More than the table keeps, and shares of nothing or of what was given back.
        ("10.00", "1.00", None),
        ("0.10", "0.00", None),
        ("0.10", "-5.00", None),
        (None, "5.00", None),
    ],
)
def test_a_commission_is_a_share_of_its_line(
    taken: str | None, total: str, rate: str | None
) -> None:
    commission = None if taken is None else Decimal(taken)
    line = sale(1, "MUG", 1, DAY, amount=total)._replace(commission_amount=commission)
    assert commission_rate(line) == (None if rate is None else Decimal(rate))
