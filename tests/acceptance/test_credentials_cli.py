"""`capliquify credentials` as an operator uses it; a secret is never on the command line nor in the output."""

from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from starlette.applications import Starlette

from sandbox.app import ledger_shop
from shared.embedded.urls import ServiceUrls
from shared.persistence.binding import schema_of
from shared.persistence.unit_of_work import tenant_transaction
from tests.acceptance.test_command_line import assert_one_line, run
from tests.conftest import VAULT_KEYS, environment_of
from tests.fixtures.credentials import audited, keys_of, opener_of
from tests.fixtures.served_shop import ledger_of
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance

NEW_KEY = "new:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
RING = {"CAPLIQUIFY_VAULT_KEYS": f"{NEW_KEY},{VAULT_KEYS}"}
ONLY_NEW = {"CAPLIQUIFY_VAULT_KEYS": NEW_KEY}
SECRETS = ("shpat_secret", "a key of pgcrypto", NEW_KEY.partition(":")[2], VAULT_KEYS[5:])
GIVEN = '{"shop_domain": "acme.myshopify.com", "access_token": "shpat_secret"}'


@pytest.fixture
def environment(
    database_url: str, services: ServiceUrls, acme: UUID, globex: UUID
) -> dict[str, str]:
    """Two tenants with one credential each, sealed with the key `test`."""
    environment = environment_of(database_url, services.redis_url)
    for tenant in ("acme", "globex"):
        stored = run(environment, "credentials", "set", "--tenant", tenant, given=GIVEN)
        assert stored.returncode == 0, stored.stderr
    return environment


def credentials(environment: dict[str, str], *arguments: str, status: int = 0) -> list[str]:
    """The lines that a command prints; no secret is among them."""
    ended = run(environment, "credentials", *arguments)
    assert ended.returncode == status, ended.stderr
    for secret in SECRETS:
        assert secret not in ended.stdout + ended.stderr
    if status:
        assert_one_line(ended, status)
        return [*ended.stdout.splitlines(), ended.stderr.strip()]
    return ended.stdout.splitlines()


def test_the_list_names_the_key_and_shows_no_secret(environment: dict[str, str]) -> None:
    cells = [
        [cell.strip() for cell in line.strip("┃│").replace("┃", "│").split("│")]
        for line in credentials(environment, "list", "--tenant", "acme")
        if line.startswith(("┃", "│"))
    ]
    assert cells == [
        ["service", "type", "active", "needs reconnect", "last sync", "set aside", "key"],
        ["shopify_uk", "ecommerce", "yes", "no", "never", "0", "test"],
    ]


def test_verify_names_the_key_of_each_secret(environment: dict[str, str]) -> None:
    opens = "shopify_uk credentials_encrypted: opens, key test"
    assert credentials(environment, "verify", "--tenant", "acme") == [opens]
    one = ("verify", "--tenant", "acme", "--service", "shopify_uk")
    assert credentials({**environment, **RING}, *one) == [opens]


def test_verify_ends_with_status_1_where_a_secret_does_not_open(
    environment: dict[str, str],
) -> None:
    assert credentials({**environment, **ONLY_NEW}, "verify", "--tenant", "acme", status=1) == [
        "shopify_uk credentials_encrypted: vault: the value was sealed with key 'test', "
        "which is not on the key ring; add it to CAPLIQUIFY_VAULT_KEYS",
        "error: vault: 1 of acme's secrets cannot be opened; see above",
    ]


def test_verify_of_a_service_that_is_not_connected_is_refused(environment: dict[str, str]) -> None:
    given = ("credentials", "verify", "--tenant", "acme", "--service", "xero")
    assert_one_line(run(environment, *given), 2, "service: acme has no credential of 'xero'")


