"""Stored secrets of another form: pgcrypto's are read and upgraded; cut off or strange ones are one clear line."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from shared.domain.credential import StoredCredential
from shared.embedded.urls import ServiceUrls
from shared.errors import VaultError
from shared.persistence.binding import schema_of
from shared.use_cases.rotate_keys import RotationResult
from shared.use_cases.store_credential import credential_place, open_credential
from tests.conftest import VAULT_KEYS, environment_of
from tests.fixtures.credentials import (
    OLD,
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
from workers.settings import Settings
from workers.wiring import Wiring, build_wiring

PGP_KEY = "a key of pgcrypto"
HEX = "public.pgp_sym_encrypt(%s, %s)::text"
ARMORED = "public.armor(public.pgp_sym_encrypt(%s, %s))"
BOTH_FORMS = pytest.mark.parametrize("form", [HEX, ARMORED], ids=["hex", "armored"])


@pytest.fixture
def with_pgcrypto(
    database_url: str, services: ServiceUrls
) -> Iterator[Callable[[str], AbstractContextManager[Wiring]]]:
    """Wirings that have a key of pgcrypto, and one connection a login: nobody may need two at once."""

    @contextmanager
    def built(key: str) -> Iterator[Wiring]:
        environment = environment_of(database_url, services.redis_url)
        more = {"CAPLIQUIFY_PGCRYPTO_KEY": key, "CAPLIQUIFY_POOL_MAX": "1"}
        with build_wiring(Settings.model_validate({**environment, **more})) as wiring:
            yield wiring

    yield built


def seal_by_pgcrypto(wiring: Wiring, tenant_id: UUID, form: str, secret: str) -> None:
    """Stores a credential as it was before there was a vault; pgcrypto itself seals it, as the owner."""
    with psycopg.connect(wiring.settings.url_of("direct") or "") as connection:
        connection.execute(
            sql.SQL("SET search_path = {}").format(sql.Identifier(schema_of(tenant_id)))
        )
        connection.execute(
            "INSERT INTO api_credentials (company_id, service_name, service_type, credentials_encrypted) "
            f"SELECT id, 'shopify_uk', 'ecommerce', {form} FROM companies",
            (secret, PGP_KEY),
        )


@BOTH_FORMS
def test_a_value_of_pgcrypto_is_read_and_upgraded_by_a_rotation(
    wiring: Wiring,
    acme: UUID,
    globex: UUID,
    with_pgcrypto: Callable[[str], AbstractContextManager[Wiring]],
    form: str,
) -> None:
    for tenant in (acme, globex):
        seal_by_pgcrypto(wiring, tenant, form, '{"token": "Schlüssel 鍵"}')
    with with_pgcrypto(PGP_KEY) as legacy:
        acme_opener, globex_opener = (opener_of(legacy, each) for each in (acme, globex))
        with acme_opener() as work:
            stored = work.credentials.get("shopify_uk")
        assert open_credential(legacy.vault, acme, stored) == {"token": "Schlüssel 鍵"}
        assert keys_of(acme_opener) == ["(pgcrypto)"]
        assert rotate_with(acme_opener, legacy.vault) == RotationResult(1, 0, 0, 0, ())
        assert keys_of(acme_opener) == ["test"]
        assert secrets_of(acme_opener, ring(VAULT_KEYS)) == ['{"token": "Schlüssel 鍵"}']
        assert keys_of(globex_opener) == ["(pgcrypto)"]
    former = {"credentials_encrypted": "(pgcrypto)"}
    assert audited(wiring, acme) == [
        {"service_name": "shopify_uk", "key_id": "test", "former_key_ids": former}
    ]


@BOTH_FORMS
def test_a_value_of_pgcrypto_is_upgraded_by_the_next_write(
    wiring: Wiring, acme: UUID, globex: UUID, form: str
) -> None:
    for tenant in (acme, globex):
        seal_by_pgcrypto(wiring, tenant, form, '{"token": "older"}')
    connect(opener_of(wiring, acme), wiring.vault, "shopify_uk")
    assert keys_of(opener_of(wiring, acme)) == ["test"]
    assert keys_of(opener_of(wiring, globex)) == ["(pgcrypto)"]


@BOTH_FORMS
def test_without_the_key_of_pgcrypto_one_line_names_the_setting(
    wiring: Wiring, acme: UUID, globex: UUID, form: str
) -> None:
    for tenant in (acme, globex):
        seal_by_pgcrypto(wiring, tenant, form, '{"token": "older"}')
    before = sealed_of(opener_of(wiring, acme))
    result = rotate_with(opener_of(wiring, acme), wiring.vault)
    assert result.unopenable == 1
    assert result.problems[0].startswith(
        "shopify_uk credentials_encrypted: vault: the value was sealed by pgcrypto; "
        "set CAPLIQUIFY_PGCRYPTO_KEY"
    )
    assert sealed_of(opener_of(wiring, acme)) == before


@BOTH_FORMS
@pytest.mark.parametrize("key", ["another key", PGP_KEY])
def test_a_value_of_pgcrypto_that_does_not_open_is_one_line_without_the_key(
    wiring: Wiring,
    acme: UUID,
    with_pgcrypto: Callable[[str], AbstractContextManager[Wiring]],
    form: str,
    key: str,
) -> None:
    seal_by_pgcrypto(wiring, acme, form, '{"token": "older"}')
    with wiring.unit_of_work(acme, actor="test")() as work:
        sealed = work.credentials.get("shopify_uk").sealed
    # Wrong key: the whole value; right key: values cut off at an odd digit, an even one, and early.
    values = [sealed] if key != PGP_KEY else [sealed[:-31], sealed[:-32], sealed[:40]]
    with with_pgcrypto(key) as legacy:
        for value in values:
            with pytest.raises(VaultError, match="CAPLIQUIFY_PGCRYPTO_KEY") as caught:
                legacy.vault.open(value, "anywhere")
            assert "\n" not in caught.value.message
            assert key not in caught.value.message
            assert caught.value.__cause__ is None


@pytest.mark.parametrize("text", ["api_key_secret", '["api_key_secret"]', ""])
def test_a_secret_that_is_no_json_object_is_one_line_without_it(acme: UUID, text: str) -> None:
    sealed = ring(VAULT_KEYS).seal(text.encode(), credential_place(acme, acme))
    stored = StoredCredential(acme, acme, "shopify_uk", "ecommerce", sealed)
    with pytest.raises(VaultError, match="is no JSON object") as caught:
        open_credential(ring(VAULT_KEYS), acme, stored)
    assert "api_key_secret" not in caught.value.message
    assert caught.value.__context__ is None


@pytest.mark.parametrize("kept", [1, 10, 20, 40])
def test_a_truncated_secret_is_one_clear_line(
    wiring: Wiring, acme: UUID, globex: UUID, kept: int
) -> None:
    for tenant in (acme, globex):
        connect(opener_of(wiring, tenant), ring(OLD), "shopify_uk")
    with opener_of(wiring, acme)() as work:
        stored = work.credentials.get("shopify_uk")
    put(wiring, acme, stored.id, "credentials_encrypted", stored.sealed[:kept])
    with opener_of(wiring, acme)() as work:
        cut = work.credentials.get("shopify_uk")
    with pytest.raises(VaultError) as caught:
        open_credential(ring(OLD), acme, cut)
    assert caught.value.message.startswith("vault: the ")
    assert "\n" not in caught.value.message
    assert "first" not in caught.value.message
    assert secrets_of(opener_of(wiring, globex), ring(OLD)) == ['{"token": "first shopify_uk"}']


def test_a_token_copied_to_another_column_or_tenant_does_not_open(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    for tenant in (acme, globex):
        connect_all(wiring, tenant, ring(OLD))
    sealed = sealed_of(opener_of(wiring, acme))["shopify_usa access_token_encrypted"]
    for tenant in (acme, globex):
        with opener_of(wiring, tenant)() as work:
            identity = work.credentials.get("shopify_usa").id
        put(wiring, tenant, identity, "refresh_token_encrypted", sealed)
        result = rotate_with(opener_of(wiring, tenant), ring(OLD))
        assert (result.resealed, result.current, result.unopenable) == (0, 4, 1)
        assert result.problems[0].startswith(
            "shopify_usa refresh_token_encrypted: vault: the secret"
        )


def test_every_setting_that_is_a_key_is_kept_out_of_what_people_see() -> None:
    settings = Settings.model_validate({"CAPLIQUIFY_PGCRYPTO_KEY": "a key, with: signs://x"})
    assert "a key, with: signs://x" in settings.secrets()
    assert "with: signs" not in repr(settings)
