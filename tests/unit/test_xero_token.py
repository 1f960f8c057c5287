"""Xero's credential and its token endpoint, answer by answer."""

import base64
from datetime import UTC, datetime

import pytest

from shared.connectors.xero.credential import XeroCredential
from shared.connectors.xero.token import XeroTokenSource
from shared.errors import CapLiquifyError, CredentialRejected, InvalidInput, VendorUnavailable
from shared.use_cases.vendors import Answer
from tests.fixtures.xero_scene import CREDENTIAL, SECRET, Scripted

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ORGANISATION = "a46fcb6f-2773-40c4-a119-8aa08bca1e8e"


def refresh(status: int, body: object) -> Scripted:
    api = Scripted(Answer(status, {}, body))
    XeroTokenSource(api, CREDENTIAL, lambda: NOW).refresh("older")
    return api


def test_a_credential_is_read() -> None:
    credential = XeroCredential.parse({**SECRET, "organisation_id": ORGANISATION.upper()})
    assert credential.organisation_id == ORGANISATION
    assert XeroCredential.parse(SECRET).organisation_id == ""
    assert "hush" not in repr(credential)
    assert "older" not in repr(credential)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"client_id": ""}, "client_id: is missing"),
        ({"client_secret": "two words"}, "client_secret: is missing or holds a character"),
        ({"refresh_token": "töken"}, "refresh_token: is missing or holds a character"),
        ({"organisation_id": "my company"}, "organisation_id: is not a UUID"),
        ({"tenant": "x"}, "tenant: is not known; there are client_id"),
    ],
)
def test_a_wrong_credential_names_the_field_and_never_its_value(
    change: dict[str, str], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said) as raised:
        XeroCredential.parse({**SECRET, **change})
    for value in ("two words", "töken", "my company"):
        assert value not in raised.value.message


def test_tokens_are_asked_for_with_the_apps_own_name() -> None:
    api = refresh(200, {"access_token": "a", "refresh_token": "r", "expires_in": 1800})
    (call,) = api.calls
    assert (call.method, call.path) == ("POST", "/connect/token")
    assert call.form == {"grant_type": "refresh_token", "refresh_token": "older"}
    pair = base64.b64encode(b"id:hush").decode()
    assert call.headers["Authorization"] == f"Basic {pair}"
    assert "hush" not in repr(CREDENTIAL)


@pytest.mark.parametrize(
    ("status", "body", "error", "said"),
    [
        (400, {"error": "invalid_grant"}, CredentialRejected, "invalid_grant.*connect Xero again"),
        (400, {"error": "invalid_client"}, CredentialRejected, "client_id or client_secret"),
        (401, None, CredentialRejected, "client_id or client_secret"),
        (400, {"error": "unauthorized_client"}, CredentialRejected, "no new token"),
        (200, {"access_token": "a", "expires_in": 1800}, VendorUnavailable, "not its shape"),
        (200, {"access_token": "a", "refresh_token": "r"}, VendorUnavailable, "not its shape"),
        (
            200,
            {"access_token": "", "refresh_token": "r", "expires_in": 1},
            VendorUnavailable,
            "shape",
        ),
        (200, [], VendorUnavailable, "not its shape"),
    ],
)
def test_every_other_answer_is_an_error(
    status: int, body: object, error: type[CapLiquifyError], said: str
) -> None:
    with pytest.raises(error, match=said):
        refresh(status, body)
