"""Xero's tokens and connections over a real socket, and how the sandbox is set from outside."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest

from sandbox.xero.api import ACCESS_TOKEN, REFRESH_TOKEN
from sandbox.xero.maker import make_xero_ledger
from sandbox.xero.tokens import CLIENT_ID, CLIENT_SECRET
from shared.connectors.xero.connector import XeroConnector
from shared.connectors.xero.credential import XeroCredential
from shared.connectors.xero.organisation import find_organisation
from shared.connectors.xero.token import XeroTokenSource
from shared.errors import CredentialRejected, InvalidInput, VendorUnavailable
from shared.http.access import TokenAccess
from shared.http.client import VendorHttp
from tests.fixtures.xero_scene import (
    XeroScene,
    XeroStage,
    assert_open_is_true,
    clock,
    open_stage,
    plain_http,
    vendor_http,
)


@pytest.fixture(scope="module")
def stage() -> Iterator[XeroStage]:
    with open_stage() as opened:
        yield opened


@pytest.fixture
def scene(stage: XeroStage) -> XeroScene:
    shown = stage.show(make_xero_ledger(11, 60))
    shown.sandbox.pages.largest_page = 20
    return shown


def test_a_token_that_ends_in_the_middle_is_renewed(scene: XeroScene) -> None:
    secret = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    credential = XeroCredential.parse({**secret, "refresh_token": REFRESH_TOKEN})
    with VendorHttp("xero", scene.url, {}, attempts=1) as identity:
        source = XeroTokenSource(identity, credential, clock)
        kept = [source.refresh(REFRESH_TOKEN)]

        def token(refused: str | None) -> str:
            if refused == kept[-1].access_token:
                kept.append(source.refresh(str(kept[-1].refresh_token)))
            return kept[-1].access_token

        access = TokenAccess("Authorization", token, prefix="Bearer ")
        with VendorHttp("xero", scene.url, access, attempts=1) as http:
            connector = XeroConnector(http, scene.organisation_id, scene.limit, clock)
            pages = connector.invoice_pages(None, None)
            first = next(pages)
            scene.sandbox.tokens.put_forward(1801)
            rest = [record for page in pages for record in page.records]
    records = {each.source_invoice_id: each for each in (*first.records, *rest)}
    assert len(kept) == 2
    assert_open_is_true(scene, records)


def test_tokens_rotate_and_the_old_one_works_for_half_an_hour(scene: XeroScene) -> None:
    secret = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    credential = XeroCredential.parse({**secret, "refresh_token": REFRESH_TOKEN})
    with VendorHttp("xero", scene.url, {}, attempts=1) as http:
        source = XeroTokenSource(http, credential, clock)
        scene.arm("lose_answer_after_rotation")
        with pytest.raises(VendorUnavailable):
            source.refresh(credential.refresh_token)
        found = source.refresh(credential.refresh_token)
        assert abs(found.expires_at - clock() - timedelta(minutes=30)) < timedelta(seconds=10)
        data = vendor_http(scene.url, found.access_token)
        assert find_organisation(data, credential.organisation_id) == scene.organisation_id
        scene.sandbox.tokens.put_forward(1801)
        with pytest.raises(CredentialRejected):
            find_organisation(data, "")
        with pytest.raises(CredentialRejected, match="invalid_grant"):
            source.refresh(credential.refresh_token)
        assert found.refresh_token is not None
        scene.sandbox.tokens.put_forward(50 * 86_400)
        assert source.refresh(found.refresh_token).refresh_token != found.refresh_token
        wrong = XeroCredential(CLIENT_ID, "wrong", "xero-sandbox-refresh")
        with pytest.raises(CredentialRejected, match="invalid_client"):
            XeroTokenSource(http, wrong, clock).refresh("any")


def test_an_organisation_must_be_named_where_there_are_several(scene: XeroScene) -> None:
    http = vendor_http(scene.url, ACCESS_TOKEN)
    scene.sandbox.organisations.append("another")
    with pytest.raises(InvalidInput, match="2 organisations"):
        find_organisation(http, "")
    scene.sandbox.organisations.clear()
    with pytest.raises(InvalidInput, match="connected to none"):
        find_organisation(http, "")


def test_the_sandbox_is_set_from_outside(scene: XeroScene) -> None:
    http, control = plain_http(), f"{scene.url}/control/xero"
    armed = http.post(f"{control}/faults", json={"fault": "forbidden", "times": 2, "after": 1})
    assert armed.json() == {"armed": ["forbidden"]}
    assert http.post(f"{control}/faults", json={"fault": "unknown"}).status_code == 400
    assert http.delete(f"{control}/faults").json() == {"armed": []}
    state = http.post(control, json={"clock": "2026-03-01T08:00:00+00:00", "day_limit": 7}).json()
    assert state["clock"] == "2026-03-01T08:00:00+00:00"
    assert state["limits"]["X-DayLimit-Remaining"] == "7"
    assert http.post(control, json={"unknown": 1}).status_code == 400
    truth = http.get(f"{control}/truth", params={"day": "2026-02-28"}).json()
    served = {(row[0], row[1]): Decimal(row[2]) for row in truth["balances"]}
    assert served == {
        (key[0].value, key[1]): amount
        for key, amount in scene.ledger.truth(date(2026, 2, 28)).items()
    }
    assert len(truth["open"]) == len(scene.ledger.open_documents())
    json.dumps(http.get(control).json())
