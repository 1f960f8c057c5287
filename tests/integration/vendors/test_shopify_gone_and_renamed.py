"""Orders that a shop deletes stop counting, and SKUs that it renames keep their past: end to end, killed in between."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from starlette.applications import Starlette

from sandbox.app import ledger_shop
from sandbox.maker import make_ledger
from sandbox.shop_events import OrderDeleted
from sandbox.shop_ledger import Ledger
from sandbox.truth import count_stock
from shared.errors import InvalidInput, VendorUnavailable
from shared.use_cases.find_gone_orders import GoneResult, find_gone_orders
from tests.fixtures.sandbox import SandboxClient
from tests.fixtures.shop_scene import Killer, ShopScene, insist
from tests.fixtures.shops import FakeShop
from workers.vendors.services import open_shop
from workers.wiring import Wiring

pytestmark = pytest.mark.usefixtures("quick_retries")

UK, DOMAIN = "shopify_uk", "uk-9.myshopify.com"
NOW = datetime(2026, 6, 20, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=2)


@pytest.fixture
def ledger(served: tuple[Starlette, str]) -> Ledger:
    made = make_ledger(9, UK, orders=40, first_day=date(2026, 5, 1), last_day=date(2026, 6, 15))
    made.move_clock(NOW)
    served[0].state.reception.open(ledger_shop(DOMAIN, made))
    return made


@pytest.fixture
def scene(
    wiring: Wiring, acme: UUID, globex: UUID, served: tuple[Starlette, str], ledger: Ledger
) -> ShopScene:
    scene = ShopScene.build(wiring, acme, served[1])
    scene.connect(UK, {"shop_domain": DOMAIN, "access_token": f"token-{DOMAIN}"})
    scene.pull_until_done([UK], NOW)
    assert scene.figures() == ledger.truth().figures
    return scene


def find_gone(scene: ShopScene, *suspects: str) -> GoneResult:
    with scene.opener() as work:
        stored = work.credentials.get(UK)
    room = scene.wiring.vendor_room(scene.tenant_id, scene.opener, lambda: None)
    with open_shop(room, stored) as shop:
        return find_gone_orders(scene.opener, shop, stored, scene.report, suspects)


def counted(scene: ShopScene) -> list[str]:
    found = scene.rows(
        "SELECT DISTINCT channel_order_id FROM sales WHERE total_amount > 0 ORDER BY 1"
    )
    return [str(order) for (order,) in found]


def delete(ledger: Ledger, *orders: str) -> None:
    for order in orders:
        ledger.record(OrderDeleted(int(order), NOW + timedelta(hours=1)))
    ledger.move_clock(LATER)


def test_deleted_orders_stop_counting_whenever_the_comparison_is_killed(
    scene: ShopScene, ledger: Ledger, served: tuple[Starlette, str]
) -> None:
    orders = counted(scene)
    delete(ledger, *orders[::4])
    killer = Killer(3, odds=0.4)
    client = SandboxClient(served[1], DOMAIN)
    for number, fault in enumerate(("server_error", "truncated_json", "throttled")):
        client.arm(fault, after=number)
    killed = replace(scene, report=killer)
    found: list[GoneResult] = []
    insist(lambda: found.append(find_gone(killed)), lambda _s: None)
    assert found[-1].gone == len(orders[::4])
    assert found[-1].rows_voided > 0
    assert scene.figures() == ledger.truth().figures
    # Again it finds nothing that still counts.
    assert (find_gone(scene).gone, find_gone(scene).rows_voided) == (0, 0)
    # A pull that reads everything again brings none of them back.
    scene.pull_until_done([UK], LATER)
    assert scene.figures() == ledger.truth().figures
    gone = ", ".join(f"'{order}'" for order in orders[::4])
    taken = (
        "SELECT sum(commission_amount) AS taken, sum(tax_amount) AS tax "
        f"FROM sales WHERE channel_order_id IN ({gone})"
    )
    assert scene.rows(taken) == [(0, 0)]


def test_an_order_that_is_asked_for_and_there_goes_on_counting(
    scene: ShopScene, ledger: Ledger
) -> None:
    first, second = counted(scene)[:2]
    delete(ledger, first)
    assert find_gone(scene, second) == GoneResult(0, 0, 0)
    assert find_gone(scene, first).gone == 1
    assert first not in counted(scene)
    assert second in counted(scene)


def test_a_list_that_is_not_whole_is_not_believed(
    scene: ShopScene, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = counted(scene)
    monkeypatch.setattr(
        "shared.connectors.shopify.pages.Paging.order_ids", lambda _self: iter([[]])
    )
    with pytest.raises(VendorUnavailable, match="0 of"):
        find_gone(scene)
    assert counted(scene) == before


def test_a_deleted_order_is_said_in_the_audit_log_of_its_tenant_only(
    scene: ShopScene, ledger: Ledger, globex: UUID
) -> None:
    order = counted(scene)[0]
    delete(ledger, order)
    find_gone(scene)
    with scene.wiring.admin.transaction() as connection:
        entries = connection.execute(
            "SELECT tenant_id, changes FROM public.audit_logs WHERE action = 'orders.gone'"
        ).fetchall()
    assert [(row["tenant_id"], row["changes"]) for row in entries] == [
        (scene.tenant_id, {"orders": 1, "first": [order]})
    ]


def test_a_shop_that_never_deletes_is_not_compared(scene: ShopScene) -> None:
    with scene.opener() as work:
        stored = work.credentials.get(UK)
    with pytest.raises(InvalidInput, match="never deleted"):
        find_gone_orders(scene.opener, FakeShop([], []), stored, scene.report)


def test_renamed_skus_keep_their_past_and_stand_once(
    scene: ShopScene, ledger: Ledger, served: tuple[Starlette, str]
) -> None:
    dice, killer = random.Random(5), Killer(6, odds=0.3)
    for number, article in enumerate(ledger.articles[3:7]):
        ledger.rename(article.number, f"NEW-{number}")
    ledger.move_clock(LATER)
    client = SandboxClient(served[1], DOMAIN)
    for fault in ("server_error", "html_body", "drop_connection"):
        client.arm(fault, after=dice.randint(0, 4))
    replace(scene, report=killer).pull_until_done([UK], LATER)
    assert killer.kills > 0
    assert scene.figures() == ledger.truth().figures
    stock = {key: level for key, level in scene.stock().items() if level != (0, 0)}
    assert stock == {
        key: level for key, level in count_stock(UK, ledger.articles).items() if level != (0, 0)
    }
    before = scene.rows("SELECT id, sku, updated_at FROM products ORDER BY id")
    scene.pull_until_done([UK], LATER + timedelta(hours=3))
    assert scene.rows("SELECT id, sku, updated_at FROM products ORDER BY id") == before
