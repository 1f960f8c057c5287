"""An Amazon account through every layer: sales, refunds, fees and stock end equal to the ledger."""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from starlette.applications import Starlette

from sandbox.amazon.account import SellerAccount
from sandbox.amazon.account_ledger import Key, Ledger, Site, Total, Writer
from sandbox.amazon.api import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, AmazonSandbox
from sandbox.amazon.clock import SandboxClock
from shared.connectors.amazon.connector import TRAITS
from shared.errors import CredentialRejected, InvalidInput
from shared.use_cases.reconcile_fees import reconcile_fees
from tests.fixtures.amazon import Stage, serve
from tests.fixtures.shop_scene import Killer, ShopScene
from workers.vendors import amazon
from workers.vendors.services import open_shop
from workers.wiring import Wiring

pytestmark = pytest.mark.usefixtures("quick_retries")

UK = "amazon_uk"
SECRET = {
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "refresh_token": REFRESH_TOKEN,
    "marketplace": UK,
}
# The first connects the account; the last is past every late fee and every refund.
NIGHTS = tuple(
    datetime(2026, month, day, 3, tzinfo=UTC)
    for month, day in ((9, 15), (10, 10), (11, 20), (12, 5))
)
FAULTS = (
    "server_error",
    "html_body",
    "truncated_json",
    "too_many",
    "drop_connection",
    "duplicate_across_pages",
    "report_fatal",
    "document_truncated",
    "empty_page_with_token",
)

TOTALS = """
SELECT s.channel, s.sale_date, p.sku, sum(quantity)::int AS units, sum(total_amount) AS revenue,
       sum(tax_amount) AS tax, sum(shipping_amount) AS shipping
FROM sales s LEFT JOIN products p ON p.id = s.product_id GROUP BY s.channel, s.sale_date, p.sku
"""


@pytest.fixture(autouse=True)
def short_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox's sellers began this month: two years of empty reports would only take time."""
    traits = replace(TRAITS, history=timedelta(days=45))
    monkeypatch.setattr("shared.connectors.amazon.connector.TRAITS", traits)


@pytest.fixture(scope="module")
def stages() -> Iterator[tuple[Stage, Stage]]:
    with ExitStack() as stack:
        yield stack.enter_context(serve()), stack.enter_context(serve())


class Account:
    """A seller's account behind a stage, and a tenant that has connected it."""

    def __init__(
        self, wiring: Wiring, tenant: UUID, stage: Stage, ledger: Ledger, **secret: str
    ) -> None:
        self.sandbox = AmazonSandbox(ledger, SandboxClock(NIGHTS[0]))
        stage.app = Starlette(routes=self.sandbox.routes)
        # The sandbox keeps its limits by its own clock, which these tests move.
        self.scene = ShopScene.build(wiring, tenant, stage.url, redis_url=None)
        self.scene.connect(UK, {**SECRET, **secret})

    def live(self, night: datetime) -> int:
        """It is that night: pulls and backfills; returns how many attempts did not succeed."""
        clock = self.sandbox.clock
        clock.instant = max(clock.instant, night)
        return self.scene.pull_until_done([UK], clock.instant, clock.advance)

    def totals(self) -> dict[Key, Total]:
        """What the tables add up to, in the form of the ledger's truth."""
        rows = self.scene.rows(TOTALS)
        found = {(str(row[0]), row[1], row[2]): Total(*row[3:]) for row in rows}  # type: ignore[arg-type]
        return {key: total for key, total in found.items() if total != Total()}  # type: ignore[misc]


def shared_by_estimate(account: SellerAccount) -> set[str]:
    """Orders of which the fees stand in one sum for several SKUs: their shares stay marked."""
    return {
        order.order_id
        for _, order in account.orders()
        if order.is_summed and len({item.article.sku for item in order.items}) > 1
    }


def ledger(seed: int, orders: int) -> Ledger:
    return Writer(seed, orders, datetime(2026, 9, 1, tzinfo=UTC), 40, summed_every=7).write()


def test_after_faults_and_kills_the_tables_equal_the_ledger(
    wiring: Wiring,
    acme: UUID,
    globex: UUID,
    stages: tuple[Stage, Stage],
) -> None:
    dice, killer = random.Random(3), Killer(4, odds=0.15)
    ours = Account(wiring, acme, stages[0], ledger(7, 90))
    theirs = Account(wiring, globex, stages[1], ledger(8, 20))
    ours.scene = replace(ours.scene, report=killer)
    failed = 0
    for night in NIGHTS:
        for fault in FAULTS:
            ours.sandbox.faults.order(fault, after=dice.randint(0, 5))
        failed += ours.live(night)
    for night in (NIGHTS[0], NIGHTS[-1]):
        theirs.live(night)
    for account in (ours, theirs):
        end, books = account.sandbox.clock.now(), account.sandbox.ledger
        assert account.totals() == books.truth(end)
        expected = books.fees_truth(end)
        taken = account.scene.commissions(shared_by_estimate(account.sandbox.account))
        assert {order: taken[order] for order in expected} == expected
    assert killer.kills > 5
    assert failed > killer.kills
    assert ours.sandbox.faults.struck > 15
    assert len(ours.totals()) > 60


