"""Whatever happens on the way, the tables end equal to what was sold: to the penny, by channel, day and SKU."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from starlette.applications import Starlette

from sandbox.app import ledger_shop
from sandbox.maker import make_ledger
from sandbox.shop_events import OrderPlaced
from sandbox.truth import Stock, count_stock
from tests.fixtures.sandbox import SandboxClient
from tests.fixtures.shop_scene import Killer, ShopScene, join_truths
from workers.wiring import Wiring

CHANNELS = ("shopify_uk", "shopify_eu", "shopify_usa")
FIRST_DAY, LAST_DAY = date(2026, 3, 20), date(2026, 11, 10)
# Each instant is a night: the first connects the shops, the last are past every late fee.
NIGHTS = (
    datetime(2026, 6, 1, 2, tzinfo=UTC),
    datetime(2026, 11, 12, 2, tzinfo=UTC),
    datetime(2026, 12, 20, 2, tzinfo=UTC),
)
# What changed while the last of them was read.
MORNING = datetime(2026, 12, 21, 2, tzinfo=UTC)


class Town:
    """Three shops of one seed, their ledgers and their controls."""

    def __init__(self, app: Starlette, url: str, seed: int, orders: int) -> None:
        self.ledgers = {
            channel: make_ledger(
                seed, channel, orders=orders, first_day=FIRST_DAY, last_day=LAST_DAY
            )
            for channel in CHANNELS
        }
        self.shops = {channel: SandboxClient(url, domain(channel, seed)) for channel in CHANNELS}
        for channel, ledger in self.ledgers.items():
            app.state.reception.open(ledger_shop(domain(channel, seed), ledger))

    def move_clock(self, to: datetime) -> None:
        """It is that instant in all three shops."""
        for ledger in self.ledgers.values():
            ledger.move_clock(to)

    def secret(self, channel: str) -> dict[str, str]:
        """A credential whose tokens expire."""
        name = self.shops[channel].domain
        app = {"client_id": "sandbox-app", "client_secret": "sandbox-secret"}
        return {"shop_domain": name, "refresh_token": f"refresh-{name}", **app}


def domain(channel: str, seed: int) -> str:
    return f"{channel.removeprefix('shopify_')}-{seed}.myshopify.com"


FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("server_error", {"seconds": 0.1}),
    ("html_body", {}),
    ("truncated_json", {}),
    ("throttled", {}),
    ("too_many", {"seconds": 0.1}),
    ("drop_connection", {}),
    ("slow_drip", {"seconds": 0.1}),
    ("duplicate_across_pages", {}),
    ("change_mid_sync", {}),
)
BULK_FAULTS = ("bulk_truncated", "bulk_short", "bulk_failed_timeout", "bulk_failed_internal")


def arm(town: Town, dice: random.Random) -> None:
    for shop in town.shops.values():
        for fault, options in FAULTS:
            shop.arm(fault, after=dice.randint(0, 12), **options)
        for fault in BULK_FAULTS:
            shop.arm(fault, after=dice.randint(0, 1))
        shop.arm("lose_answer_after_rotation")
        shop.set(bulk_order=dice.choice(("shuffled", "grouped")), advance_tokens_s=4000)


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize("by_bulk", [False, True], ids=["pages", "bulk"])
def test_after_faults_and_kills_the_tables_equal_the_ledger(
    wiring: Wiring,
    acme: UUID,
    globex: UUID,
    served: tuple[Starlette, str],
    monkeypatch: pytest.MonkeyPatch,
    by_bulk: bool,
) -> None:
    if by_bulk:
        monkeypatch.setattr("shared.connectors.shopify.connector.PAGED_ORDERS", 0)
    monkeypatch.setattr("shared.connectors.shopify.bulk.RECORDS_A_BUCKET", 7)
    monkeypatch.setattr("shared.connectors.shopify.bulk.POLL_S", 0.0)
    app, url = served
    dice = random.Random(1 + by_bulk)
    ours, theirs = Town(app, url, 11 + by_bulk, 34), Town(app, url, 21 + by_bulk, 20)
    scene = ShopScene.build(wiring, acme, url)
    neighbour = ShopScene.build(wiring, globex, url)
    killer = Killer(5, odds=0.2)
    scene = replace(scene, report=killer)
    for channel in CHANNELS:
        scene.connect(channel, ours.secret(channel))
        neighbour.connect(channel, theirs.secret(channel))
    failed = 0
    for night in NIGHTS:
        ours.move_clock(night)
        theirs.move_clock(night)
        arm(ours, dice)
        failed += scene.pull_until_done(CHANNELS, night)
    ours.move_clock(MORNING)
    scene.pull_until_done(CHANNELS, MORNING)
    for night in (NIGHTS[0], NIGHTS[-1]):
        theirs.move_clock(night)
        neighbour.pull_until_done(CHANNELS, night)
    for tenant, town in ((scene, ours), (neighbour, theirs)):
        truth = join_truths(list(town.ledgers.values()))
        assert tenant.figures() == truth.figures
        found = tenant.commissions()
        assert {order: found[order] for order in truth.commissions} == truth.commissions
        stock: Stock = {}
        for channel, ledger in town.ledgers.items():
            stock |= count_stock(channel, ledger.articles)
        assert tenant.stock() == stock
    # The test has tested what it says.
    fired = ours.shops["shopify_uk"].state()["faults_fired"]
    assert killer.kills > 10
    assert failed > killer.kills
    assert {name for name, _ in FAULTS} | {"lose_answer_after_rotation"} <= set(fired)
    assert not by_bulk or set(BULK_FAULTS) <= set(fired)
    assert len(scene.figures()) > 150
    places = {location for _, location in scene.stock()}
    assert {f"{channel}: Main warehouse" for channel in CHANNELS} <= places
    placed = {
        event.order: event
        for ledger in ours.ledgers.values()
        for event in ledger.events
        if isinstance(event, OrderPlaced)
    }
    assert {event.marketplace for event in placed.values()} == {None, "amazon", "ebay"}
    copies = [str(order) for order, event in placed.items() if event.marketplace]
    known = scene.rows("SELECT DISTINCT channel_order_id FROM sales")
    assert {order for (order,) in known}.isdisjoint(copies)
    assert min(day for _, day, _ in scene.figures()) < FIRST_DAY
    assert scene.rows("SELECT count(*) FROM rejected_records WHERE stream <> 'products'") == [(0,)]


def test_a_replay_of_everything_changes_no_row(
    wiring: Wiring, acme: UUID, globex: UUID, served: tuple[Starlette, str]
) -> None:
    app, url = served
    town = Town(app, url, 31, 20)
    town.move_clock(NIGHTS[-1])
    for tenant in (acme, globex):
        scene = ShopScene.build(wiring, tenant, url)
        scene.connect("shopify_uk", town.secret("shopify_uk"))
        scene.pull_until_done(["shopify_uk"], NIGHTS[-1])
        before = sorted(scene.rows("SELECT xmin::text, id::text FROM sales"))
        forget = (
            "UPDATE sync_cursors SET position = position || jsonb_build_object('since', %s::text) "
            "WHERE position ? 'since'"
        )
        with scene.opener() as work:
            work.sales._connection.execute(forget, ((NIGHTS[0] - timedelta(days=90)).isoformat(),))  # type: ignore[attr-defined]
        result = scene.pull("shopify_uk", NIGHTS[-1])
        assert result.lines_read > 30
        assert result.lines_changed == 0
        assert sorted(scene.rows("SELECT xmin::text, id::text FROM sales")) == before
