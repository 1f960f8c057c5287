"""Where streams stand in the table: moved by compare and set, whole up to an instant, and read whoever wrote it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from shared.domain.credential import VendorAccount
from shared.domain.stream_positions import Backward, Done, Forward, Items, OpenWindow, Scan
from shared.errors import InvalidInput
from shared.persistence.unit_of_work import tenant_transaction
from tests.fixtures.shop_pulls import (
    BEFORE,
    DAY,
    NOW,
    Opener,
    backfill,
    credential_of,
    past,
    position,
    pull,
    rows,
    two_pages,
)
from tests.fixtures.shops import FakeShop, sale
from workers.wiring import Wiring

WHOLE = "SELECT stream, complete_until FROM sync_cursors WHERE stream LIKE 'orders%' ORDER BY 1"


def write_by_hand(wiring: Wiring, tenant_id: UUID, stream: str, kept: Any) -> None:
    """A person's edit of a position."""
    with tenant_transaction(wiring.database, tenant_id) as connection:
        written = connection.execute(
            "UPDATE sync_cursors SET position = %s WHERE stream = %s", (Jsonb(kept), stream)
        )
        assert written.rowcount == 1


def test_a_cursor_says_up_to_when_its_records_are_whole(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    pull(opener, two_pages())
    assert rows(wiring, acme, WHOLE) == [("orders", NOW), ("orders_backfill", None)]
    backfill(opener, two_pages())
    until = past(opener).until
    assert rows(wiring, acme, WHOLE) == [("orders", NOW), ("orders_backfill", until)]
    with opener() as work:
        identity, standing = credential_of(opener).id, past(opener)
        goes_on = Backward(standing.first - timedelta(days=1), standing.until)
        assert work.cursors.move(identity, "orders_backfill", standing, goes_on)
    assert rows(wiring, acme, WHOLE) == [("orders", NOW), ("orders_backfill", None)]
    assert rows(wiring, globex, WHOLE) == []


def test_an_open_window_is_not_whole_yet(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener, other = unit_of_work_of(acme), unit_of_work_of(globex)
    standing = Forward(BEFORE, window=OpenWindow(NOW, "page 2"))
    for each, place in ((opener, standing), (other, Forward(NOW))):
        with each() as work:
            assert work.cursors.move(credential_of(each).id, "orders", None, place)
    assert rows(wiring, acme, WHOLE) == [("orders", BEFORE)]
    assert rows(wiring, globex, WHOLE) == [("orders", NOW)]


def test_a_stream_moves_only_from_where_it_stands(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener, identity = unit_of_work_of(acme), credential_of(unit_of_work_of(acme)).id
    first, second = Forward(BEFORE, window=OpenWindow(NOW)), Forward(NOW)
    with opener() as work:
        assert not work.cursors.move(identity, "orders", first, second)
        assert work.cursors.move(identity, "orders", None, first)
        assert not work.cursors.move(identity, "orders", None, second)
        assert not work.cursors.move(identity, "orders", first.at_page("x"), second)
        assert work.cursors.move(identity, "orders", first, first.at_page("x"))
        assert work.cursors.move(identity, "orders", first.at_page("x"), second)
    assert position(opener, "orders") == second
    assert rows(wiring, globex, WHOLE) == []


def test_a_list_that_begins_again_from_nothing_stands_nowhere(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener, identity = unit_of_work_of(acme), credential_of(unit_of_work_of(acme)).id
    with opener() as work:
        assert work.cursors.move(identity, "invoices", None, Items())
        assert work.cursors.get(identity, "invoices", Items) is None
        assert work.cursors.move(identity, "invoices", Items(), Items(NOW))
        assert work.cursors.get(identity, "invoices", Items) == Items(NOW)


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ({"since": "2026-03-01T12:00:00Z", "note": "by Jo"}, Forward(BEFORE)),
        ({"since": "2026-03-01T12:00:00.000+00:00", "after": "lost"}, Forward(BEFORE)),
        (
            {"since": "2026-03-01T13:00:00+0100", "size_s": "86400.0"},
            Forward(
                datetime.fromisoformat("2026-03-01T13:00:00+01:00"), size=timedelta(seconds=86400)
            ),
        ),
    ],
)
def test_a_position_in_another_spelling_is_read_and_the_stream_goes_on(
    wiring: Wiring,
    acme: UUID,
    globex: UUID,
    unit_of_work_of: Opener,
    kept: dict[str, str],
    expected: Forward,
) -> None:
    opener, other = unit_of_work_of(acme), unit_of_work_of(globex)
    for each in (opener, other):
        pull(each, FakeShop([], [[]]))
    write_by_hand(wiring, acme, "orders", kept)
    assert position(opener, "orders") == expected
    assert rows(wiring, acme, WHOLE)[0] == ("orders", BEFORE)
    pull(opener, FakeShop([], [[sale(1, "MUG", 2, DAY)]]), NOW + timedelta(hours=1))
    assert rows(wiring, acme, WHOLE)[0] == ("orders", NOW + timedelta(hours=1))
    assert rows(wiring, globex, WHOLE)[0] == ("orders", NOW)


def test_a_cursor_of_the_first_release_begins_its_scan_again(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    pull(opener, two_pages())
    write_by_hand(wiring, acme, "products", {"after": "a cursor"})
    pull(opener, two_pages(), NOW + timedelta(days=1))
    with opener() as work:
        scan = work.cursors.get(credential_of(opener).id, "products", Scan)
    assert scan is not None
    assert (scan.day, scan.done) == (date(2026, 3, 3), NOW + timedelta(days=1))


def test_a_position_that_cannot_be_read_names_service_stream_and_fix_and_stops_no_other_stream(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener, other = unit_of_work_of(acme), unit_of_work_of(globex)
    for each in (opener, other):
        pull(each, FakeShop([], [[]]))
    write_by_hand(wiring, acme, "orders", {"since": "yesterday"})
    said = (
        "shopify_uk: the position of the stream orders in sync_cursors cannot be read: since: 'yesterday' is not "
        "an instant; correct it, or delete all rows of the credential there, and everything is read again"
    )
    with pytest.raises(InvalidInput) as caught:
        position(opener, "orders")
    assert caught.value.message == said
    later = NOW + timedelta(days=1)
    result = pull(opener, two_pages(), later)
    assert result.products_read == 2
    assert result.partial == [f"orders: {said}"]
    assert pull(other, two_pages(), later).partial == []
    # The fix that it names.
    rows(wiring, acme, "DELETE FROM sync_cursors RETURNING 1")
    assert pull(opener, two_pages(), later).partial == []
    found = position(opener, "orders")
    assert found is not None
    assert found.since == later


def test_an_account_is_kept_by_compare_and_set(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener, identity = unit_of_work_of(acme), credential_of(unit_of_work_of(acme)).id
    nameless = VendorAccount(None, "Europe/London", None)
    named = VendorAccount("1", "Europe/London", "GBP")
    with opener() as work:
        assert work.accounts.get(identity) is None
        assert not work.accounts.keep(identity, nameless, named)
        assert work.accounts.keep(identity, None, nameless)
        assert not work.accounts.keep(identity, None, named)
        assert not work.accounts.keep(identity, named, nameless)
        assert work.credentials.currencies() == {}
        assert work.accounts.keep(identity, nameless, named)
        assert work.accounts.get(identity) == named
        assert work.credentials.currencies() == {"shopify_uk": "GBP"}
    assert rows(wiring, globex, "SELECT credential_id FROM vendor_accounts") == []


def test_a_past_that_ended_early_in_the_middle_of_a_window_goes_on_when_asked_again(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    pull(opener, FakeShop([], [[]]))
    # As the release before left it: the cursor without its window.
    kept = {
        "from": datetime(2025, 3, 1, tzinfo=UTC).isoformat(),
        "until": BEFORE.isoformat(),
        "after": "1",
        "done": "scope missing",
    }
    write_by_hand(wiring, acme, "orders_backfill", kept)
    shop = two_pages()
    assert backfill(opener, shop, again=True).lines_read > 0
    assert shop.windows[0][1] is None
    assert past(opener).done is Done.WHOLE
