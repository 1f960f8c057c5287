"""What a shop may throw at us: each ends in a clear outcome, and the rest goes in."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from starlette.applications import Starlette

from sandbox.app import ledger_shop
from sandbox.shop_events import OrderPlaced
from sandbox.shop_ledger import Ledger
from sandbox.truth import count_stock, count_truth
from shared.connectors.shopify.credential import ShopifyCredential
from shared.errors import CredentialRejected, InvalidInput, ScopeMissing
from shared.persistence.tenants.registry import set_counted_copies
from tests.fixtures.sandbox import SandboxClient
from tests.fixtures.served_shop import ledger_of
from tests.fixtures.shop_scene import ShopScene
from workers.vendors import shopify
from workers.wiring import Wiring

DOMAIN = "uk-5.myshopify.com"
NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
UK = "shopify_uk"


@pytest.fixture
def ledger() -> Ledger:
    return ledger_of(5, UK, 40, NOW)


@pytest.fixture
def scene(wiring: Wiring, acme: UUID, globex: UUID, shop: SandboxClient) -> ShopScene:
    """The shop, connected by a token that does not expire."""
    scene = ShopScene.build(wiring, acme, shop.url)
    scene.connect(UK, {"shop_domain": DOMAIN, "access_token": shop.token})
    return scene


def audited(scene: ShopScene) -> set[str]:
    query = "SELECT action FROM public.audit_logs WHERE tenant_id = %s"
    with scene.wiring.admin.transaction() as connection:
        return {row["action"] for row in connection.execute(query, (scene.tenant_id,))}


def state(scene: ShopScene) -> list[tuple[object, ...]]:
    return scene.rows("SELECT last_sync_status, needs_reconnect FROM api_credentials")


def test_a_revoked_token_asks_the_owner_to_connect_again(
    scene: ShopScene, shop: SandboxClient
) -> None:
    shop.set(revoke=True)
    with pytest.raises(CredentialRejected, match="connect the account again") as caught:
        scene.pull(UK, NOW)
    assert shop.token not in str(caught.value)
    assert state(scene) == [("FAILURE", True)]


def test_a_refresh_token_that_is_no_good_any_more_asks_the_owner_to_connect_again(
    scene: ShopScene, shop: SandboxClient
) -> None:
    app = {"client_id": "sandbox-app", "client_secret": "sandbox-secret"}
    scene.connect(UK, {"shop_domain": DOMAIN, "refresh_token": "an-old-one", **app})
    with pytest.raises(CredentialRejected, match="invalid_grant"):
        scene.pull(UK, NOW)
    assert state(scene) == [("FAILURE", True)]
    assert "credential.reconnect_needed" in audited(scene)


def test_a_token_that_expires_is_renewed_and_kept_for_the_next_run(
    scene: ShopScene, shop: SandboxClient
) -> None:
    app = {"client_id": "sandbox-app", "client_secret": "sandbox-secret"}
    scene.connect(UK, {"shop_domain": DOMAIN, "refresh_token": f"refresh-{DOMAIN}", **app})
    scene.pull(UK, NOW)
    scene.backfill(UK)
    # An hour ago its token was given an hour to live.
    shop.set(advance_tokens_s=4000)
    scene.pull(UK, NOW)
    assert shop.state()["shops"][DOMAIN]["token_rotations"] == 2


def test_another_shop_under_the_same_name_is_refused_before_anything_mixes(
    scene: ShopScene, shop: SandboxClient, served: tuple[Starlette, str]
) -> None:
    scene.pull(UK, NOW)
    before = scene.rows("SELECT sku FROM products ORDER BY sku"), scene.figures()
    app, _ = served
    app.state.reception.open(ledger_shop("other-5.myshopify.com", ledger_of(6, UK, 10, NOW)))
    other = {"shop_domain": "other-5.myshopify.com", "access_token": "token-other-5.myshopify.com"}
    scene.connect(UK, other)
    for attempt in (lambda: scene.pull(UK, NOW), lambda: scene.backfill(UK)):
        with pytest.raises(InvalidInput, match="shopify_uk: the credential opens another account"):
            attempt()
    assert (scene.rows("SELECT sku FROM products ORDER BY sku"), scene.figures()) == before
    scene.connect(UK, {"shop_domain": DOMAIN, "access_token": shop.token})
    scene.pull(UK, NOW)


def test_a_refused_login_warns_its_owner_once_and_names_the_service(
    scene: ShopScene, shop: SandboxClient
) -> None:
    shop.set(revoke=True)
    for _ in range(2):
        with pytest.raises(CredentialRejected):
            scene.pull(UK, NOW)
    query = (
        "SELECT changes FROM public.audit_logs "
        "WHERE action = 'credential.reconnect_needed' AND severity = 'WARNING'"
    )
    with scene.wiring.admin.transaction() as connection:
        warnings = [row["changes"] for row in connection.execute(query)]
    assert warnings == [{"service_name": UK}]


def test_the_stock_of_a_day_to_come_is_not_asked_for(scene: ShopScene) -> None:
    with pytest.raises(InvalidInput, match="as_of: 2026-11-21 is still to come"):
        scene.pull(UK, NOW, date(2026, 11, 21))
    assert scene.stock() == {}


def test_a_shop_that_does_not_exist_is_named_as_the_field_to_fix(scene: ShopScene) -> None:
    scene.connect(UK, {"shop_domain": "gone.myshopify.com", "access_token": "x"})
    with pytest.raises(InvalidInput, match="shop_domain: Shopify knows no such shop"):
        scene.pull(UK, NOW)


FOREIGN = (
    "evil.example.com",
    "169.254.169.254",
    "localhost",
    "a.myshopify.com.evil.example.com",
    "evil.example.com/.myshopify.com",
    "user@evil.example.com#.myshopify.com",
    "a.myshopify.com:8080",
    "A.MYSHOPIFY.COM\n",
    "",
)


def test_no_request_leaves_for_a_domain_that_is_not_shopifys(
    scene: ShopScene, shop: SandboxClient
) -> None:
    seen = shop.state()["shops"][DOMAIN]["requests"]
    for domain in FOREIGN:
        with pytest.raises(InvalidInput, match="shop_domain"):
            ShopifyCredential.parse({"shop_domain": domain, "access_token": "x"})
        # Also one that was stored by somebody else's code.
        scene.connect(UK, {"shop_domain": domain, "access_token": "x"})
        with pytest.raises(InvalidInput, match="shop_domain"):
            scene.pull(UK, NOW)
    assert shop.state()["shops"][DOMAIN]["requests"] == seen


@pytest.mark.parametrize(
    ("secret", "field"),
    [
        ({"access_token": ""}, "access_token"),
        ({"access_token": "two words"}, "access_token"),
        ({"client_id": "a"}, "client_secret"),
        ({"client_id": "a", "client_secret": "b"}, "refresh_token"),
        ({"access_token": "x", "refresh_token": "y"}, "client_id"),
        ({"access_token": "x", "colour": "blue"}, "colour"),
    ],
)
def test_a_credential_names_its_field_and_shows_no_secret(
    secret: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidInput, match=field) as caught:
        shopify.check(UK, {"shop_domain": DOMAIN, **secret})
    assert "two words" not in str(caught.value)


def test_without_the_scope_the_last_sixty_days_come_and_the_rest_is_reported(
    scene: ShopScene, shop: SandboxClient, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.persistence.server_clock.ServerClock.now", lambda _self: NOW)
    shop.set(scopes=["read_orders", "read_products"])
    scene.pull(UK, NOW)
    with pytest.raises(ScopeMissing, match="read_all_orders"):
        scene.backfill(UK)
    days = [key[1] for key in scene.figures()]
    assert min(days) >= date(2026, 9, 21)
    # Sixty days, and not a window less.
    edge = date(2026, 9, 22)
    # An older order is hidden with all that was added to it or given back since.
    young = [
        each.number for each in ledger.changes() if each.created_at >= NOW - timedelta(days=60)
    ]
    shown_events = [event for event in ledger.events if event.order in young]
    truth = count_truth(ledger.shop, shown_events, NOW).figures
    shown = {key: each for key, each in truth.items() if key[1] > edge}
    found = {key: each for key, each in scene.figures().items() if key[1] > edge}
    assert {key: each.units_sold for key, each in found.items()} == {
        key: each.units_sold for key, each in shown.items()
    }
    assert "backfill.ended_early" in audited(scene)


def test_a_line_of_a_bulk_file_that_is_not_json_is_set_aside(
    scene: ShopScene, shop: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.connectors.shopify.connector.PAGED_ORDERS", 0)
    monkeypatch.setattr("shared.connectors.shopify.bulk.POLL_S", 0.0)
    # Enough orders that the line in the middle is not the last, which would pass for a cut-off end.
    monkeypatch.setattr("shared.domain.window_steps.FIRST_SIZE", timedelta(days=180))
    shop.arm("bulk_malformed_line")
    scene.pull(UK, NOW)
    result = scene.backfill(UK)
    assert result.rejected == 1
    assert result.lines_read > 40
    (rejected,) = scene.rows(
        "SELECT stream, field, reason FROM rejected_records WHERE field = 'line'"
    )
    assert rejected == ("orders_backfill", "line", "is not a JSON object with an id")


@pytest.mark.parametrize("stream", ["products", "orders_backfill"])
def test_a_price_that_is_no_text_is_set_aside_and_the_rest_goes_in(
    scene: ShopScene, shop: SandboxClient, stream: str
) -> None:
    if stream == "products":
        shop.arm("price_as_number")
    assert scene.pull(UK, NOW).products_read > 10
    if stream != "products":
        shop.arm("price_as_number")
    assert scene.backfill(UK).lines_read > 100
    rejected = scene.rows(
        "SELECT stream, field, reason FROM rejected_records WHERE reason LIKE '%written as text'"
    )
    assert [row[0] for row in rejected] == [stream]


def copies(ledger: Ledger, marketplace: str) -> set[str]:
    placed = [event for event in ledger.events if isinstance(event, OrderPlaced)]
    return {str(event.order) for event in placed if event.marketplace == marketplace}


def test_copies_of_a_marketplace_count_where_the_owner_says_so_and_it_was_never_connected(
    scene: ShopScene, shop: SandboxClient, ledger: Ledger
) -> None:
    opens = {"shop_domain": DOMAIN, "access_token": shop.token}
    scene.connect(UK, opens)
    with scene.wiring.admin.transaction() as connection:
        set_counted_copies(connection, scene.tenant_id, ["amazon", "ebay"])
    scene.connect("amazon_uk", {"client_id": "a", "client_secret": "b", "refresh_token": "c"})
    scene.pull(UK, NOW)
    scene.backfill(UK)
    counted = {
        order for (order,) in scene.rows("SELECT channel_order_id FROM sales WHERE quantity > 0")
    }
    assert copies(ledger, "ebay") <= counted
    assert copies(ledger, "amazon").isdisjoint(counted)
    assert copies(ledger, "amazon") != set()


@pytest.mark.parametrize("paged", [1_000, 0], ids=["pages", "bulk"])
def test_the_stock_of_two_variants_of_one_sku_adds_up_wherever_they_stand(
    scene: ShopScene, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, paged: int
) -> None:
    monkeypatch.setattr("shared.connectors.shopify.connector.PAGED_VARIANTS", paged)
    monkeypatch.setattr("shared.connectors.shopify.bulk.POLL_S", 0.0)
    monkeypatch.setattr("shared.connectors.shopify.bulk.RECORDS_A_BUCKET", 1)
    scene.pull(UK, NOW)
    assert scene.stock() == count_stock(UK, ledger.articles)


def test_products_without_a_sku_are_set_aside_and_two_of_one_sku_are_one(
    scene: ShopScene, shop: SandboxClient
) -> None:
    scene.pull(UK, NOW)
    fields = scene.rows("SELECT DISTINCT field FROM rejected_records WHERE stream = 'products'")
    assert fields == [("sku",)]
    doubled = scene.rows("SELECT sku FROM products GROUP BY sku HAVING count(*) > 1")
    assert doubled == []
    names = " ".join(str(row[0]) for row in scene.rows("SELECT name FROM products"))
    assert any(ord(character) > 0xFFFF for character in names)
