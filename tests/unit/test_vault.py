"""Sealing and opening secrets."""

import base64
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import RateLimited, VaultError
from shared.security.vault import AesGcmVault, KeyRing

KEY_1 = base64.b64encode(bytes(range(32))).decode()
KEY_2 = base64.b64encode(bytes(range(32, 64))).decode()
PLACE = "tenant_1/api_credentials/credentials_encrypted/row-1"
# Made with the key of bytes 0..31 and a nonce of bytes 0..11; any AES-256-GCM opens it.
SEALED = "clq1.k1.AAECAwQFBgcICQoLJiKlfqaXp2-tNfjg1If65dtKoYCLXXPz7Ki9rUFs"


def vault(keys: str = f"k1:{KEY_1}") -> AesGcmVault:
    return AesGcmVault(KeyRing.parse(keys))


def test_the_published_vector_opens() -> None:
    assert vault().open(SEALED, PLACE) == b"a secret token"


@given(st.binary(max_size=2000))
def test_what_is_sealed_opens_again(secret: bytes) -> None:
    assert vault().open(vault().seal(secret, PLACE), PLACE) == secret


def test_a_secret_seals_differently_each_time() -> None:
    assert vault().seal(b"token", PLACE) != vault().seal(b"token", PLACE)


def test_a_value_moved_to_another_row_does_not_open() -> None:
    sealed = vault().seal(b"token", PLACE)
    with pytest.raises(VaultError, match="does not open"):
        vault().open(sealed, PLACE.replace("row-1", "row-2"))


def test_a_wrong_key_gives_one_line_without_the_secret() -> None:
    sealed = vault().seal(b"token", PLACE)
    with pytest.raises(VaultError) as caught:
        vault(f"k1:{KEY_2}").open(sealed, PLACE)
    assert "CAPLIQUIFY_VAULT_KEYS" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "token" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_key_that_is_not_on_the_ring_is_named_by_its_id() -> None:
    sealed = vault(f"old:{KEY_2}").seal(b"token", PLACE)
    with pytest.raises(VaultError, match="key 'old', which is not on the key ring"):
        vault().open(sealed, PLACE)


def test_the_first_key_seals_and_all_keys_open() -> None:
    sealed = vault().seal(b"token", PLACE)
    both = vault(f"k2:{KEY_2},k1:{KEY_1}")
    assert both.open(sealed, PLACE) == b"token"
    assert both.seal(b"token", PLACE).startswith("clq1.k2.")


@pytest.mark.parametrize("position", [8, 20, 40])
def test_a_changed_value_does_not_open(position: int) -> None:
    sealed = vault().seal(b"a secret token", PLACE)
    other = "A" if sealed[position] != "A" else "B"
    with pytest.raises(VaultError):
        vault().open(sealed[:position] + other + sealed[position + 1 :], PLACE)


@pytest.mark.parametrize("text", ["", "plain", "clq1.k1.", "clq1.k1.!!!", "clq1.k1.AAAA"])
def test_what_was_never_sealed_is_refused(text: str) -> None:
    with pytest.raises(VaultError):
        vault().open(text, PLACE)


@pytest.mark.parametrize("keys", ["", "k1:short", "k1:c2hvcnQ=", "bad id:" + KEY_1])
def test_a_bad_key_ring_is_refused_in_one_line(keys: str) -> None:
    with pytest.raises(VaultError) as caught:
        KeyRing.parse(keys)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "keys", [KEY_1, f"{KEY_1}:{KEY_2}", f"k1:{KEY_1}!", KEY_1.replace("=", ":")]
)
def test_a_mistyped_key_ring_never_shows_a_key(keys: str) -> None:
    with pytest.raises(VaultError) as caught:
        KeyRing.parse(keys)
    assert KEY_1[:20] not in str(caught.value)
    assert KEY_2[:20] not in str(caught.value)


def test_a_key_ring_shows_no_key() -> None:
    assert KEY_1 not in repr(KeyRing.parse(f"k1:{KEY_1}"))


def test_errors_survive_pickling() -> None:
    copy = pickle.loads(pickle.dumps(RateLimited("wait", 2.5)))  # noqa: S301 - our own bytes
    assert (copy.message, copy.retry_after_s) == ("wait", 2.5)
