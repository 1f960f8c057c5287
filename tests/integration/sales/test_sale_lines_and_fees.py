"""What is kept of a line and of its fee, whichever comes first and whichever is newer."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from shared.domain.sales import FeeRule, SaleFee
from shared.domain.stream_positions import Forward
from shared.domain.window_steps import SyncWindow
from shared.use_cases.keep_sales import keep_page, keep_posted
from shared.use_cases.vendors import SalePage
from tests.fixtures.shop_pulls import (
    BEFORE,
    DAY,
    NOW,
    Opener,
    credential_of,
    pull,
    rows,
    totals,
    two_pages,
)
from tests.fixtures.shops import FakeShop, product, sale
from workers.wiring import Wiring


def test_a_changed_line_is_corrected(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    pull(unit_of_work_of(acme), two_pages())
    shop = two_pages()
    shop.order_pages[0][0] = sale(1, "MUG", 2, DAY, amount="15.00")
    assert pull(unit_of_work_of(acme), shop, NOW + timedelta(hours=1)).lines_changed == 1
    assert totals(wiring, acme).revenue == Decimal("45.00")


def test_a_line_is_the_same_row_whether_its_page_is_new_or_known_in_part(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    other = sale(1, "TEA", 1, DAY)
    rich = sale(2, "MUG", 3, DAY, amount="12.34")._replace(
        tax_amount=Decimal("2.47"),
        shipping_amount=Decimal("3.95"),
        presentment_amount=Decimal("14.81"),
        presentment_currency="EUR",
        source_updated_at=NOW - timedelta(hours=2),
    )
    pull(unit_of_work_of(acme), FakeShop([], [[rich]]))
    pull(unit_of_work_of(globex), FakeShop([], [[other]]))
    pull(unit_of_work_of(globex), FakeShop([], [[other, rich]]), NOW + timedelta(hours=1))
    query = (
        "SELECT p.sku, line_kind::text, sale_date, quantity, s.unit_price, total_amount, tax_amount, "
        "s.currency, market, shipping_amount, presentment_amount, presentment_currency, "
        "commission_amount, commission_rate, net_revenue, fee_estimated, source_updated_at "
        "FROM sales s JOIN products p ON p.id = s.product_id WHERE channel_order_id = '2'"
    )
    copied = rows(wiring, acme, query)
    assert copied == rows(wiring, globex, query)
    assert [str(value) for value in copied[0][:7]] == [
        "MUG",
        "SALE",
        "2026-03-01",
        "3",
        "10.00",
        "12.34",
        "2.47",
    ]
    # Two per cent of it, estimated.
    assert copied[0][12:16] == (Decimal("0.25"), Decimal("0.0203"), Decimal("12.09"), True)


def test_older_news_does_not_overwrite_newer(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    old = sale(1, "MUG", 2, DAY)._replace(source_updated_at=NOW - timedelta(hours=3))
    new = old._replace(total_amount=Decimal("15.00"), source_updated_at=NOW - timedelta(hours=2))
    for hour, line in enumerate((old, new, old)):
        pull(unit_of_work_of(acme), FakeShop([], [[line]]), NOW + timedelta(hours=hour))
    assert totals(wiring, acme).revenue == Decimal("15.00")
    # In one page as well.
    pull(unit_of_work_of(globex), FakeShop([], [[new, old]]))
    assert totals(wiring, globex).revenue == Decimal("15.00")


def test_an_order_of_a_deleted_sku_is_kept_with_an_inactive_product(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    pull(unit_of_work_of(acme), FakeShop([product("MUG")], [[sale(1, "GONE", 1, DAY)]]))
    assert rows(wiring, acme, "SELECT sku, is_active FROM products ORDER BY sku") == [
        ("GONE", False),
        ("MUG", True),
    ]


def test_a_line_without_a_sku_counts_as_revenue_of_no_product(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    gift_card = sale(1, "CARD", 1, DAY)._replace(sku=None)
    pull(unit_of_work_of(acme), FakeShop([], [[gift_card]]))
    assert totals(wiring, acme).revenue == Decimal("10.00")
    assert rows(wiring, acme, "SELECT count(*) FROM products") == [(0,)]


def test_an_order_that_counts_again_has_its_estimated_commission_again(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    taken = "SELECT total_amount::text, commission_amount::text, fee_estimated FROM sales"
    line = sale(1, "MUG", 2, DAY)
    for tenant in (acme, globex):
        pull(unit_of_work_of(tenant), FakeShop([], [[line]]))
    for voided in (1, 0):
        with unit_of_work_of(acme)() as work:
            assert work.sales.void_orders("shopify_uk", ["1"]) == voided
    assert rows(wiring, acme, taken) == [("0.00", None, False)]
    pull(unit_of_work_of(acme), FakeShop([], [[line]]), NOW + timedelta(hours=1))
    assert rows(wiring, acme, taken) == [("20.00", "0.40", True)]
    assert rows(wiring, globex, taken) == [("20.00", "0.40", True)]


def test_a_real_fee_takes_the_place_of_the_estimate_and_stays(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    fees = "SELECT commission_amount::text, commission_rate::text, net_revenue::text, fee_estimated FROM sales"
    opener = unit_of_work_of(acme)
    line = sale(1, "MUG", 2, DAY)
    pull(opener, FakeShop([], [[line]]))
    assert rows(wiring, acme, fees) == [("0.40", "0.0200", "19.60", True)]

    class ShopWithFee(FakeShop):
        def sale_pages(self, window: SyncWindow, cursor: str | None) -> Iterator[SalePage]:
            reported = SaleFee("shopify_uk", "1", "f1", None, Decimal("0.55"), "GBP", True, NOW)
            yield SalePage((line,), (), None, fees=(reported,))

    pull(opener, ShopWithFee([], []), NOW + timedelta(hours=1))
    assert rows(wiring, acme, fees) == [("0.55", "0.0275", "19.45", False)]
    pull(opener, FakeShop([], [[line]]), NOW + timedelta(hours=2))
    assert rows(wiring, acme, fees) == [("0.55", "0.0275", "19.45", False)]


@pytest.mark.parametrize("fees_first", [True, False])
def test_a_fee_that_comes_by_itself_finds_the_line_of_its_sku_before_or_after_it(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener, fees_first: bool
) -> None:
    reported = (
        SaleFee("shopify_uk", "1", "f1", "MUG", Decimal("3.00"), "GBP", False, NOW),
        SaleFee("shopify_uk", "1", "f2", None, Decimal("0.30"), "GBP", True, NOW),
    )

    class Fees(FakeShop):
        reported: tuple[SaleFee, ...] = ()

        def posted_pages(self, _window: SyncWindow, _cursor: str | None) -> Iterator[SalePage]:
            yield SalePage((), (), None, fees=self.reported)

    opener = unit_of_work_of(acme)
    lines = [sale(1, "MUG", 2, DAY), sale(1, "TEA", 1, DAY)]
    both = [Fees([], [lines]), Fees([], [[]])]
    both[1].reported = reported
    credential = credential_of(opener)
    with opener() as work:
        work.cursors.move(credential.id, "fees", None, Forward(BEFORE))
    for hour, shop in enumerate(both[::-1] if fees_first else both):
        shop.traits = replace(shop.traits, fee_lags=(timedelta(0),))
        pull(opener, shop, NOW + timedelta(hours=hour))
    found = (
        "SELECT sku, commission_amount::text, fee_estimated "
        "FROM sales JOIN products p ON p.id = product_id ORDER BY sku"
    )
    assert rows(wiring, acme, found) == [("MUG", "3.20", True), ("TEA", "0.10", True)]
    final = Fees([], [[]])
    final.traits = both[0].traits
    final.reported = (replace(reported[0], amount=Decimal("3.10"), is_final=True),)
    pull(opener, final, NOW + timedelta(days=20))
    assert rows(wiring, acme, found) == [("MUG", "3.30", False), ("TEA", "0.10", False)]


def test_an_order_and_its_fee_that_are_written_side_by_side_find_each_other(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener, rule = unit_of_work_of(acme), FeeRule(Decimal("0.15"), Decimal(0))
    credential = credential_of(opener)
    reported = SaleFee("shopify_uk", "1", "f1", None, Decimal("4.20"), "GBP", True, NOW)
    done = threading.Event()

    def write_fee() -> None:
        with opener() as work:
            keep_posted(
                work, SalePage((), (), None, fees=(reported,)), {"shopify_uk": credential}, rule
            )
        done.set()

    with opener() as work:
        keep_page(
            work, SalePage((sale(1, "MUG", 2, DAY),), (), None), {"shopify_uk": credential}, rule
        )
        other = threading.Thread(target=write_fee)
        other.start()
        # It waits for what it could not see yet.
        assert not done.wait(0.3)
    other.join()
    fees = "SELECT commission_amount::text, fee_estimated FROM sales"
    assert rows(wiring, acme, fees) == [("4.20", False)]
