"""What real Amazon accounts send, and what is right: through the connector, the use cases and the tables."""

import json
import os
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.domain.stream_positions import Forward
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from tests.fixtures.amazon_answers import (
    NOW,
    AmazonAnswers,
    AmazonScene,
    order_report,
    order_row,
)
from tests.fixtures.shop_pulls import Opener
from workers.wiring import Wiring

CASES = (
    Path(os.environ.get("CAPLIQUIFY_SHARED", Path(__file__).parents[4] / "shared"))
    / "cases/vendors"
)
LEVELS = (
    "SELECT sku, quantity_on_hand FROM inventory JOIN products p ON p.id = product_id ORDER BY 1"
)
SALES = (
    "SELECT channel, channel_order_id, total_amount, tax_amount, currency, tax_estimated "
    "FROM sales ORDER BY channel, channel_order_id, channel_line_id"
)
FOUR_SITES = ("amazon_de", "amazon_es", "amazon_fr", "amazon_uk")


@pytest.fixture
def scene(wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener) -> AmazonScene:
    return AmazonScene(wiring, acme, unit_of_work_of(acme))


def case(name: str) -> str:
    path = CASES / name
    if not path.exists():
        pytest.skip(
            "the reported inputs lie outside the project; CAPLIQUIFY_SHARED names their folder"
        )
    return path.read_text(encoding="utf-8")


def four_sites() -> str:
    return order_report(
        order_row("302-1", "Amazon.de", "EUR", "11.90", "1.90"),
        order_row("171-2", "Amazon.fr", "EUR", "24.00", "4.00"),
        order_row("205-3", "Amazon.co.uk", "GBP", "60.00", "10.00"),
        order_row("404-4", "Amazon.es", "EUR", "12.10", "2.10"),
        order_row("028-5", "Amazon.nl", "EUR", "99.00", "9.00"),
        order_row("S01-6", "Non-Amazon", "EUR", "5.00", "1.00"),
    )


EACH_ITS_OWN = [
    ("amazon_de", "302-1", Decimal("10.00"), Decimal("1.90"), "EUR", False),
    ("amazon_es", "404-4", Decimal("10.00"), Decimal("2.10"), "EUR", False),
    ("amazon_fr", "171-2", Decimal("20.00"), Decimal("4.00"), "EUR", False),
    ("amazon_uk", "205-3", Decimal("50.00"), Decimal("10.00"), "GBP", False),
]


def test_each_site_of_an_account_keeps_its_own_orders(scene: AmazonScene) -> None:
    answers = AmazonAnswers(orders=four_sites(), sites=FOUR_SITES)
    scene.pull(answers, *FOUR_SITES)
    assert scene.rows(SALES) == EACH_ITS_OWN
    asked = [call for call in answers.asked if call.method == "POST"]
    reports = [str((call.json or {})["reportType"]) for call in asked]
    # One report of listings a site; the orders of all sites stand in one report a window.
    assert reports.count("GET_MERCHANT_LISTINGS_ALL_DATA") == 4
    assert len(reports) - 4 == 25
    scene.pull(answers, *FOUR_SITES)
    assert scene.rows(SALES) == EACH_ITS_OWN


def test_a_site_that_nobody_connected_counts_nowhere(scene: AmazonScene) -> None:
    result = scene.pull(AmazonAnswers(orders=four_sites(), sites=FOUR_SITES), "amazon_uk")
    assert result.rejected == 0
    assert scene.rows(SALES) == EACH_ITS_OWN[3:]


def test_a_site_that_joins_later_gets_its_past(scene: AmazonScene) -> None:
    answers = AmazonAnswers(orders=four_sites(), sites=FOUR_SITES)
    scene.pull(answers, "amazon_uk")
    scene.pull(answers, "amazon_de", "amazon_uk", now=NOW + timedelta(days=2))
    assert scene.rows(SALES) == [EACH_ITS_OWN[0], EACH_ITS_OWN[3]]
    # From then on both stand at one place.
    cursors = scene.rows(
        "SELECT count(DISTINCT position) AS places, count(*) FROM sync_cursors WHERE stream = 'orders'"
    )
    assert cursors == [(1, 2)]


