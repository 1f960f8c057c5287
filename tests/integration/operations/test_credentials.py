"""Rotation of the vault's keys: cut off, overtaken, with a wrong key, and never at another tenant."""

from collections.abc import Callable
from uuid import UUID

import pytest
from pydantic import SecretStr

from shared.domain.job import JobState
from shared.persistence.jobs.job_ledger import JobLedger, JobOrder
from shared.security.vault import AesGcmVault, KeyRing
from shared.use_cases.rotate_keys import RotationResult
from tasks.credentials import rotate
from tests.conftest import VAULT_KEYS
from tests.fixtures.credentials import (
    ALL_SECRETS,
    COLUMNS,
    NEW,
    OLD,
    WRONG_OLD,
    audited,
    connect,
    connect_all,
    keys_of,
    opener_of,
    put,
    ring,
    rotate_with,
    sealed_of,
    secrets_of,
)
from tests.fixtures.shops import CutOff
from workers.execution import execute
from workers.wiring import Wiring, build_wiring


class Interrupted(AesGcmVault):
    """Does something before it seals the n-th secret."""

    def __init__(self, keys: KeyRing, before: int, action: Callable[[], object]) -> None:
        super().__init__(keys)
        self._left = before
        self._action = action

    def seal(self, secret: bytes, place: str) -> str:
        self._left -= 1
        if self._left == 0:
            self._action()
        return super().seal(secret, place)


def cut_off() -> None:
    raise CutOff


