"""The sandbox's answers, and our reading of Amazon's own examples, held against the official models."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from starlette.applications import Starlette

from sandbox.amazon.account_ledger import Writer
from sandbox.amazon.api import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, AmazonSandbox
from sandbox.amazon.clock import SandboxClock
from shared.connectors.amazon.client import AmazonClient
from shared.connectors.amazon.marketplaces import find_marketplace
from shared.connectors.amazon.order_lines import order_lines
from shared.connectors.amazon.order_pages import OrderPages
from shared.connectors.amazon.orders import read_order
from shared.connectors.amazon.report_files import look_at_report
from shared.connectors.amazon.sites import Sites
from shared.domain.limit import NoLimit
from shared.domain.window_steps import Basis, SyncWindow
from shared.errors import GiveUp, VendorBusy, VendorUnavailable
from shared.use_cases.vendors import Answer, Call
from tests.fixtures.amazon import Stage, serve

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("CAPLIQUIFY_SHARED", ROOT.parent / "shared"))
AMAZON = SHARED / "vendors" / "amazon"
NOW = datetime(2026, 4, 20, tzinfo=UTC)
SINCE, UNTIL = "2026-03-01T00:00:00Z", "2026-04-10T00:00:00Z"
ORDERS = ("orders_2026-01-01", "/orders/2026-01-01/orders")
FINANCES = ("finances_2024-06-19", "/finances/2024-06-19/transactions")
STOCK = ("fbaInventory", "/fba/inventory/v1/summaries")
SELLERS = ("sellers", "/sellers/v1/marketplaceParticipations")
REPORTS = ("reports_2021-06-30", "/reports/2021-06-30/reports")
REPORT = ("reports_2021-06-30", "/reports/2021-06-30/reports/{reportId}")
DOCUMENT = ("reports_2021-06-30", "/reports/2021-06-30/documents/{reportDocumentId}")
WINDOW = {"createdAfter": SINCE, "createdBefore": UNTIL, "includedData": "PROCEEDS"}
POSTED = {"postedAfter": SINCE, "postedBefore": UNTIL}
MARKET = {"granularityType": "Marketplace", "granularityId": "A1F83G8C2ARO7P",
          "marketplaceIds": "A1F83G8C2ARO7P", "details": "true"}  # fmt: skip


def load(folder: str, name: str) -> Any:
    path = AMAZON / folder / f"{name}.json"
    if not path.exists():
        pytest.skip(
            "Amazon's models are not in this checkout; CAPLIQUIFY_SHARED names their folder"
        )
    return json.loads(path.read_text(encoding="utf-8"))


def check(model: str, path: str, method: str, status: int, body: object) -> None:
    """Raises for an answer that the model of an operation does not allow."""
    document = load("models", model)
    answers = document["paths"][path][method]["responses"]
    schema = {**answers[str(status)]["schema"], "definitions": document["definitions"]}
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(body)


def examples(model: str, operation: str) -> list[Any]:
    return [
        example["response"]
        for example in load("examples", model)
        if example["operationId"] == operation and example["status"] in {200, 202}
    ]


@pytest.fixture
def sandbox() -> AmazonSandbox:
    return AmazonSandbox(Writer(orders=120).write(), SandboxClock(NOW))


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with serve() as served:
        yield served


@pytest.fixture
def client(sandbox: AmazonSandbox, stage: Stage) -> Iterator[httpx.Client]:
    stage.app = Starlette(routes=sandbox.routes)
    with httpx.Client(base_url=stage.url) as opened:
        form = {"grant_type": "refresh_token", "refresh_token": REFRESH_TOKEN,
                "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}  # fmt: skip
        token = opened.post("/auth/o2/token", data=form).json()["access_token"]
        opened.headers["x-amz-access-token"] = token
        yield opened


@pytest.mark.parametrize(
    ("operation", "params"),
    [(ORDERS, WINDOW), (FINANCES, POSTED), (STOCK, MARKET), (SELLERS, {}),
     (REPORTS, {"reportTypes": "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"})],
)  # fmt: skip
def test_an_answer_is_as_the_model_has_it(
    client: httpx.Client, operation: tuple[str, str], params: dict[str, str], sandbox: AmazonSandbox
) -> None:
    sandbox.desk.settle(NOW, NOW)
    answer = client.get(operation[1], params=params)
    assert answer.status_code == 200
    check(*operation, "get", 200, answer.json())
    assert float(answer.headers["x-amzn-RateLimit-Limit"]) > 0


@pytest.mark.parametrize(
    ("operation", "params", "status"),
    [(ORDERS, {}, 400), (ORDERS, {**WINDOW, "createdBefore": NOW.isoformat()}, 400),
     (ORDERS, {**WINDOW, "paginationToken": "gone"}, 400), (FINANCES, {}, 400)],
)  # fmt: skip
def test_a_refusal_is_as_the_model_has_it(
    client: httpx.Client, operation: tuple[str, str], params: dict[str, str], status: int
) -> None:
    answer = client.get(operation[1], params=params)
    assert answer.status_code == status
    check(*operation, "get", status, answer.json())


def test_requests_that_come_too_early_are_refused_as_the_model_has_it(client: httpx.Client) -> None:
    answers = [client.get(ORDERS[1], params=WINDOW) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    check(*ORDERS, "get", 429, answers[-1].json())


def test_an_expired_token_is_refused_as_the_model_has_it(
    client: httpx.Client, sandbox: AmazonSandbox
) -> None:
    sandbox.clock.advance(3601)
    answer = client.get(ORDERS[1], params=WINDOW)
    assert answer.status_code == 403
    check(*ORDERS, "get", 403, answer.json())


def test_a_report_and_its_document_are_as_the_model_has_them(client: httpx.Client) -> None:
    spec = {"reportType": "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL",
            "marketplaceIds": ["A1F83G8C2ARO7P"], "dataStartTime": SINCE, "dataEndTime": UNTIL}  # fmt: skip
    asked = client.post(REPORTS[1], json=spec)
    check(*REPORTS, "post", asked.status_code, asked.json())
    number, seen = asked.json()["reportId"], []
    for _ in range(3):
        report = client.get(f"{REPORTS[1]}/{number}")
        check(*REPORT, "get", 200, report.json())
        seen.append(report.json()["processingStatus"])
    assert seen == ["IN_QUEUE", "IN_PROGRESS", "DONE"]
    found = client.get(f"/reports/2021-06-30/documents/{report.json()['reportDocumentId']}")
    check(*DOCUMENT, "get", 200, found.json())
    assert client.get(found.json()["url"]).status_code == 400
    del client.headers["x-amz-access-token"]
    assert client.get(found.json()["url"]).content.startswith(b"\x1f\x8b")


def test_the_check_notices_a_wrong_answer(client: httpx.Client) -> None:
    body = client.get(ORDERS[1], params=WINDOW).json()
    body["orders"][0]["createdTime"] = 7
    with pytest.raises(jsonschema.ValidationError, match="7 is not of type 'string'"):
        check(*ORDERS, "get", 200, body)
    del body["orders"]
    with pytest.raises(jsonschema.ValidationError, match="'orders' is a required property"):
        check(*ORDERS, "get", 200, body)


def test_the_official_us_order_is_read() -> None:
    [body] = examples("orders_2026-01-01", "searchOrders")
    market = find_marketplace("amazon_usa")
    order = read_order(body["orders"][0], market)
    assert order is not None
    lines, rejected = order_lines(order, market)
    assert rejected == ()
    assert [
        (line.channel_line_id, line.quantity, line.unit_price, line.total_amount, line.tax_amount)
        for line in lines
    ] == [
        ("ECHO-DOT-4-CHARCOAL", 2, Decimal("49.99"), Decimal("99.98"), Decimal("0.02")),
        ("FIRE-TV-4K-2021", 1, Decimal("49.99"), Decimal("49.99"), Decimal("0.00")),
    ]
    assert {line.sale_date for line in lines} == {date(2024, 12, 25)}
    assert {line.source_updated_at for line in lines} == {
        datetime(2024, 12, 25, 14, 45, tzinfo=UTC)
    }
    assert {line.channel_order_id for line in lines} == {"123-4567890-1234567"}


def test_the_official_uk_order_is_read() -> None:
    [body] = examples("orders_2026-01-01", "getOrder")
    market = find_marketplace("amazon_uk")
    order = read_order(body["order"], market)
    assert order is not None
    lines, rejected = order_lines(order, market)
    assert rejected == ()
    assert [
        (line.sku, line.quantity, line.unit_price, line.total_amount, line.tax_amount,
         line.shipping_amount, line.currency)
        for line in lines
    ] == [
        ("ECHO-DOT-4-UK-CHARCOAL-3PACK", 3, Decimal("29.99"), Decimal("89.97"), Decimal("3.00"),
         Decimal(0), "GBP"),
        (None, 0, Decimal(0), Decimal(0), Decimal("1.00"), Decimal("10.00"), "GBP"),
    ]  # fmt: skip


class Canned:
    """Answers each call with the same body, with the errors that the HTTP room would raise."""

    def __init__(self, body: object, status: int = 200) -> None:
        self.answer = Answer(status, {}, body)

    def send(self, call: Call) -> Answer:
        if self.answer.status != 200 and self.answer.status not in call.accepted:
            raise GiveUp("amazon: answered HTTP 400")
        return self.answer

    def download(self, url: str) -> Any:
        raise NotImplementedError


def canned(body: object, status: int = 200) -> AmazonClient:
    return AmazonClient(Canned(body, status), lambda _o, _q: NoLimit(), lambda: NOW)


def test_the_official_reports_are_read() -> None:
    [report] = examples("reports_2021-06-30", "getReport")
    with pytest.raises(VendorBusy):
        look_at_report(canned(report), "ID323")
    done = {**report, "processingStatus": "DONE", "reportDocumentId": "0356cf79"}
    assert look_at_report(canned(done), "ID323").document_id == "0356cf79"


@pytest.mark.parametrize(
    "model", ["orders_2026-01-01", "finances_2024-06-19", "reports_2021-06-30"]
)
def test_no_official_error_is_read_as_empty(model: str) -> None:
    window = SyncWindow(Basis.CREATED, NOW, NOW)
    for example in load("examples", model):
        if example["status"] == 400:
            pages = OrderPages(
                canned(example["response"], 200), Sites([find_marketplace("amazon_uk")])
            )
            with pytest.raises(VendorUnavailable, match="orders"):
                list(pages.pages(window, None))