GERMANY = Site(
    "amazon_de", "A1PA6795UKMFR9", "Amazon.de", "DE", "EUR", "Europe/Berlin", Decimal("0.19"),
    reports_tax=False, prefix="302",
)  # fmt: skip
FRANCE = Site(
    "amazon_fr", "A13V1IB3VIYZZH", "Amazon.fr", "FR", "EUR", "Europe/Paris", Decimal("0.20"), prefix="171",
)  # fmt: skip
# Nobody can connect it.
NETHERLANDS = Site(
    "amazon_nl", "A1805IZSGTT6HS", "Amazon.nl", "NL", "EUR", "Europe/Amsterdam", Decimal("0.21"), prefix="028",
)  # fmt: skip


def site_ledger(site: Site, seed: int, orders: int = 40) -> Ledger:
    first = datetime(2026, 9, 1, tzinfo=UTC)
    return Writer(seed, orders, first, 40, site=site, summed_every=9).write()


def test_several_sites_of_one_account_each_equal_their_own_ledger(
    wiring: Wiring, acme: UUID, globex: UUID, stages: tuple[Stage, Stage]
) -> None:
    """With faults on and kills in the middle; a site that nobody connected sells on the same pages."""
    dice, killer = random.Random(5), Killer(6, odds=0.15)
    ours = Account(wiring, acme, stages[0], ledger(7, 40))
    others = [site_ledger(site, seed) for seed, site in enumerate((GERMANY, FRANCE, NETHERLANDS))]
    account = SellerAccount((ours.sandbox.ledger, *others), language="de")
    ours.sandbox.open_account(account)
    theirs = Account(wiring, globex, stages[1], ledger(8, 20))
    for channel in ("amazon_de", "amazon_fr"):
        ours.scene.connect(
            channel, {name: each for name, each in SECRET.items() if name != "marketplace"}
        )
    ours.scene = replace(ours.scene, report=killer)
    asked = ours.sandbox.buckets.taken
    for night in NIGHTS:
        for fault in FAULTS:
            ours.sandbox.faults.order(fault, after=dice.randint(0, 5))
        ours.live(night)
    for night in (NIGHTS[0], NIGHTS[-1]):
        theirs.live(night)
    end = ours.sandbox.clock.now()
    expected: dict[Key, Total] = {}
    for each in (ours.sandbox.ledger, *others[:2]):
        expected |= each.truth(end)
    assert ours.totals() == expected
    assert theirs.totals() == theirs.sandbox.ledger.truth(theirs.sandbox.clock.now())
    taken = ours.scene.commissions(shared_by_estimate(account))
    for each in (ours.sandbox.ledger, *others[:2]):
        fees = each.fees_truth(end)
        assert {order: taken[order] for order in fees} == fees
    assert killer.kills > 5
    # Taxes that are not reported are marked, and no others.
    marked = "SELECT DISTINCT channel FROM sales WHERE tax_estimated"
    assert ours.scene.rows(marked) == [("amazon_de",)]
    # Three sites ask no more often than one: a report a window.
    assert asked["createReport"] < 40
    before = ours.scene.rows("SELECT count(*), max(updated_at) FROM sales")
    ours.scene = replace(ours.scene, report=lambda *_: None)
    ours.live(end)
    assert ours.scene.rows("SELECT count(*), max(updated_at) FROM sales") == before


def test_a_settlement_of_several_sites_is_held_against_its_own_site(
    wiring: Wiring, acme: UUID, globex: UUID, stages: tuple[Stage, Stage]
) -> None:
    account = Account(wiring, acme, stages[0], ledger(13, 30))
    german = site_ledger(GERMANY, 3, 30)
    account.sandbox.open_account(SellerAccount((account.sandbox.ledger, german)))
    account.live(NIGHTS[0])
    account.live(NIGHTS[-1])
    scene, end = account.scene, account.sandbox.clock.now()
    account.sandbox.desk.settle(end - timedelta(days=85), end)
    with scene.opener() as work:
        stored = work.credentials.get(UK)
    room = scene.wiring.vendor_room(acme, scene.opener, lambda: None)
    with open_shop(room, stored) as shop:
        result = reconcile_fees(scene.opener, shop, stored, scene.report, end)
    british = {order.order_id for order in account.sandbox.ledger.orders if order.posted_at}
    assert 0 < result.orders <= len(british)
    given_back = sum(bool(order.refunds) for order in account.sandbox.ledger.orders)
    assert result.differing <= given_back


