"""`capliquify rejected` and `capliquify rules` as an operator uses them."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from shared.domain.sales import RejectedRecord
from shared.embedded.urls import ServiceUrls
from shared.use_cases.streams import Streams, note_problems
from tests.acceptance.test_command_line import assert_one_line, run
from tests.conftest import environment_of
from tests.fixtures.credentials import opener_of
from tests.fixtures.shop_pulls import rows
from tests.fixtures.shops import product
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance
NOW = datetime(2026, 3, 20, 3, tzinfo=UTC)


@pytest.fixture
def environment(
    wiring: Wiring, database_url: str, services: ServiceUrls, acme: UUID, globex: UUID
) -> dict[str, str]:
    """Acme has a shop with records set aside and a stream that has stopped; Globex has a record of its own."""
    for tenant, keys in ((acme, ("9", "8", "7")), (globex, ("secret-of-globex",))):
        with opener_of(wiring, tenant)() as work:
            company = work.companies.get().id
            shop = work.credentials.reserve(company, "shopify_uk", "ecommerce")
            work.credentials.store(shop, "sealed")
            records = [RejectedRecord(key, "price", f"'{key}.x' is not an amount") for key in keys]
            work.rejections.add(shop, "orders", records)
            if tenant == acme:
                work.rejections.add(shop, "products", [RejectedRecord("v1", "sku", "is missing")])
                work.rejections.add(
                    None, "forecasts", [RejectedRecord("MUG", "series", "no model")]
                )
                work.products.upsert(company, [product("MUG")], NOW.date())
                note_problems(work, shop, Streams({"products": "read_inventory is missing"}), NOW)
    return environment_of(database_url, services.redis_url)


def test_what_was_set_aside_is_listed_by_reason_with_what_to_do(
    environment: dict[str, str],
) -> None:
    printed = run(environment, "rejected", "acme").stdout
    assert "shopify_uk orders" in printed
    assert "3 records, seen 3 times" in printed
    assert "price: … is not an amount" in printed
    assert "7: '7.x' is not an amount" in printed
    assert "give the product a SKU of at most 100 characters in the shop" in printed
    assert "(our figures) forecasts" in printed
    assert printed.endswith("5 records are set aside\n")
    assert "globex" not in printed
    assert run(environment, "rejected", "globex", "--service", "shopify_uk").stdout.endswith(
        "1 record is set aside\n"
    )


def test_the_list_can_be_read_by_a_program(environment: dict[str, str]) -> None:
    lines = run(environment, "rejected", "acme", "--service", "shopify_uk", "--json").stdout
    reported = [json.loads(line) for line in lines.splitlines()]
    assert [
        (each["stream"], each["field"], each["records"], each["example"]) for each in reported
    ] == [
        ("orders", "price", 3, "7"),
        ("products", "sku", 1, "v1"),
    ]
    assert all(each["what_to_do"] for each in reported)
    assert all(datetime.fromisoformat(each["last_seen_at"]).tzinfo for each in reported)
    assert all("T" in each["first_seen_at"] for each in reported)


def test_a_service_that_the_tenant_does_not_have_is_an_error(environment: dict[str, str]) -> None:
    ended = run(environment, "rejected", "acme", "--service", "amazon_uk")
    assert_one_line(ended, 2)
    assert "service: acme has none of the name 'amazon_uk' (shopify_uk)" in ended.stderr


def test_the_list_of_credentials_counts_them_and_names_what_has_stopped(
    environment: dict[str, str],
) -> None:
    printed = run(environment, "credentials", "list", "--tenant", "acme").stdout
    row = next(line for line in printed.splitlines() if "ecommerce" in line)
    assert [cell.strip() for cell in row.strip("│").split("│")][5] == "4"
    assert "shopify_uk: products stopped on 2026-03-20: read_inventory is missing" in printed


def test_the_rules_of_a_tenant_are_set_and_shown(environment: dict[str, str]) -> None:
    for arguments in (
        ("vat", "--tenant", "acme", "--not-registered"),
        ("vat-rate", "--tenant", "acme", "--sku", "MUG", "--rate", "0.07"),
        ("marketplace-orders", "--tenant", "acme", "--count", "ebay", "--count", "amazon"),
    ):
        assert run(environment, "rules", *arguments).returncode == 0
    printed = run(environment, "rules", "show", "--tenant", "acme").stdout
    assert "VAT on MUG" in printed
    assert "0.07" in printed
    assert "amazon, ebay" in printed
    assert json.loads(run(environment, "rules", "show", "--tenant", "acme", "--json").stdout) == {
        "vat_registered": False,
        "count_copies_of": ["amazon", "ebay"],
        "vat_rates": {"MUG": "0.07"},
    }
    assert "VAT on" not in run(environment, "rules", "show", "--tenant", "globex").stdout
    assert run(environment, "rules", "vat-rate", "--tenant", "acme", "--sku", "MUG").returncode == 0
    assert "VAT on" not in run(environment, "rules", "show", "--tenant", "acme").stdout


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("vat-rate", "--sku", "MUG", "--rate", "7"), "rate: '7' is not a rate from 0 to below 1"),
        (("vat-rate", "--sku", "MUG", "--rate", "much"), "rate: 'much' is not a rate"),
        (("vat-rate", "--sku", "NONE", "--rate", "0.07"), "sku: acme has no product 'NONE'"),
        (("marketplace-orders", "--count", "corner"), "count: 'corner' is no marketplace"),
    ],
)
def test_a_rule_that_cannot_be_is_one_line(
    environment: dict[str, str], arguments: tuple[str, ...], line: str
) -> None:
    ended = run(environment, "rules", arguments[0], "--tenant", "acme", *arguments[1:])
    assert_one_line(ended, 2)
    assert line in ended.stderr


def test_a_rule_without_effect_says_so_and_a_change_is_audited_with_what_was_before(
    wiring: Wiring, environment: dict[str, str], acme: UUID
) -> None:
    with opener_of(wiring, acme)() as work:
        site = work.credentials.reserve(work.companies.get().id, "amazon_uk", "ecommerce")
        work.credentials.store(site, "sealed")
    ended = run(environment, "rules", "marketplace-orders", "--tenant", "acme", "--count", "amazon")
    assert "amazon is or was connected itself, so its copies do not count" in ended.stdout
    assert run(environment, "rules", "vat", "--tenant", "acme", "--not-registered").returncode == 0
    changes = rows(
        wiring,
        acme,
        "SELECT changes FROM public.audit_logs WHERE action = 'rules.changed' ORDER BY created_at",
    )
    assert [row[0] for row in changes] == [
        {"count_copies_of": ["amazon"], "before": []},
        {"vat_registered": False, "before": True},
    ]
