"""The past of a shop: window by window, taken up where it was cut off, complete only once it is all there."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from shared.domain.stream_positions import Backward, Done
from shared.domain.window_steps import Basis, SyncWindow
from shared.errors import InvalidInput, ScopeMissing, Snooze, WindowTooLarge
from shared.use_cases.backfill_sales import BackfillResult, backfill_sales
from shared.use_cases.pull_sales import SalesPull
from shared.use_cases.slices import Slice
from shared.use_cases.vendors import SalePage, Shop
from tests.fixtures.shop_pulls import (
    BEFORE,
    CONNECTED,
    DAY,
    NOW,
    Opener,
    backfill,
    credential_of,
    past,
    pull,
    spelled,
    totals,
    two_pages,
)
from tests.fixtures.shops import CutOff, FakeShop, sale
from workers.wiring import Wiring


def test_the_first_run_cuts_time_in_two_and_leaves_the_past_to_the_backfill(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener, shop = unit_of_work_of(acme), two_pages()
    shop.traits = replace(shop.traits, orders_again=(timedelta(days=4),))
    result = SalesPull(opener, shop, credential_of(opener), lambda *_: None).run(NOW)
    assert (result.lines_read, result.backfilled) == (0, False)
    assert shop.windows == []
    assert spelled(wiring, acme) == {
        "orders": {"since": "2026-03-02T12:00:00+00:00"},
        "orders_4d": {"since": "2026-02-26T12:00:00+00:00"},
        "orders_backfill": {
            "from": "2024-03-02T00:00:00+00:00",
            "until": "2026-03-02T12:00:00+00:00",
        },
    }
    assert backfill(opener, shop).lines_changed == 4
    assert shop.windows[0][0] == SyncWindow(Basis.CREATED, NOW - timedelta(days=30), NOW)
    assert shop.windows[-1][0].since == datetime(2024, 3, 2, tzinfo=UTC)
    assert past(opener).done is not None
    assert totals(wiring, acme).revenue == Decimal("50.00")


def test_a_backfill_says_how_many_days_are_left(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener, shop = unit_of_work_of(acme), two_pages()
    pull(opener, FakeShop([], [[]]))
    said: list[tuple[int, int | None, str]] = []
    backfill_sales(opener, shop, credential_of(opener), lambda *each: said.append(each))
    # Thirty of 730 days after the first window; all of them in the end.
    assert said[0] == (0, 730, "orders_backfill: 2 read, back to 2026-03-01, 730 days to go")
    assert said[1] == (30, 730, "orders_backfill: 4 read, back to 2026-01-30, 700 days to go")
    assert said[-1] == (730, 730, "orders_backfill: 24 read, back to 2024-03-01, 0 days to go")


def test_a_backfill_that_is_cut_off_goes_on_at_its_page(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener, shop = unit_of_work_of(acme), two_pages()
    pull(opener, FakeShop([], [[]]))
    shop.cut_off_at = 1
    with pytest.raises(CutOff):
        backfill(opener, shop)
    shop.cut_off_at = None
    backfill(opener, shop)
    first = SyncWindow(Basis.CREATED, BEFORE - timedelta(days=30), BEFORE)
    assert shop.windows[:2] == [(first, None), (first, "1")]


def test_a_backfill_whose_time_is_up_leaves_what_it_has_and_goes_on_later(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener, shop = unit_of_work_of(acme), two_pages()
    pull(opener, FakeShop([], [[]]))
    times = iter((0.0, 5.0, 11.0))
    report = Slice(lambda *_: None, 10.0, lambda: next(times))
    with pytest.raises(Snooze, match="goes on in another slice"):
        backfill_sales(opener, shop, credential_of(opener), report)
    assert totals(wiring, acme).orders == 2
    backfill(opener, shop)
    assert past(opener).done is not None


def test_a_backfill_that_may_not_see_further_ends_and_says_why(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    class Hidden(FakeShop):
        shows_all = False

        def sale_pages(self, window: SyncWindow, cursor: str | None) -> Iterator[SalePage]:
            if not self.shows_all and window.since < NOW - timedelta(days=60):
                raise ScopeMissing("shopify: needs the scope read_all_orders")
            return super().sale_pages(window, cursor)

    opener, shop = unit_of_work_of(acme), Hidden([], [[sale(1, "MUG", 2, DAY)]])
    pull(opener, shop)
    with pytest.raises(ScopeMissing):
        backfill(opener, shop)
    assert past(opener).done is Done.SCOPE_MISSING
    assert totals(wiring, acme).orders == 1
    ended = "it ended early: the credential may not see older orders; connect the shop again with that right"
    assert backfill(opener, shop) == BackfillResult(0, 0, 0, {}, ended)
    shop.shows_all = True
    went_on = backfill(opener, shop, again=True)
    assert (went_on.lines_read > 0, went_on.nothing_to_do) == (True, None)
    assert past(opener).done is Done.WHOLE
    assert backfill(opener, shop).nothing_to_do == "the years before the connection are here"


def test_a_backfill_before_the_first_pull_says_that_there_is_nothing_to_do_yet(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener, shop = unit_of_work_of(acme), FakeShop([], [[sale(1, "MUG", 2, DAY)]])
    yet = "the first pull has not begun; it says where the past ends"
    assert backfill(opener, shop) == BackfillResult(0, 0, 0, {}, yet)
    assert shop.windows == []
    SalesPull(opener, shop, credential_of(opener), lambda *_: None).run(NOW)
    begun = backfill(opener, shop)
    assert (begun.lines_read > 0, begun.nothing_to_do) == (True, None)


def test_a_backfill_that_goes_on_under_another_account_is_refused(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    class Named(FakeShop):
        account = "1"

        def describe_shop(self) -> Shop:
            return Shop("Fake", "GBP", "Europe/London", self.account)

    opener, shop = unit_of_work_of(acme), Named([], [[sale(1, "MUG", 2, DAY)]])
    pull(opener, shop)
    with opener() as work:
        stored = credential_of(opener)
        before = work.cursors.get(stored.id, "orders_backfill", Backward)
        assert before is not None
        ended = replace(before, done=Done.SCOPE_MISSING)
        assert work.cursors.move(stored.id, "orders_backfill", before, ended)
    shop.account = "2"
    with pytest.raises(InvalidInput, match="another account"):
        backfill(opener, shop, again=True)
    assert past(opener).done is Done.SCOPE_MISSING
    shop.account = "1"
    assert backfill(opener, shop, again=True).lines_read > 0


def test_a_window_that_is_too_large_is_halved_and_the_next_one_is_no_larger(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    class Slow(FakeShop):
        def sale_pages(self, window: SyncWindow, cursor: str | None) -> Iterator[SalePage]:
            if window.until - window.since > timedelta(days=20):
                raise WindowTooLarge("vendor: too long")
            return super().sale_pages(window, cursor)

    opener = unit_of_work_of(acme)
    shop = Slow([], [[sale(1, "MUG", 2, DAY)]])
    pull(opener, shop)
    assert backfill(opener, shop).lines_changed == 0
    extents = {window.until - window.since for window, _ in shop.windows[1:]}
    assert max(extents) <= timedelta(days=20)
    assert totals(wiring, acme).orders == 1


def test_no_day_is_complete_before_the_past_is_there(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    pull(opener, two_pages())
    with opener() as work:
        assert work.sales.complete_until() == date.min
    backfill(opener, two_pages())
    with opener() as work:
        assert work.sales.complete_until() == DAY


def test_a_shop_whose_past_is_on_its_way_holds_up_no_other(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    pull(opener, two_pages())
    backfill(opener, two_pages())
    with opener() as work:
        second = work.credentials.reserve(work.companies.get().id, "shopify_eu", "ecommerce")
        work.credentials.store(second, "sealed")
        for stream, position_of in CONNECTED.items():
            work.cursors.move(second, stream, None, position_of)
        assert work.sales.complete_until() == DAY


def test_a_day_is_complete_in_the_shops_own_zone(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    class Pacific(FakeShop):
        def describe_shop(self) -> Shop:
            return Shop("Fake", "GBP", "America/Los_Angeles")

    opener, shop = unit_of_work_of(acme), Pacific([], [[]])
    pull(opener, shop, datetime(2026, 3, 3, 2, tzinfo=UTC))
    backfill(opener, shop)
    with opener() as work:
        # It is still the second of March there.
        assert work.sales.complete_until() == date(2026, 3, 1)