def test_a_fee_that_comes_twenty_days_later_corrects_the_right_rows(
    wiring: Wiring, acme: UUID, globex: UUID, stages: tuple[Stage, Stage]
) -> None:
    account = Account(wiring, acme, stages[0], ledger(9, 60))
    account.live(NIGHTS[0])
    late = next(
        order
        for order in account.sandbox.ledger.orders
        if order.posted_at is not None
        and order.posted_at > NIGHTS[0] > order.priced_at
        and len(order.items) == 1
    )
    query = (
        "SELECT commission_amount, net_revenue = total_amount - commission_amount, fee_estimated "
        f"FROM sales WHERE channel_order_id = '{late.order_id}' AND quantity > 0"
    )
    (before,) = account.scene.rows(query)
    assert before[1:] == (True, True)
    account.live(NIGHTS[-1])
    (after,) = account.scene.rows(query)
    expected = account.sandbox.ledger.fees_truth(NIGHTS[-1])[late.order_id]
    assert after == (expected, True, False)
    assert before[0] != after[0]


def test_fees_are_held_against_the_settlements(
    wiring: Wiring, acme: UUID, globex: UUID, stages: tuple[Stage, Stage]
) -> None:
    account = Account(wiring, acme, stages[0], ledger(13, 60))
    account.live(NIGHTS[0])
    account.live(NIGHTS[-1])
    scene, end = account.scene, account.sandbox.clock.now()
    account.sandbox.desk.settle(end - timedelta(days=85), end)
    with scene.opener() as work:
        stored = work.credentials.get(UK)
    room = scene.wiring.vendor_room(acme, scene.opener, lambda: None)
    with open_shop(room, stored) as shop:
        result = reconcile_fees(scene.opener, shop, stored, scene.report, end)
    assert (result.settlements, result.rejected) == (1, 0)
    assert result.orders > 30
    # The stand-in settles no refunds: what differs are orders of which something was given back.
    given_back = sum(bool(order.refunds) for order in account.sandbox.ledger.orders)
    assert 0 < result.differing <= given_back
    with scene.wiring.admin.transaction() as connection:
        audited = connection.execute(
            "SELECT count(*) AS n FROM public.audit_logs WHERE action = 'fees.reconciled'"
        ).fetchone()
    assert audited == {"n": 1}


def test_stock_and_names_are_those_of_the_account(
    wiring: Wiring, acme: UUID, globex: UUID, stages: tuple[Stage, Stage]
) -> None:
    account = Account(wiring, acme, stages[0], ledger(10, 20))
    account.live(NIGHTS[0])
    stocked = [article for article in account.sandbox.ledger.articles if not article.is_digital]
    found = account.scene.rows(
        "SELECT sku, name, location, quantity_on_hand, quantity_reserved "
        "FROM inventory JOIN products p ON p.id = product_id ORDER BY sku"
    )
    assert found == [
        (each.sku, each.name, "fba_uk", each.fulfillable + each.reserved, each.reserved)
        for each in stocked
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"client_secret": "an-expired-one"}, "rotate it in the developer console"),
        ({"refresh_token": "a-revoked-one"}, "connect the account again"),
    ],
)
def test_a_login_that_is_refused_asks_its_owner_for_what_must_be_done(
    wiring: Wiring,
    acme: UUID,
    globex: UUID,
    stages: tuple[Stage, Stage],
    change: dict[str, str],
    words: str,
) -> None:
    account = Account(wiring, acme, stages[0], ledger(11, 5), **change)
    with pytest.raises(CredentialRejected, match=words) as caught:
        account.scene.pull(UK, NIGHTS[0])
    assert "-one" not in str(caught.value)
    state = account.scene.rows("SELECT last_sync_status, needs_reconnect FROM api_credentials")
    assert state == [("FAILURE", True)]


def test_an_account_that_does_not_sell_there_reads_where_it_does(
    wiring: Wiring, acme: UUID, globex: UUID, stages: tuple[Stage, Stage]
) -> None:
    account = Account(wiring, acme, stages[0], ledger(12, 5))
    secret = {name: value for name, value in SECRET.items() if name != "marketplace"}
    account.scene.connect("amazon_de", secret)
    with pytest.raises(InvalidInput, match=r"does not sell as amazon_de \(it does as amazon_uk\)"):
        account.scene.pull("amazon_de", NIGHTS[0])
    with pytest.raises(InvalidInput, match="marketplace: the credential is for amazon_uk"):
        amazon.check("amazon_de", SECRET)
