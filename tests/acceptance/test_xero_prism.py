"""The connector against a mock server that others wrote, serving Xero's own specification."""

import copy
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shared.connectors.xero.client import ROOT
from shared.connectors.xero.connector import XeroConnector
from shared.domain.limit import NoLimit
from shared.errors import GiveUp, VendorUnavailable
from shared.http.client import VendorHttp
from shared.use_cases.vendors import Books, Call
from tests.fixtures.xero_scene import SPECIFICATION, clock, plain_http

pytestmark = pytest.mark.acceptance

PRISM = Path(__file__).with_name("prism") / "node_modules" / "@stoplight" / "prism-cli"
SINCE = datetime(2018, 1, 1, tzinfo=UTC)
DAY = date(2019, 4, 30)
ENDLESS = "/endless"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Prism, where it, Node.js and the specification are there."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not on the PATH: `node` runs Prism in this test")
    if not PRISM.is_dir():
        pytest.skip("Prism is not here; run `npm ci --prefix tests/acceptance/prism`")
    if not SPECIFICATION.exists():
        pytest.skip("Xero's specification is not here; CAPLIQUIFY_SHARED names its folder")
    served = tmp_path_factory.mktemp("prism") / "xero.json"
    served.write_text(json.dumps(specification()), encoding="utf-8")
    port = free_port()
    command = [node, str(PRISM / "dist" / "index.js"), "mock", "--host", "127.0.0.1", "--errors"]
    log = served.with_suffix(".log")
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [*command, "--port", str(port), str(served)], stdout=output, stderr=output
        ) as prism,
    ):
        try:
            wait_for(port, prism, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            prism.terminate()


def specification() -> dict[str, Any]:
    """The official one under the path of its server, and once more with pages that give no size."""
    reported: dict[str, Any] = json.loads(SPECIFICATION.read_text(encoding="utf-8"))
    paths = {ROOT + path: operations for path, operations in reported["paths"].items()}
    for path in (ROOT + "/Invoices", ROOT + "/Organisation"):
        endless = copy.deepcopy(paths[path])
        answer = endless["get"]["responses"]["200"]["content"]["application/json"]
        answer["example"].pop("pagination", None)
        endless["get"]["operationId"] += "Endless"
        paths[ENDLESS + path] = endless
    return {**reported, "paths": paths}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int, prism: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and prism.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8"))


@pytest.fixture
def statuses() -> list[str]:
    return []


@pytest.fixture
def connector(url: str, statuses: list[str]) -> Iterator[XeroConnector]:
    with open_http(url, statuses) as http:
        yield connect(http)
    # Prism refuses what the specification does not allow.
    assert set(statuses) == {"200"}


def open_http(url: str, statuses: list[str]) -> VendorHttp:
    secret = {"Authorization": "Bearer any"}
    return VendorHttp("xero", url, secret, attempts=1, on_answer=statuses.append)


def connect(http: VendorHttp) -> XeroConnector:
    return XeroConnector(http, "any", lambda _account, _quota: NoLimit(), clock)


def test_the_books_are_described(connector: XeroConnector) -> None:
    name = "Dev Evangelist - Sid Test 3 (NZ-2016-02)"
    account = "b2c885a9-4bb9-4a00-9b6e-6c2bf60b1a2b"
    assert connector.describe_books() == Books(name, "NZD", "Pacific/Auckland", account)


def test_balances_are_asked_for_as_the_vendor_wants(connector: XeroConnector) -> None:
    # The examples belong to different organisations: no amount of this balance sheet is the one bank
    # account's, and what a sheet that cannot be read whole leaves out is not at zero.
    reported = connector.balances_on(DAY)
    assert [(each.account_class, each.amount) for each in reported.balances] == []
    assert not reported.whole
    assert len(reported.rejected) == 10
    assert list(connector.check_bank(DAY).differences) == []


def test_pages_are_asked_for_as_the_vendor_wants(connector: XeroConnector) -> None:
    (invoices,) = connector.invoice_pages(SINCE, None, "invoices")
    (credit_notes,) = connector.invoice_pages(SINCE, None, "credit_notes")
    assert (invoices.rejected, credit_notes.rejected) == ((), ())
    due = [each.amount_due for each in (*invoices.records, *credit_notes.records)]
    assert due == [Decimal(0), Decimal(0), Decimal("115.0"), Decimal("-32.5")]


def test_a_server_that_shows_the_same_page_for_ever_is_left(url: str, statuses: list[str]) -> None:
    with open_http(url + ENDLESS, statuses) as http:
        pages = connect(http).invoice_pages(SINCE, None)
        assert len(next(pages).records) == 3
        with pytest.raises(VendorUnavailable, match="page 2 of Invoices came twice"):
            next(pages)
    assert statuses == ["200"] * 3


def test_prism_notices_a_wrong_request(url: str, statuses: list[str]) -> None:
    path = f"{url}{ROOT}/Reports/BalanceSheet"
    headers = {"xero-tenant-id": "any", "Authorization": "Bearer any"}
    assert plain_http().get(path, params={"date": "soon"}, headers=headers).status_code == 422
    with open_http(url, statuses) as http, pytest.raises(GiveUp, match="404"):
        http.send(Call("GET", f"{ROOT}/Invoice"))
