"""The vault's keys: a worker with the wrong ones does not start, and no job is lost for want of one."""

from uuid import UUID

import pytest

from shared.domain.events import nothing_follows
from shared.domain.job import JobState
from shared.embedded.urls import ServiceUrls
from shared.errors import KeyMissing, VaultError
from shared.persistence.jobs.job_ledger import JobLedger
from shared.persistence.tenants.logins import login_url
from shared.security.vault import KeyRing
from shared.use_cases.store_credential import store_credential
from tests.acceptance.test_command_line import assert_one_line, run
from tests.conftest import VAULT_KEYS, environment_of
from tests.fixtures.echo import deliver
from workers.definition import TASKS
from workers.execution import execute
from workers.keys import check_keys
from workers.migrate import task_contracts
from workers.settings import Settings
from workers.wiring import Wiring, build_wiring

SECRET = {"shop_domain": "acme.myshopify.com", "access_token": "t"}


def with_keys(database_url: str, redis_url: str, keys: str) -> Wiring:
    environment = environment_of(database_url, redis_url) | {"CAPLIQUIFY_VAULT_KEYS": keys}
    return build_wiring(Settings.model_validate(environment))


@pytest.mark.parametrize(
    ("key_id", "line"),
    [
        ("test", "test did not seal what bears its name"),
        ("other", "open nothing; the secrets are sealed with test"),
    ],
)
def test_a_worker_whose_keys_open_nothing_does_not_start(
    wiring: Wiring, database_url: str, services: ServiceUrls, key_id: str, line: str
) -> None:
    check_keys(wiring)
    keys = KeyRing.generate(key_id)
    with (
        with_keys(database_url, services.redis_url, keys) as other,
        pytest.raises(VaultError, match=line),
    ):
        check_keys(other)
    environment = environment_of(database_url, services.redis_url)
    ended = run(environment | {"CAPLIQUIFY_VAULT_KEYS": keys}, "worker", "--concurrency", "1")
    assert_one_line(ended, 1, line)


def test_a_new_key_before_the_old_one_is_right_and_leaves_its_own_proof(
    wiring: Wiring, database_url: str, services: ServiceUrls
) -> None:
    check_keys(wiring)
    newer = KeyRing.generate("newer")
    with with_keys(database_url, services.redis_url, f"{newer},{VAULT_KEYS}") as both:
        check_keys(both)
    with with_keys(database_url, services.redis_url, newer) as alone:
        check_keys(alone)


def test_a_job_whose_secret_needs_an_absent_key_waits_for_it(
    wiring: Wiring, acme: UUID, globex: UUID, database_url: str, services: ServiceUrls
) -> None:
    task_contracts()
    opener = wiring.unit_of_work(acme, actor="test", react=nothing_follows)
    store_credential(opener, wiring.vault, "shopify_uk", "ecommerce", SECRET)
    job = JobLedger(wiring.dispatcher).enqueue(acme, "sales.pull", {}, requested_by="t")
    other = KeyRing.generate("other")
    with with_keys(database_url, services.redis_url, other) as without:
        lease = deliver(without, job)
        assert execute(TASKS["sales.pull"], lease, without, worker="w") is JobState.QUEUED
    found = JobLedger(wiring.admin).find(job.id)
    assert (found.attempt, found.error_class) == (0, "KeyMissing")
    assert "sealed with key 'test', which is not on the key ring" in (found.error_message or "")


def test_doctor_opens_a_stored_secret_of_each_key(
    wiring: Wiring, acme: UUID, globex: UUID, database_url: str, services: ServiceUrls
) -> None:
    for tenant, ring in ((acme, VAULT_KEYS), (globex, f"{KeyRing.generate('lost')},{VAULT_KEYS}")):
        with with_keys(database_url, services.redis_url, ring) as used:
            opener = used.unit_of_work(tenant, actor="test", react=nothing_follows)
            store_credential(opener, used.vault, "shopify_uk", "ecommerce", SECRET)
    ended = run(environment_of(database_url, services.redis_url), "doctor")
    assert ended.returncode != 0
    assert "does not open what is stored: lost" in " ".join(ended.stdout.split())


def test_doctor_names_a_login_that_is_not_set_and_one_that_cannot_log_in(
    wiring: Wiring, acme: UUID, database_url: str, services: ServiceUrls
) -> None:
    environment = environment_of(database_url, services.redis_url)
    without = {**environment, "DATABASE_ADMIN_URL": "", "DATABASE_DISPATCHER_URL": ""}
    shown = " ".join(run(without, "doctor").stdout.split())
    assert "DATABASE_ADMIN_URL" in shown
    assert shown.count("which sees no tenant") == 2
    wrong = {**environment, "DATABASE_ADMIN_URL": login_url(database_url, "admin", "wrong")}
    assert_one_line(run(wrong, "tenants", "list"), 1, "DATABASE_ADMIN_URL: PostgreSQL cannot be")


def test_without_any_key_the_error_is_one_that_waits() -> None:
    with pytest.raises(KeyMissing, match="no key is set"):
        KeyRing.parse("")