def test_rotation_of_one_tenant_leaves_the_other_alone(
    environment: dict[str, str], wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    again = {**environment, **RING}
    assert credentials(again, "rotate-keys", "--tenant", "acme") == [
        "acme: 1 sealed again with new, 0 were current, 0 stored by others meanwhile, "
        "0 cannot be opened"
    ]
    assert keys_of(opener_of(wiring, acme)) == ["new"]
    assert keys_of(opener_of(wiring, globex)) == ["test"]
    assert len(audited(wiring, acme)) == 1
    assert audited(wiring, globex) == []


def test_rotation_of_all_tenants_takes_the_suspended_ones_along_and_again_changes_nothing(
    environment: dict[str, str], wiring: Wiring, database_url: str, acme: UUID, globex: UUID
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE public.tenants SET subscription_status = 'SUSPENDED' WHERE slug = 'globex'"
        )
    line = "{}: {} sealed again with new, {} were current, 0 stored by others meanwhile, 0 cannot be opened"
    for renewed, current in ((1, 0), (0, 1)):
        assert credentials({**environment, **RING}, "rotate-keys") == [
            line.format("acme", renewed, current),
            line.format("globex", renewed, current),
        ]
    opens = "shopify_uk credentials_encrypted: opens, key new"
    for tenant in ("acme", "globex"):
        assert credentials({**environment, **ONLY_NEW}, "verify", "--tenant", tenant) == [opens]


def test_rotation_without_the_old_key_changes_nothing_and_says_so(
    environment: dict[str, str], wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    lines = credentials({**environment, **ONLY_NEW}, "rotate-keys", status=1)
    assert len(lines) == 5
    assert lines[0] == (
        "acme: 0 sealed again with new, 0 were current, 0 stored by others meanwhile, "
        "1 cannot be opened"
    )
    assert lines[4] == (
        "error: vault: not all is sealed with 'new' at acme, globex; see above, "
        "and keep the old keys on the ring"
    )
    for tenant in (acme, globex):
        assert keys_of(opener_of(wiring, tenant)) == ["test"]


def test_a_value_of_pgcrypto_is_refused_without_its_key_and_upgraded_with_it(
    environment: dict[str, str], wiring: Wiring, acme: UUID
) -> None:
    with psycopg.connect(wiring.settings.url_of("direct") or "") as connection:
        connection.execute(
            f'UPDATE "{schema_of(acme)}".api_credentials SET credentials_encrypted = '
            "public.pgp_sym_encrypt(%s, 'a key of pgcrypto')::text",
            (GIVEN,),
        )
    refused = credentials(environment, "verify", "--tenant", "acme", status=1)
    assert refused[0].startswith(
        "shopify_uk credentials_encrypted: vault: the value was sealed by pgcrypto; "
        "set CAPLIQUIFY_PGCRYPTO_KEY"
    )
    with_key = {**environment, "CAPLIQUIFY_PGCRYPTO_KEY": "a key of pgcrypto"}
    opens = "shopify_uk credentials_encrypted: opens, key {}"
    verify = ("verify", "--tenant", "acme")
    assert credentials(with_key, *verify) == [opens.format("(pgcrypto)")]
    assert credentials(with_key, "rotate-keys", "--tenant", "acme") == [
        "acme: 1 sealed again with test, 0 were current, 0 stored by others meanwhile, "
        "0 cannot be opened"
    ]
    assert credentials(environment, *verify) == [opens.format("test")]


def test_a_truncated_ciphertext_is_one_clear_line(
    environment: dict[str, str], wiring: Wiring, acme: UUID
) -> None:
    with tenant_transaction(wiring.database, acme) as connection:
        connection.execute(
            "UPDATE api_credentials SET credentials_encrypted = left(credentials_encrypted, -9)"
        )
    ended = run(environment, "run", "sales.pull", "--tenant", "acme")
    assert_one_line(ended, 1, "vault: the secret does not open", "cut off")
    assert len(credentials(environment, "verify", "--tenant", "acme", status=1)) == 2


def test_a_key_ring_with_one_id_twice_is_refused_without_a_key(environment: dict[str, str]) -> None:
    twice = {"CAPLIQUIFY_VAULT_KEYS": f"{VAULT_KEYS},test:{NEW_KEY.partition(':')[2]}"}
    lines = credentials({**environment, **twice}, "verify", "--tenant", "acme", status=1)
    assert lines == ["error: vault keys: an id stands twice; give every key an id of its own"]


def test_a_credential_that_is_removed_is_forgotten_and_the_other_tenant_keeps_its_own(
    environment: dict[str, str], wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    one = ("remove", "--tenant", "acme", "--service", "shopify_uk")
    assert credentials(environment, *one) == ["shopify_uk: removed from acme"]
    assert credentials(environment, "verify", "--tenant", "acme") == ["shopify_uk: holds no secret"]
    again = credentials(environment, *one, status=2)
    assert "no active credential of 'shopify_uk'" in again[-1]
    opens = "shopify_uk credentials_encrypted: opens, key test"
    assert credentials(environment, "verify", "--tenant", "globex") == [opens]
    with tenant_transaction(wiring.database, acme) as connection:
        entry = connection.execute(
            "SELECT action FROM public.audit_logs WHERE tenant_id = %s ORDER BY created_at DESC LIMIT 1",
            (acme,),
        ).fetchone()
    assert entry == {"action": "credential.removed"}
    # One that is suspended is let go as well.
    assert run(environment, "tenants", "suspend", "globex").returncode == 0
    other = ("remove", "--tenant", "globex", "--service", "shopify_uk")
    assert credentials(environment, *other) == ["shopify_uk: removed from globex"]


def test_verify_asks_the_vendors_who_lets_us_in(
    environment: dict[str, str], served: tuple[Starlette, str]
) -> None:
    app, url = served
    asking = {**environment, "SHOPIFY_BASE_URL": f"{url}/shops/{{shop_domain}}"}
    ledger = ledger_of(5, "shopify_uk", 1, datetime(2026, 11, 20, tzinfo=UTC))
    app.state.reception.open(ledger_shop("acme.myshopify.com", ledger))
    given = GIVEN.replace("shpat_secret", "token-acme.myshopify.com")
    assert run(asking, "credentials", "set", "--tenant", "acme", given=given).returncode == 0
    opens = "shopify_uk credentials_encrypted: opens, key test"
    assert credentials(asking, "verify", "--tenant", "acme", "--ask") == [
        opens,
        "shopify_uk: lets us in; Gifts UK, GBP, Europe/London",
    ]
    refused = credentials(asking, "verify", "--tenant", "globex", "--ask", status=1)
    assert refused[0] == opens
    assert "connect the account again" in refused[1]
    # Who stores it and looks on reads at once whether it fits.
    stored = run(asking, "credentials", "set", "--tenant", "globex", "--ask", given=given)
    assert stored.returncode == 0, stored.stderr
    first, *asked = stored.stdout.splitlines()
    assert first == "shopify_uk: stored for globex"
    _, lets_in, differs = credentials(asking, "verify", "--tenant", "globex", "--ask")
    assert asked == [lets_in, differs]
    assert lets_in == "shopify_uk: lets us in; Gifts UK, GBP, Europe/London"
    assert differs.startswith(
        "shopify_uk: the shop sells in GBP and the company counts in USD; its sales and costs are converted "
    )