def test_a_site_that_is_refused_at_first_still_gets_its_past_and_says_so_on_its_credential(
    scene: AmazonScene,
) -> None:
    refused = AmazonAnswers(orders=four_sites(), sites=("amazon_uk",))
    result = scene.pull(refused, "amazon_uk", "amazon_fr")
    assert [line.split(":")[0] for line in result.partial] == ["products of amazon_fr"]
    assert scene.rows(SALES) == [EACH_ITS_OWN[3]]
    noted = "SELECT service_name, last_sync_status, stream_problems <> '{}' FROM api_credentials ORDER BY 1"
    assert scene.rows(noted) == [("amazon_fr", "FAILURE", True), ("amazon_uk", "SUCCESS", True)]
    both = AmazonAnswers(orders=four_sites(), sites=FOUR_SITES)
    scene.pull(both, "amazon_uk", "amazon_fr", now=NOW + timedelta(days=2))
    assert scene.rows(SALES) == EACH_ITS_OWN[2:]
    assert scene.rows(noted) == [("amazon_fr", "SUCCESS", False), ("amazon_uk", "SUCCESS", False)]


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        (order_row("1", "Amazon.de", "GBP", "1"), "currencyCode", "GBP is not the money of amazon_de"),
        (order_row("1", "Ebay", "EUR", "1"), "sales-channel", "'Ebay' is no site that is known"),
        (order_row("1", "", "EUR", "1"), "sales-channel", "is missing, and several sites sell in this currency"),
    ],
)  # fmt: skip
def test_currencies_never_mix_and_no_site_is_guessed(
    scene: AmazonScene, row: str, field: str, reason: str
) -> None:
    scene.pull(AmazonAnswers(orders=order_report(row), sites=("amazon_de",)), "amazon_de")
    assert scene.rows(SALES) == []
    found = scene.rows("SELECT DISTINCT field, reason FROM rejected_records")
    assert found == [(field, reason)]


def test_a_row_without_a_site_is_recognized_by_a_currency_that_only_one_site_has(
    scene: AmazonScene,
) -> None:
    row = order_row("205-1", "", "GBP", "12.00", "2.00")
    scene.pull(AmazonAnswers(orders=order_report(row)), "amazon_uk")
    assert [each[:3] for each in scene.rows(SALES)] == [("amazon_uk", "205-1", Decimal("10.00"))]


def vat(scene: AmazonScene, row: str, service: str) -> list[tuple[Any, ...]]:
    scene.pull(AmazonAnswers(orders=order_report(row), sites=(service,)), service)
    return scene.rows(
        "SELECT total_amount, tax_amount, shipping_amount, tax_estimated FROM sales ORDER BY 1 DESC"
    )


@pytest.mark.parametrize("tax", ["", "0.00"])
def test_tax_that_is_not_reported_is_split_by_the_rate_of_the_country(
    scene: AmazonScene, tax: str
) -> None:
    row = order_row("302-1", "Amazon.de", "EUR", "23.80", tax, shipping_price="4.76")
    assert vat(scene, row, "amazon_de") == [
        (Decimal("20.00"), Decimal("3.80"), 0, True),
        (0, Decimal("0.76"), Decimal("4.00"), True),
    ]


def test_the_products_own_rate_comes_before_the_countrys(scene: AmazonScene) -> None:
    row = order_row("302-1", "Amazon.de", "EUR", "10.70")
    vat(scene, row, "amazon_de")
    with scene.opener() as work:
        assert work.products.set_tax_rate("A-1", Decimal("0.07"))
    later = AmazonAnswers(
        orders=order_report(row.replace("03-11T", "03-12T")), sites=("amazon_de",)
    )
    scene.connect("amazon_de")
    _begin_again(scene.opener, scene)
    scene.pull(later, "amazon_de", now=NOW + timedelta(hours=12))
    assert scene.rows("SELECT total_amount, tax_amount FROM sales") == [
        (Decimal("10.00"), Decimal("0.70"))
    ]


