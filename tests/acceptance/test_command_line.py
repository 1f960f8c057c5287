"""The command line: what goes wrong is one clear line and an exit status, never a traceback."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from shared.embedded.tcp_ports import free_port
from shared.embedded.urls import ServiceUrls
from tests.conftest import environment_of

pytestmark = pytest.mark.acceptance

OTHER_KEYS = "test:ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
CREDENTIAL = '{"shop_domain": "acme.myshopify.com", "access_token": "shpat_secret"}'


def run(
    environment: Mapping[str, str], *arguments: str, given: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workers", *arguments],
        env={**os.environ, "COLUMNS": "200", **environment},
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def environment(
    database_url: str, services: ServiceUrls, acme: object, globex: object
) -> dict[str, str]:
    return environment_of(database_url, services.redis_url)


def assert_one_line(ended: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    assert ended.returncode == status, ended.stderr
    lines = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, ended.stderr
    for word in words:
        assert word in lines[0]
    assert "Traceback" not in ended.stderr + ended.stdout


def test_help_names_every_command() -> None:
    shown = run({}, "--help")
    assert shown.returncode == 0
    for command in (
        "migrate",
        "run",
        "worker",
        "beat",
        "flower",
        "sandbox",
        "demo",
        "services",
        "tenants",
    ):
        assert command in shown.stdout


def test_an_unknown_tenant_is_named(environment: dict[str, str]) -> None:
    ended = run(environment, "run", "sales.pull", "--tenant", "nobody")
    assert_one_line(ended, 2, "tenant: there is no tenant 'nobody'")


def test_a_bad_date_is_named_with_its_field(environment: dict[str, str]) -> None:
    ended = run(environment, "run", "forecasts.generate", "--tenant", "acme", "origin=2026-13-45")
    assert_one_line(ended, 2, "origin: is not a date; write YYYY-MM-DD")
    ended = run(environment, "figures", "enter", "--tenant", "acme", "--day", "31.12.2026")
    assert_one_line(ended, 2, "day: '31.12.2026' is not a date; write YYYY-MM-DD")


def test_an_unknown_argument_and_task_are_named(environment: dict[str, str]) -> None:
    ended = run(environment, "run", "sales.pull", "--tenant", "acme", "since=2026-01-01")
    assert_one_line(
        ended, 2, "since: task sales.pull takes no such argument; it takes service, as_of"
    )
    assert_one_line(
        run(environment, "run", "sales.push", "--tenant", "acme"), 2, "no task 'sales.push'"
    )


def test_an_unreachable_vendor_is_one_line(environment: dict[str, str]) -> None:
    stored = run(environment, "credentials", "set", "--tenant", "acme", given=CREDENTIAL)
    assert stored.returncode == 0, stored.stderr
    ended = run(
        {**environment, "SHOPIFY_BASE_URL": "http://127.0.0.1:1"},
        "run",
        "sales.pull",
        "--tenant",
        "acme",
    )
    assert_one_line(ended, 1, "shopify: cannot be reached")


def test_a_wrong_key_for_the_vault_is_one_line_without_a_secret(
    environment: dict[str, str],
) -> None:
    run(environment, "credentials", "set", "--tenant", "acme", given=CREDENTIAL)
    ended = run(
        {**environment, "CAPLIQUIFY_VAULT_KEYS": OTHER_KEYS},
        "run",
        "sales.pull",
        "--tenant",
        "acme",
    )
    assert_one_line(ended, 1, "vault: the secret does not open", "CAPLIQUIFY_VAULT_KEYS")
    assert "shpat_secret" not in ended.stderr + ended.stdout


def test_a_tenant_without_a_credential_reads_how_to_store_one(
    environment: dict[str, str],
) -> None:
    ended = run(environment, "run", "sales.pull", "--tenant", "acme")
    assert_one_line(ended, 2, "no active credential of 'shopify_uk'", "credentials set")


def test_an_unreachable_database_is_one_line_without_its_password(
    environment: dict[str, str],
) -> None:
    url = "postgresql://someone:hunter2@127.0.0.1:1/none"
    ended = run({**environment, "DATABASE_URL": url}, "tenants", "list")
    assert_one_line(ended, 1, "DATABASE_URL: PostgreSQL cannot be reached")
    assert "hunter2" not in ended.stderr


def test_one_server_url_without_the_other_is_refused(environment: dict[str, str]) -> None:
    ended = run({**environment, "REDIS_URL": ""}, "tenants", "list")
    assert_one_line(ended, 1, "REDIS_URL: is not set")


def test_a_slug_that_is_taken_is_named(environment: dict[str, str]) -> None:
    assert_one_line(run(environment, "tenants", "create", "acme"), 2, "slug: 'acme' is taken")
    assert_one_line(
        run(environment, "tenants", "create", "x"), 2, "slug: 'x' must have three or more"
    )
    ended = run(environment, "tenants", "create", "third", "--timezone", "Mars/Base")
    assert_one_line(ended, 2, "timezone: 'Mars/Base' is not a time zone")


@pytest.mark.parametrize("code", ["ZZZ", "gbp", "POUND", "XXX", ""])
def test_a_currency_that_there_is_not_is_refused_and_makes_no_tenant(
    environment: dict[str, str], code: str
) -> None:
    ended = run(environment, "tenants", "create", "third", "--currency", code)
    assert_one_line(ended, 2, f"currency: {code!r} is not a currency", "like GBP")
    assert "third" not in run(environment, "tenants", "list").stdout


def test_a_credential_that_is_no_json_is_refused(environment: dict[str, str]) -> None:
    ended = run(environment, "credentials", "set", "--tenant", "acme", given="shpat_secret")
    assert_one_line(ended, 2, "standard input: is not JSON")
    assert "shpat_secret" not in ended.stderr


@pytest.mark.parametrize(
    ("secret", "field"),
    [
        ('{"shop_domain": "acme.myshopify.com"}', "access_token"),
        ('{"shop_domain": "acme.myshopify.com", "access_token": "shpat_…"}', "access_token"),
        ('{"shop_domain": "http://evil.test/x", "access_token": "shpat_1"}', "shop_domain"),
        (
            '{"shop_domain": "acme.myshopify.com.evil.test", "access_token": "shpat_1"}',
            "shop_domain",
        ),
        ('{"shop": "acme.myshopify.com", "access_token": "shpat_1"}', "shop"),
    ],
)
def test_a_credential_that_opens_nothing_is_refused_at_once(
    environment: dict[str, str], secret: str, field: str
) -> None:
    ended = run(environment, "credentials", "set", "--tenant", "acme", given=secret)
    assert_one_line(ended, 2, f"{field}: ")
    assert "shpat_" not in ended.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CAPLIQUIFY_POOL_MAX", "0"),
        ("CAPLIQUIFY_VENDOR_ATTEMPTS", "abc"),
        ("REDIS_URL", "hello"),
    ],
)
def test_a_setting_that_is_none_is_named(
    environment: dict[str, str], name: str, value: str
) -> None:
    assert_one_line(run({**environment, name: value}, "tenants", "list"), 2, f"{name}: ")


@pytest.mark.parametrize(
    "url", ["mysql://u:hunter2@127.0.0.1:1/x", "hunter2", "postgresql://u:hunter2%ss@h/x"]
)
def test_a_mistyped_database_url_is_not_shown(environment: dict[str, str], url: str) -> None:
    ended = run({**environment, "DATABASE_URL": url}, "tenants", "list")
    assert_one_line(ended, 1, "DATABASE_URL: ")
    assert "hunter2" not in ended.stderr


def test_a_day_that_is_not_over_cannot_be_learnt_from(environment: dict[str, str]) -> None:
    ended = run(environment, "run", "forecasts.generate", "--tenant", "acme", "origin=2099-01-01")
    assert_one_line(ended, 2, "origin: 2099-01-01 is not over yet")


def test_a_database_that_is_not_migrated_says_so(
    environment: dict[str, str], services: ServiceUrls
) -> None:
    urls = {name: services.database_url for name in environment if name.startswith("DATABASE_")}
    ended = run({**environment, **urls}, "tenants", "list")
    assert_one_line(ended, 1, "not migrated; run `capliquify migrate`")


def test_a_queue_that_nobody_fills_is_refused(environment: dict[str, str]) -> None:
    assert_one_line(
        run(environment, "worker", "--queues", "nosuch"), 2, "there is no queue 'nosuch'"
    )


@pytest.mark.parametrize(
    ("command", "name", "value", "problem"),
    [
        ("up", "CAPLIQUIFY_FLOWER_AUTH", "hunter2", "must be user:password"),
        ("flower", "CAPLIQUIFY_FLOWER_AUTH", "hunter2", "must be user:password"),
        ("up", "CAPLIQUIFY_TENANT_CAPS", "hunter2", 'must be a JSON object, such as {"sync": 4}'),
        ("dispatcher", "CAPLIQUIFY_TENANT_CAPS", '{"slow": 1}', "there is no queue 'slow'"),
        ("up", "CAPLIQUIFY_TENANT_CAPS", '{"slow": 1}', "there is no queue 'slow'"),
        ("dispatcher", "CAPLIQUIFY_LEASE_S", "0", "greater than or equal to 0.5"),
        ("up", "CAPLIQUIFY_LEASE_S", "0", "greater than or equal to 0.5"),
    ],
)
def test_a_process_with_a_wrong_setting_says_so_before_it_starts_anything(
    tmp_path: Path, command: str, name: str, value: str, problem: str
) -> None:
    home = tmp_path / "home"
    given = {"CAPLIQUIFY_HOME": str(home), "DATABASE_URL": "", "REDIS_URL": "", name: value}
    port = {"up": ("--flower-port", "0"), "flower": ("--port", str(free_port()))}
    ended = run(given, command, *port.get(command, ()))
    assert_one_line(ended, 2, f"{name}: ", problem)
    assert "hunter2" not in ended.stderr
    assert not home.exists()


def test_a_home_that_cannot_be_made_is_named() -> None:
    given = {"CAPLIQUIFY_HOME": "/dev/null/home", "DATABASE_URL": "", "REDIS_URL": ""}
    ended = run(given, "up", "--flower-port", "0")
    assert_one_line(ended, 1, "CAPLIQUIFY_HOME: the folder /dev/null/home cannot be made")


def test_a_port_that_is_taken_is_named_with_the_option_that_chooses_another(tmp_path: Path) -> None:
    home = tmp_path / "home"
    given = {"CAPLIQUIFY_HOME": str(home), "DATABASE_URL": "", "REDIS_URL": ""}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for arguments in (
            ("up", "--flower-port"),
            ("flower", "--port"),
            ("sandbox", "--port"),
        ):
            ended = run(given, *arguments, port)
            assert_one_line(
                ended, 1, f"port: {port} is taken", f"choose another with {arguments[1]}"
            )
    assert not home.exists()


def test_services_that_do_not_run_have_no_environment(tmp_path: Path) -> None:
    home = {"CAPLIQUIFY_HOME": str(tmp_path / "home"), "DATABASE_URL": "", "REDIS_URL": ""}
    assert_one_line(run(home, "services", "env"), 1, "not running", "services start")
