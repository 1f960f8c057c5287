"""At eighty columns nothing is cut that a person has to type."""

import re
from uuid import UUID

import pytest

from shared.domain.job_id import short_id
from shared.domain.quota import Tier
from shared.embedded.urls import ServiceUrls
from shared.persistence.jobs.job_ledger import JobFilter, JobLedger
from shared.use_cases.register_tenant import NewTenant, register_tenant
from shared.use_cases.roll_up_working_capital import roll_up_working_capital
from tests.acceptance.test_command_line import CREDENTIAL, run
from tests.conftest import environment_of
from tests.fixtures.shop_pulls import DAY, Opener, pull
from tests.fixtures.shops import FakeShop, product, sale
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance

# As long as the database lets them be, and a pair of ordinary ones.
LONG = ("long-" * 20)[:99] + "x", "SKU-" + "9" * 96
SHORT = "north-wind-trading", "BLUE-MUG-350ML"
TASK, SERVICE = "sales.backfill", "shopify_usa"


@pytest.fixture(params=[LONG, SHORT], ids=["longest", "ordinary"])
def names(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A slug and a SKU."""
    slug, sku = request.param
    return slug, sku


@pytest.fixture
def environment(
    names: tuple[str, str],
    wiring: Wiring,
    acme: UUID,
    unit_of_work_of: Opener,
    database_url: str,
    services: ServiceUrls,
) -> dict[str, str]:
    """A tenant of that name, its product of that SKU, and a job."""
    slug, sku = names
    new = NewTenant(slug, "A name of several words", Tier.PROFESSIONAL, "Europe/London", "GBP")
    tenant = register_tenant(wiring.registry(), new)
    opener = unit_of_work_of(tenant)
    pull(opener, FakeShop([product(sku, on_hand=6)], [[sale(1, sku, 2, DAY)]]))
    roll_up_working_capital(opener, lambda *_: None, DAY, DAY, DAY)
    JobLedger(wiring.admin).enqueue(tenant, TASK, {"service": SERVICE}, requested_by="test")
    found = environment_of(database_url, services.redis_url)
    for typed, given in (
        (("credentials", "set", "--service", SERVICE), CREDENTIAL),
        (("rules", "vat-rate", "--sku", sku, "--rate", "0.05"), ""),
    ):
        ended = run(found, *typed, "--tenant", slug, given=given)
        assert ended.returncode == 0, ended.stderr
    return {**found, "COLUMNS": "80"}


def shown(environment: dict[str, str], *typed: str) -> str:
    ended = run(environment, *typed)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def assert_whole(text: str, *expected: str) -> None:
    """Each stands between blanks or the table's lines, on one line; nothing is cut with dots."""
    for each in expected:
        assert re.search(rf"(?<![\w.-]){re.escape(each)}(?![\w.-])", text), (each, text)
    assert "…" not in text


def test_every_table_keeps_whole_what_is_typed(
    environment: dict[str, str], names: tuple[str, str], wiring: Wiring
) -> None:
    slug, sku = names
    [job] = (
        each
        for each in JobLedger(wiring.admin).search(JobFilter(name=TASK))
        if each.arguments == {"service": SERVICE}
    )
    listed = shown(environment, "jobs", "list", "--task", TASK)
    assert re.search(rf"\b{short_id(job.id)}", listed)
    assert_whole(listed, slug, TASK, SERVICE)
    assert_whole(shown(environment, "tenants", "list"), slug, "acme", "PROFESSIONAL")
    assert_whole(shown(environment, "credentials", "list", "--tenant", slug), SERVICE, "shopify_uk")
    assert_whole(shown(environment, "audit", "--limit", "500"), slug, "credential.stored")
    assert_whole(shown(environment, "rules", "show", "--tenant", slug), sku, "0.05")
    advice = shown(environment, "stock", "advice", slug, "--day", DAY.isoformat(), "--all")
    assert_whole(advice, sku)
    cancelled = shown(environment, "jobs", "cancel", "--task", TASK, "--dry-run")
    assert_whole(cancelled, TASK, "queued")
    assert_whole(shown(environment, "forecast", "show", slug), sku)
    assert_whole(shown(environment, "jobs", "show", short_id(job.id)), str(job.id), TASK, slug)
    looked = run(environment, "status").stdout
    assert_whole(looked, slug, SERVICE, "weekly.settlements")
    assert_whole(run(environment, "jobs", "status").stdout, "interactive", "maintenance")
    assert_whole(shown(environment, "figures", "show", slug, "--until", DAY.isoformat()), "unknown")


@pytest.mark.parametrize("names", [SHORT], indirect=True)
def test_a_table_of_ordinary_names_is_no_wider_than_the_terminal(
    environment: dict[str, str], names: tuple[str, str]
) -> None:
    for typed in (("jobs", "list"), ("tenants", "list"), ("stock", "advice", names[0])):
        assert max(map(len, shown(environment, *typed).splitlines())) <= 80, typed


def test_what_is_piped_is_wide_where_nobody_says_how_wide(
    environment: dict[str, str], names: tuple[str, str]
) -> None:
    listed = shown({**environment, "COLUMNS": ""}, "tenants", "list")
    assert_whole(listed, names[0], "PROFESSIONAL")
    if names == SHORT:
        assert max(map(len, listed.splitlines())) > 100