def _begin_again(opener: OpenUnitOfWork, scene: AmazonScene) -> None:
    [credential] = scene.connect("amazon_de")
    with opener() as work:
        standing = work.cursors.get(credential.id, "orders", Forward)
        work.cursors.move(credential.id, "orders", standing, Forward(NOW - timedelta(days=20)))


def test_a_company_without_vat_has_none_in_its_prices(scene: AmazonScene) -> None:
    scene.rows("UPDATE companies SET vat_registered = false RETURNING id")
    row = order_row("302-1", "Amazon.de", "EUR", "10.70")
    assert vat(scene, row, "amazon_de") == [(Decimal("10.70"), 0, 0, True)]


def test_a_zero_beside_taxed_items_is_a_zero(scene: AmazonScene) -> None:
    rows = order_report(
        order_row("205-1", "Amazon.co.uk", "GBP", "12.00", "2.00"),
        order_row("205-1", "Amazon.co.uk", "GBP", "8.00", "0.00", sku="BOOK"),
    )
    scene.pull(AmazonAnswers(orders=rows), "amazon_uk")
    assert scene.rows("SELECT total_amount, tax_amount, tax_estimated FROM sales ORDER BY 1") == [
        (Decimal("8.00"), 0, False),
        (Decimal("10.00"), Decimal("2.00"), False),
    ]


def test_an_account_without_fba_gets_its_listings_and_orders_and_says_so_once(
    scene: AmazonScene,
) -> None:
    listing = "seller-sku\tprice\titem-name\tasin1\tstatus\r\nA-1\t9.90\tLamp\tB0\tActive\r\n"
    row = order_row("205-1", "Amazon.co.uk", "GBP", "12.00", "2.00")
    answers = AmazonAnswers(orders=order_report(row), stock=None, listings=listing)
    for days in range(3):
        result = scene.pull(answers, "amazon_uk", now=NOW + timedelta(days=days))
        assert result.partial == [
            "products: stock: Amazon reports no stock in its centres for this account; if it uses FBA, "
            "check its permissions"
        ]
    assert scene.rows("SELECT count(*) FROM sales") == [(1,)]
    assert scene.rows("SELECT sku, unit_price FROM products") == [("A-1", Decimal("9.90"))]
    assert scene.rows("SELECT count(*) FROM inventory") == [(0,)]
    assert _audited(scene, "stream.stopped") == 1
    scene.pull(
        AmazonAnswers(orders=order_report(row), stock=[[("A-1", 4)]], listings=listing),
        "amazon_uk", now=NOW + timedelta(days=4),
    )  # fmt: skip
    assert _audited(scene, "stream.resumed") == 1
    assert scene.rows("SELECT stream_problems FROM api_credentials") == [({},)]


def _audited(scene: AmazonScene, action: str) -> int:
    with scene.wiring.admin.transaction() as connection:
        row = connection.execute(
            "SELECT count(*) AS n FROM public.audit_logs WHERE action = %s AND tenant_id = %s",
            (action, scene.tenant_id),
        ).fetchone()
    assert row is not None
    return int(row["n"])


def test_an_application_that_may_not_see_the_fees_still_gets_the_orders(scene: AmazonScene) -> None:
    row = order_row("205-1", "Amazon.co.uk", "GBP", "12.00", "2.00")
    answers = AmazonAnswers(orders=order_report(row), forbidden=("transactions",))
    result = scene.pull(answers, "amazon_uk")
    # The later collections are not due yet.
    assert [line.split(":")[0] for line in result.partial] == ["fees"]
    assert "give the application its role" in result.partial[0]
    assert scene.rows("SELECT count(*) FROM sales") == [(1,)]
    assert scene.rows("SELECT last_sync_status, needs_reconnect FROM api_credentials") == [
        ("SUCCESS", False)
    ]


