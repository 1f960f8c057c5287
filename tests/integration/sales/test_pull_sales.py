"""Pulling sales: a page is one transaction, a replay changes nothing, a cut-off run goes on."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from demo.figures import SalesTotals
from shared.domain.sales import RejectedRecord
from shared.domain.window_steps import Basis, SyncWindow
from shared.errors import CredentialRejected, CursorExpired, Snooze, StreamBusy
from shared.persistence.database import Connection
from shared.persistence.jobs.job_ledger import JobLedger, JobOrder
from shared.persistence.repositories.sales import SaleRepository
from shared.use_cases.pull_sales import PullResult, SalesPull
from shared.use_cases.vendors import SalePage, Shop
from tests.fixtures.shop_pulls import (
    BEFORE,
    CONNECTED,
    DAY,
    NOW,
    Opener,
    credential_of,
    position,
    pull,
    rows,
    totals,
    two_pages,
)
from tests.fixtures.shops import CutOff, FakeShop, sale
from workers.wiring import Wiring

LOOK_BACK = timedelta(minutes=10)


def usage(wiring: Wiring) -> list[tuple[Any, ...]]:
    with wiring.admin.transaction() as connection:
        return _usage(connection)


def _usage(connection: Connection) -> list[tuple[Any, ...]]:
    found = connection.execute("SELECT tenant_id, integrations_synced FROM public.usage_metrics")
    return [tuple(row.values()) for row in found]


def test_a_pull_brings_orders_products_stock_and_costs(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    result = pull(unit_of_work_of(acme), two_pages())
    assert result == PullResult(2, 2, 4, 4, 0, backfilled=False)
    assert totals(wiring, acme) == SalesTotals(2, 5, Decimal("50.00"), DAY, DAY + timedelta(days=1))
    assert rows(wiring, acme, "SELECT sku, unit_cost::text FROM products ORDER BY sku") == [
        ("MUG", "4.00"),
        ("TEA", None),
    ]
    assert rows(
        wiring, acme, "SELECT location, quantity_on_hand, quantity_available FROM inventory"
    ) == [
        ("warehouse_uk", 10, 9),
        ("warehouse_uk", 10, 9),
    ]
    assert totals(wiring, globex).orders == 0


def test_a_second_pull_changes_no_row(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    pull(unit_of_work_of(acme), two_pages())
    before = rows(
        wiring,
        acme,
        "SELECT xmin::text, id FROM sales UNION ALL SELECT xmin::text, id FROM products",
    )
    again = pull(unit_of_work_of(acme), two_pages(), NOW + timedelta(hours=1))
    assert (again.products_changed, again.lines_changed) == (0, 0)
    assert (
        rows(
            wiring,
            acme,
            "SELECT xmin::text, id FROM sales UNION ALL SELECT xmin::text, id FROM products",
        )
        == before
    )


def test_a_run_that_is_cut_off_goes_on_at_its_page_with_the_same_window(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    shop = two_pages()
    shop.cut_off_at = 1
    with pytest.raises(CutOff):
        pull(unit_of_work_of(acme), shop)
    assert totals(wiring, acme).orders == 1
    shop.cut_off_at = None
    pull(unit_of_work_of(acme), shop, NOW + timedelta(hours=1))
    later = NOW + timedelta(hours=1)
    # First what was cut off, then what came since.
    first = SyncWindow(Basis.UPDATED, BEFORE - LOOK_BACK, NOW)
    assert shop.windows == [
        (first, None),
        (first, "1"),
        (SyncWindow(Basis.UPDATED, NOW - LOOK_BACK, later), None),
    ]
    assert totals(wiring, acme).revenue == Decimal("50.00")


def test_a_cursor_that_the_vendor_forgot_begins_its_window_again(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    class Forgetful(FakeShop):
        def sale_pages(self, window: SyncWindow, cursor: str | None) -> Iterator[SalePage]:
            if cursor is not None:
                raise CursorExpired("vendor: the cursor is not known")
            return super().sale_pages(window, cursor)

    opener = unit_of_work_of(acme)
    shop = Forgetful([], two_pages().order_pages)
    shop.cut_off_at = 1
    with pytest.raises(CutOff):
        pull(opener, shop)
    shop.cut_off_at = None
    pull(opener, shop)
    assert totals(wiring, acme).revenue == Decimal("50.00")


def test_a_run_whose_cursor_another_run_has_moved_writes_nothing(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)

    class Raced(FakeShop):
        def sale_pages(self, window: SyncWindow, cursor: str | None) -> Iterator[SalePage]:
            if not self.windows:
                self.windows.append((window, cursor))
                pull(opener, FakeShop([], [[sale(9, "TEA", 1, DAY)]]))
            return super().sale_pages(window, cursor)

    with pytest.raises(StreamBusy):
        pull(opener, Raced([], [[sale(1, "MUG", 2, DAY)]]))
    assert rows(wiring, acme, "SELECT channel_order_id FROM sales") == [("9",)]


def test_a_run_whose_credential_was_stored_again_begins_again_before_it_reads(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    old = credential_of(opener)
    with opener() as work:
        work.credentials.store(old.id, "sealed again")
    with pytest.raises(Snooze, match="stored again"):
        SalesPull(opener, two_pages(), old, lambda *_: None).run(NOW)
    assert rows(wiring, acme, "SELECT count(*) FROM products") == [(0,)]


def test_the_cursor_stays_where_the_rows_are_not_kept(
    wiring: Wiring,
    acme: UUID,
    globex: UUID,
    unit_of_work_of: Opener,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the rows are not kept")

    monkeypatch.setattr(SaleRepository, "upsert", fail)
    with pytest.raises(RuntimeError, match="not kept"):
        pull(unit_of_work_of(acme), FakeShop([], [[sale(1, "MUG", 2, DAY)]]))
    monkeypatch.undo()
    assert position(unit_of_work_of(acme), "orders") == CONNECTED["orders"]
    assert rows(wiring, acme, "SELECT count(*) FROM sales") == [(0,)]
    assert usage(wiring) == []


def test_a_row_that_the_table_refuses_is_set_aside_and_the_others_are_written(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    good, late = sale(1, "MUG", 2, DAY), sale(3, "TEA", 1, DAY)
    broken = sale(2, "MUG", 2, DAY)._replace(currency="no currency")
    result = pull(unit_of_work_of(acme), FakeShop([], [[good, broken, late]]))
    assert (result.lines_changed, result.rejected) == (2, 1)
    assert rows(wiring, acme, "SELECT channel_order_id FROM sales ORDER BY 1") == [("1",), ("3",)]
    assert rows(wiring, acme, "SELECT record_key, field, reason FROM rejected_records") == [
        (f"2 {broken.channel_line_id}", "row", "value too long for type character varying(3)")
    ]


def test_a_record_set_aside_is_counted_once_and_seen_twice(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    shop = two_pages()
    shop.rejected = [RejectedRecord("gid://shopify/LineItem/9", "sku", "is missing")]
    assert pull(unit_of_work_of(acme), shop).rejected == 1
    pull(unit_of_work_of(acme), shop, NOW + timedelta(hours=1))
    assert rows(wiring, acme, "SELECT stream, field, reason, times_seen FROM rejected_records") == [
        ("orders", "sku", "is missing", 2)
    ]


def test_a_sync_is_counted_once_a_job_however_often_it_runs(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    job = JobLedger(wiring.dispatcher).place_here(JobOrder(acme, "sales.pull", {}, "test"))
    wiring.leases.start(job.as_lease(), "w")
    opener = wiring.unit_of_work(acme, lease=job.as_lease(), actor="test")
    pull(opener, two_pages())
    pull(opener, two_pages())
    assert usage(wiring) == [(acme, 1)]


def test_a_refused_credential_is_marked_for_its_owner(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    class Refused(FakeShop):
        def describe_shop(self) -> Shop:
            raise CredentialRejected("shopify: refused")

    with pytest.raises(CredentialRejected):
        pull(unit_of_work_of(acme), Refused([], [[]]))
    state = "SELECT last_sync_status, needs_reconnect FROM api_credentials"
    assert rows(wiring, acme, state) == [("FAILURE", True)]


def test_a_good_pull_needs_no_reconnecting_and_an_old_one_does_not_spoil_a_new_credential(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    old = credential_of(opener)
    state = "SELECT needs_reconnect FROM api_credentials"
    with opener() as work:
        work.credentials.mark_failed(old.id, NOW, reconnect=True, sealed=old.sealed)
    assert rows(wiring, acme, state) == [(True,)]
    SalesPull(opener, FakeShop([], [[]]), old, lambda *_: None).run(NOW)
    assert rows(wiring, acme, state) == [(False,)]
    with opener() as work:
        work.credentials.store(old.id, "another secret")
        work.credentials.mark_failed(old.id, NOW, reconnect=True, sealed=old.sealed)
    assert rows(wiring, acme, state) == [(False,)]