def test_rotation_seals_everything_again_and_leaves_the_other_tenant_alone(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    for tenant in (acme, globex):
        connect_all(wiring, tenant, ring(OLD))
    before = sealed_of(opener_of(wiring, globex))
    assert rotate_with(opener_of(wiring, acme), ring(NEW, OLD)) == RotationResult(5, 0, 0, 0, ())
    assert keys_of(opener_of(wiring, acme)) == ["new"] * 5
    assert secrets_of(opener_of(wiring, acme), ring(NEW)) == ALL_SECRETS
    assert sealed_of(opener_of(wiring, globex)) == before
    assert secrets_of(opener_of(wiring, globex), ring(OLD)) == ALL_SECRETS
    assert audited(wiring, globex) == []


def test_rotation_is_audited_with_the_ids_of_keys_only(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    connect_all(wiring, acme, ring(OLD))
    rotate_with(opener_of(wiring, acme), ring(NEW, OLD))
    assert audited(wiring, acme) == [
        {"service_name": "shopify_eu", "key_id": "new", "former_key_ids": {COLUMNS[0]: "old"}},
        {"service_name": "shopify_uk", "key_id": "new", "former_key_ids": {COLUMNS[0]: "old"}},
        {
            "service_name": "shopify_usa",
            "key_id": "new",
            "former_key_ids": dict.fromkeys(COLUMNS, "old"),
        },
    ]
    assert audited(wiring, globex) == []


def test_a_second_rotation_changes_nothing(wiring: Wiring, acme: UUID, globex: UUID) -> None:
    for tenant in (acme, globex):
        connect_all(wiring, tenant, ring(OLD))
    rotate_with(opener_of(wiring, acme), ring(NEW, OLD))
    before = sealed_of(opener_of(wiring, acme))
    assert rotate_with(opener_of(wiring, acme), ring(NEW, OLD)) == RotationResult(0, 5, 0, 0, ())
    assert sealed_of(opener_of(wiring, acme)) == before
    assert len(audited(wiring, acme)) == 3


# In the second credential, and in the third one between its first secret and the next.
@pytest.mark.parametrize(("cut_before", "done"), [(2, 1), (4, 2)])
def test_a_rotation_cut_off_in_the_middle_goes_on_with_the_rest(
    wiring: Wiring, acme: UUID, globex: UUID, cut_before: int, done: int
) -> None:
    for tenant in (acme, globex):
        connect_all(wiring, tenant, ring(OLD))
    keys = KeyRing.parse(f"{NEW},{OLD}")
    with pytest.raises(CutOff):
        rotate_with(opener_of(wiring, acme), Interrupted(keys, cut_before, cut_off))
    assert keys_of(opener_of(wiring, acme)) == ["new"] * done + ["old"] * (5 - done)
    assert secrets_of(opener_of(wiring, acme), ring(NEW, OLD)) == ALL_SECRETS
    rest = rotate_with(opener_of(wiring, acme), ring(NEW, OLD))
    assert rest == RotationResult(5 - done, done, 0, 0, ())
    assert secrets_of(opener_of(wiring, acme), ring(NEW)) == ALL_SECRETS
    assert keys_of(opener_of(wiring, globex)) == ["old"] * 5


def test_a_credential_stored_during_the_rotation_is_not_overwritten(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    for tenant in (acme, globex):
        connect(opener_of(wiring, tenant), ring(OLD), "shopify_uk")
    opener = opener_of(wiring, acme)

    def store() -> None:
        connect(opener, ring(OLD), "shopify_uk", "second")

    vault = Interrupted(KeyRing.parse(f"{NEW},{OLD}"), 1, store)
    assert rotate_with(opener, vault) == RotationResult(0, 0, 1, 0, ())
    assert secrets_of(opener, ring(OLD)) == ['{"token": "second shopify_uk"}']
    assert audited(wiring, acme) == []
    assert rotate_with(opener, ring(NEW, OLD)) == RotationResult(1, 0, 0, 0, ())
    assert secrets_of(opener, ring(NEW)) == ['{"token": "second shopify_uk"}']
    assert secrets_of(opener_of(wiring, globex), ring(OLD)) == ['{"token": "first shopify_uk"}']


@pytest.mark.parametrize("keys", [(NEW,), (NEW, WRONG_OLD), (WRONG_OLD,)])
def test_with_a_wrong_key_nothing_is_half_done(
    wiring: Wiring, acme: UUID, globex: UUID, keys: tuple[str, ...]
) -> None:
    for tenant in (acme, globex):
        connect_all(wiring, tenant, ring(OLD))
    before = [sealed_of(opener_of(wiring, tenant)) for tenant in (acme, globex)]
    result = rotate_with(opener_of(wiring, acme), ring(*keys))
    assert (result.resealed, result.current, result.overtaken, result.unopenable) == (0, 0, 0, 5)
    assert [problem.split(":")[0] for problem in result.problems] == [
        "shopify_eu credentials_encrypted",
        "shopify_uk credentials_encrypted",
        "shopify_usa credentials_encrypted",
        "shopify_usa access_token_encrypted",
        "shopify_usa refresh_token_encrypted",
    ]
    assert all("'old'" in problem and "\n" not in problem for problem in result.problems)
    assert [sealed_of(opener_of(wiring, tenant)) for tenant in (acme, globex)] == before
    assert audited(wiring, acme) == []


def test_one_secret_that_does_not_open_is_reported_and_kept_while_the_others_go_on(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    for tenant in (acme, globex):
        connect_all(wiring, tenant, ring(OLD))
    opener = opener_of(wiring, acme)
    with opener() as work:
        identity = work.credentials.get("shopify_usa").id
    put(wiring, acme, identity, "access_token_encrypted", "never sealed")
    result = rotate_with(opener, ring(NEW, OLD))
    assert result == RotationResult(
        4,
        0,
        0,
        1,
        (
            "shopify_usa access_token_encrypted: vault: the stored value is not a sealed secret "
            "of this system",
        ),
    )
    assert sealed_of(opener)["shopify_usa access_token_encrypted"] == "never sealed"
    assert keys_of(opener_of(wiring, globex)) == ["old"] * 5


def test_the_job_rotates_its_own_tenant_and_its_row_holds_no_secret(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    for tenant in (acme, globex):
        connect(opener_of(wiring, tenant), ring(OLD), "shopify_uk")
        connect(opener_of(wiring, tenant), ring(VAULT_KEYS), "shopify_eu")
    keys = wiring.settings.model_copy(update={"vault_keys": SecretStr(f"{VAULT_KEYS},{OLD}")})
    with build_wiring(keys) as both:
        order = JobOrder(acme, "credentials.rotate_keys", {}, "test")
        job = JobLedger(both.dispatcher).place_here(order)
        assert execute(rotate, job.as_lease(), both, worker="w") is JobState.SUCCEEDED
        ended = both.ledger.get(acme, job.id)
    assert ended.result == {
        "resealed": 1, "current": 1, "overtaken": 0, "unopenable": 0, "problems": [],
    }  # fmt: skip
    assert keys_of(opener_of(wiring, acme)) == ["test", "test"]
    assert keys_of(opener_of(wiring, globex)) == ["test", "old"]