def test_a_window_without_transactions_moves_on(scene: AmazonScene) -> None:
    scene.pull(AmazonAnswers(transactions=None), "amazon_uk")
    [(position,)] = scene.rows("SELECT position FROM sync_cursors WHERE stream = 'fees'")
    assert position["since"] == (NOW - timedelta(minutes=3)).isoformat()


def test_stock_that_a_page_leaves_out_stays(scene: AmazonScene) -> None:
    listing = "seller-sku\tprice\titem-name\tasin1\tstatus\tfulfillment-channel\r\n" + "".join(
        f"{sku}\t1.00\tLamp\tB-{sku}\tActive\tAMAZON_EU\r\n" for sku in ("A-1", "B-2")
    )
    scene.pull(AmazonAnswers(stock=[[("A-1", 40), ("B-2", 25)]], listings=listing), "amazon_uk")
    later = AmazonAnswers(stock=[[("B-2", 24)]], listings=listing)
    scene.pull(later, "amazon_uk", now=NOW + timedelta(days=1))
    assert scene.rows(LEVELS) == [("A-1", 40), ("B-2", 24)]
    # It was asked for once more by its name.
    assert [call.params["sellerSkus"] for call in later.asked if "sellerSkus" in call.params] == [
        "A-1"
    ]
    # What is not even listed any more is gone.
    listing = listing.splitlines(keepends=True)[0] + listing.splitlines(keepends=True)[2]
    gone = AmazonAnswers(stock=[[("B-2", 24)]], listings=listing)
    scene.pull(gone, "amazon_uk", now=NOW + timedelta(days=2))
    assert scene.rows(LEVELS) == [("A-1", 0), ("B-2", 24)]


@pytest.mark.parametrize(
    "header",
    [
        "商品名称\t卖家 SKU\t价格\tASIN1\t状态",
        "Artikelbezeichnung\tHändler-SKU\tPreis\tASIN1\tStatus",
        "nom-produit\tsku-vendeur\tprix\tasin1\tétat",
    ],
)
def test_listings_are_read_in_the_sellers_language(scene: AmazonScene, header: str) -> None:
    scene.pull(
        AmazonAnswers(listings=f"{header}\r\nLamp\tFBM-1\t9.90\tB0\tActive\r\n"), "amazon_uk"
    )
    assert scene.rows("SELECT sku, name, unit_price FROM products") == [
        ("FBM-1", "Lamp", Decimal("9.90"))
    ]


def test_a_language_that_nobody_knows_is_one_error_that_names_the_columns(
    scene: AmazonScene,
) -> None:
    scene.pull(
        AmazonAnswers(stock=[[("A-1", 5)]], listings="price\tseller-sku\r\n1\tA-1\r\n"), "amazon_uk"
    )
    reported = "selana-num\tsuäm\tstad\r\nA-1\t9.90\tActive\r\n"
    result = scene.pull(
        AmazonAnswers(stock=[[("A-1", 6)]], listings=reported),
        "amazon_uk",
        now=NOW + timedelta(days=1),
    )
    assert result.partial == [
        "products: listings: the columns selana-num, suäm, stad of the report are not understood; set the "
        "language of reports to English in Seller Central"
    ]
    assert scene.rows(LEVELS) == [("A-1", 6)]
    assert scene.rows("SELECT is_active FROM products") == [(True,)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("amazon-report-all-marketplaces.tsv", EACH_ITS_OWN),
        ("amazon-eu-tax-missing.tsv", [("amazon_de", "302-1", Decimal("10.00"), Decimal("1.90"), "EUR", True)]),
    ],
)  # fmt: skip
def test_reported_orders(scene: AmazonScene, name: str, expected: list[Any]) -> None:
    scene.pull(AmazonAnswers(orders=case(name), sites=FOUR_SITES), *FOUR_SITES)
    assert scene.rows(SALES) == expected


@pytest.mark.parametrize(
    ("name", "number", "fees", "refunds"),
    [
        ("amazon-fbafees-dropped.json", 0, [(Decimal("12.70"), True)], []),
        ("amazon-refund-promo-rebates.json", 0, [(Decimal("-5.82"), True)], [(Decimal("-43.50"), 0), (0, 0)]),
        ("amazon-deferred-release-unlinked.json", 0, [(Decimal("7.28"), True)], []),
        ("amazon-deferred-release-unlinked.json", 1, [], [(Decimal("-48.50"), 0)]),
    ],
)  # fmt: skip
def test_reported_transactions(
    scene: AmazonScene, name: str, number: int, fees: list[Any], refunds: list[Any]
) -> None:
    reported = json.loads(case(name))[number]["transactions"]
    scene.pull(AmazonAnswers(transactions=reported, sites=("amazon_usa",)), "amazon_usa")
    assert scene.rows("SELECT amount, is_final FROM sale_fees") == fees
    found = scene.rows("SELECT total_amount, shipping_amount FROM sales ORDER BY 1, 2")
    assert found == refunds
    assert scene.rows("SELECT * FROM rejected_records") == []


def test_reported_answers_of_other_operations(scene: AmazonScene) -> None:
    empty = json.loads(case("amazon-empty-transactions-null.json"))["payload"]["transactions"]
    assert json.loads(case("amazon-fba-not-enabled-blocks-orders.json"))[
        "GET /fba/inventory/v1/summaries"
    ]["status"] == 400  # fmt: skip
    days = json.loads(case("amazon-fba-page-skips-sku.json"))
    listed = case("amazon-listing-localised-header.tsv")
    row = order_row("205-1", "Amazon.co.uk", "GBP", "12.00", "2.00")
    scene.pull(
        AmazonAnswers(orders=order_report(row), transactions=empty, stock=None, listings=listed),
        "amazon_uk",
    )
    assert scene.rows("SELECT count(*) FROM sales") == [(1,)]
    assert scene.rows("SELECT sku FROM products WHERE is_active") == [("FBM-1",)]
    listings = "seller-sku\tprice\tasin1\r\nA-1\t1\tB-A-1\r\nB-2\t1\tB-B-2\r\n"
    for number, (_, page) in enumerate(days.items(), start=1):
        stock = [[(sku, units) for sku, units in page]]
        scene.pull(
            AmazonAnswers(stock=stock, listings=listings),
            "amazon_uk",
            now=NOW + timedelta(days=number),
        )
    assert scene.rows(LEVELS) == [("A-1", 40), ("B-2", 25)]


def test_a_pool_that_sites_share_is_counted_once_whichever_site_reads_it_last(
    scene: AmazonScene,
) -> None:
    pools = "SELECT channel, location, quantity_on_hand, updated_at FROM inventory ORDER BY 2"
    header = "seller-sku\tprice\titem-name\tasin1\tstatus\tfulfillment-channel\r\n"
    other = header + "B-2\t1.00\tLamp\tB-B-2\tActive\tAMAZON_EU\r\n"
    listing = other + "A-1\t1.00\tLamp\tB-A-1\tActive\tAMAZON_EU\r\n"
    pool_of = "SELECT quantity_on_hand FROM inventory i JOIN products p ON p.id = product_id WHERE sku = 'A-1'"
    day = timedelta(days=1)

    def pull(site: str, listed: str, units: int, now: datetime) -> None:
        stock = [[("A-1", units)]] if listed == listing else [[("B-2", 1)]]
        scene.pull(AmazonAnswers(stock=stock, listings=listed, sites=(site,)), site, now=now)

    pull("amazon_de", listing, 40, NOW)
    first = scene.rows(pools)
    assert [row[:3] for row in first] == [("amazon_de", "fba_eu", 40)]
    pull("amazon_fr", listing, 40, NOW + timedelta(hours=1))
    assert scene.rows(pools) == first
    # Still listed on one site: the pool stays. Listed on none for two days: it is empty, whoever says so.
    pull("amazon_de", other, 0, NOW + day)
    assert scene.rows(pool_of) == [(40,)]
    pull("amazon_fr", other, 0, NOW + 4 * day)
    assert scene.rows(pool_of) == [(0,)]
