"""What the sandbox answers and what the connector reads, held against Xero's own specification and examples."""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from sandbox.xero.api import ACCESS_TOKEN
from sandbox.xero.maker import make_xero_ledger
from shared.connectors.xero.balances import compare_banks, read_bank_summary, sum_balances
from shared.connectors.xero.chart import Chart
from shared.connectors.xero.fields import money_of, read_day, read_instant
from shared.connectors.xero.invoices import collect
from shared.connectors.xero.organisation import find_organisation, read_books
from shared.connectors.xero.refusals import refusal_of
from shared.connectors.xero.shapes import (
    CREDIT_NOTES,
    INVOICES,
    OVERPAYMENTS,
    PREPAYMENTS,
    Shape,
)
from shared.connectors.xero.sheet import read_balance_sheet
from shared.connectors.xero.timezones import iana_zone
from shared.connectors.xero.token import XeroTokenSource
from shared.domain.accounts import InvoiceKind, OpenInvoice
from shared.domain.working_capital import AccountClass
from shared.errors import InvalidInput
from shared.use_cases.vendors import Answer, Books
from tests.fixtures.xero_scene import (
    CREDENTIAL,
    OFFICIAL,
    SPECIFICATION,
    Scripted,
    XeroScene,
    open_stage,
    plain_http,
)

pytestmark = pytest.mark.skipif(
    not SPECIFICATION.exists(),
    reason="Xero's specification is not here; CAPLIQUIFY_SHARED names its folder",
)

# Around every answer, and in no schema.
ENVELOPE = {"Id", "Status", "ProviderName", "DateTimeUTC"}
LISTS = {"Invoices", "CreditNotes", "Organisations", "Accounts", "Payments", "ReportWithRows"}
NZ = Books("NZ", "NZD", "Pacific/Auckland")
PATHS = {
    "Organisation": "Organisations",
    "Accounts": "Accounts",
    "Invoices?pageSize=1000": "Invoices",
    "CreditNotes": "CreditNotes",
    "Reports/BalanceSheet?date=2026-07-15": "ReportWithRows",
    "Reports/BankSummary?fromDate=2026-07-15&toDate=2026-07-15": "ReportWithRows",
}


def example(name: str) -> dict[str, Any]:
    path = OFFICIAL / "examples" / f"get_{name}_200.json"
    reported: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return reported


def capture(name: str) -> Any:
    path = OFFICIAL / "http" / f"{name}.json"
    reported = json.loads(path.read_text(encoding="utf-8"))
    return json.loads(reported[0]["response"]["body"]) if isinstance(reported, list) else reported


def forbid_unknown(node: Any) -> None:
    """A name that the vendor does not have is as wrong as a wrong type."""
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict):
            node["additionalProperties"] = False
        for each in node.values():
            forbid_unknown(each)
    elif isinstance(node, list):
        for each in node:
            forbid_unknown(each)


@pytest.fixture(scope="module")
def specification() -> dict[str, Any]:
    reported: dict[str, Any] = json.loads(SPECIFICATION.read_text(encoding="utf-8"))
    for name in ("Invoice", "CreditNote", "Overpayment", "Prepayment"):
        # In the vendor's answers and examples, though not in its schemas.
        extra = {field: {"type": "string"} for field in ("DateString", "DueDateString")}
        reported["components"]["schemas"][name]["properties"] |= extra
    forbid_unknown(reported["components"]["schemas"])
    return reported


def errors(specification: dict[str, Any], schema: str, body: dict[str, Any]) -> list[str]:
    resource = DRAFT202012.create_resource(specification)
    registry: Registry[Any] = Registry().with_resource("urn:xero", resource)
    validator = Draft202012Validator(
        {"$ref": f"urn:xero#/components/schemas/{schema}"}, registry=registry
    )
    around = ENVELOPE if schema in LISTS else set()
    reported = {key: value for key, value in body.items() if key not in around}
    return [error.message for error in validator.iter_errors(reported)]


@pytest.fixture(scope="module")
def scene() -> Iterator[XeroScene]:
    with open_stage() as stage:
        yield stage.show(make_xero_ledger(3, 80))


def ask(scene: XeroScene, path: str) -> httpx.Response:
    headers = {
        "Authorization": f"Bearer {ACCESS_TOKEN}",
        "xero-tenant-id": scene.organisation_id,
    }
    return plain_http().get(f"{scene.url}/api.xro/2.0/{path}", headers=headers)


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_of_the_sandbox_is_as_the_vendor_has_it(
    path: str, scene: XeroScene, specification: dict[str, Any]
) -> None:
    answer = ask(scene, path)
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert errors(specification, PATHS[path], answer.json()) == []


@pytest.mark.parametrize(
    ("path", "schema"), [("Overpayments", "Overpayment"), ("Prepayments", "Prepayment")]
)
def test_what_was_paid_before_is_as_the_vendor_has_it(
    path: str, schema: str, scene: XeroScene, specification: dict[str, Any]
) -> None:
    reported = ask(scene, path).json()[path]
    assert len(reported) >= 5
    assert [errors(specification, schema, each) for each in reported] == [[]] * len(reported)
    assert errors(specification, schema, {**reported[0], "Remaining": 1}) != []


def test_the_check_notices_a_wrong_answer(scene: XeroScene, specification: dict[str, Any]) -> None:
    invoices, sheet = (ask(scene, path).json() for path in list(PATHS)[2:5:2])
    wrong = copy.deepcopy(invoices)
    wrong["Invoices"][0]["Total"] = "12.00"
    wrong["Invoices"][1]["Status"] = "OPEN"
    wrong["Invoices"][2]["Amount"] = 1
    wrong["Invoices"][3]["Payments"] = {}
    assert len(errors(specification, "Invoices", wrong)) == 4
    sheet["Reports"][0]["Rows"][2]["Rows"][0]["Cells"][1]["Value"] = 12.0
    assert len(errors(specification, "ReportWithRows", sheet)) == 1


def test_the_examples_break_their_own_schema_only_where_it_is_known(
    specification: dict[str, Any],
) -> None:
    wrong = errors(specification, "Payments", example("Payments"))
    assert "'50.00' is not of type 'number'" in wrong
    assert errors(specification, "Accounts", example("Accounts")) == []


def test_every_time_zone_of_the_vendor_is_known(specification: dict[str, Any]) -> None:
    names = specification["components"]["schemas"]["TimeZone"]["enum"]
    assert len(names) == 141
    assert {iana_zone(name) for name in names}
    with pytest.raises(InvalidInput, match="Timezone: 'MARSSTANDARDTIME'"):
        iana_zone("MARSSTANDARDTIME")


def test_every_kind_status_and_type_of_the_vendor_is_known(specification: dict[str, Any]) -> None:
    properties = specification["components"]["schemas"]["Invoice"]["properties"]
    for kind in properties["Type"]["enum"]:
        for status in properties["Status"]["enum"]:
            node = {**example("Invoices")["Invoices"][0], "Type": kind, "Status": status}
            records, rejected = collect([node], INVOICES, NZ)
            assert rejected == []
            # Over- and prepayments count where their own endpoints list them.
            elsewhere = kind.endswith(("OVERPAYMENT", "PREPAYMENT"))
            assert len(records) == (status not in {"DRAFT", "SUBMITTED"} and not elsewhere)
    schemas = specification["components"]["schemas"]
    for kind in schemas["AccountType"]["enum"]:
        assert Chart([{"AccountID": "a", "Type": kind}]).get("a")
    for field in ("SystemAccount", "BankAccountType"):
        for reported in schemas["Account"]["properties"][field]["enum"]:
            assert Chart([{"AccountID": "a", "Type": "BANK", field: reported}]).get("a")


@pytest.mark.parametrize("shape", [OVERPAYMENTS, PREPAYMENTS], ids=lambda shape: shape.stream)
def test_every_kind_and_status_of_what_was_paid_before_is_known(
    specification: dict[str, Any], shape: Shape
) -> None:
    schema = specification["components"]["schemas"][shape.endpoint[:-1]]["properties"]
    assert {shape.id_field, shape.due_field} <= schema.keys()
    (example_of_a_note, _draft) = example("CreditNotes")["CreditNotes"]
    for kind in schema["Type"]["enum"]:
        for status in schema["Status"]["enum"]:
            reported = {shape.id_field: "p", "Type": kind, "Status": status, "RemainingCredit": 5.0}
            records, rejected = collect([{**example_of_a_note, **reported}], shape, NZ)
            assert rejected == []
            (record,) = records
            assert isinstance(record, OpenInvoice)
            assert record.amount_due == (Decimal(-5) if status == "AUTHORISED" else Decimal(0))


def test_the_example_of_organisation() -> None:
    name = "Dev Evangelist - Sid Test 3 (NZ-2016-02)"
    reported = example("Organisation")["Organisations"][0]
    account = "b2c885a9-4bb9-4a00-9b6e-6c2bf60b1a2b"
    assert read_books(reported) == Books(name, "NZD", "Pacific/Auckland", account)
    captured = read_books(capture("organisation")["Organisations"][0])
    assert (captured.name, captured.currency, captured.timezone) == (
        "Demo Company (NZ)",
        "NZD",
        "Pacific/Auckland",
    )
    assert captured.account == "a46fcb6f-2773-40c4-a119-8aa08bca1e8e"


def test_the_example_of_accounts() -> None:
    bank, sales = Chart(example("Accounts")["Accounts"]).accounts.values()
    assert (bank.account_id, bank.counts_as, bank.is_bank, bank.is_card) == (
        "ebd06280-af70-4bed-97c6-7451a454ad85", AccountClass.CASH, True, False,
    )  # fmt: skip
    assert (sales.account_id, sales.counts_as) == ("7d05a53d-613d-4eb2-a2fc-dcb6adb80b80", None)


def test_the_example_of_invoices() -> None:
    records, rejected = collect(example("Invoices")["Invoices"], INVOICES, NZ)
    assert rejected == []
    assert records == [
        OpenInvoice(
            "d4956132-ed94-4dd7-9eaa-aa22dfdf06f2", InvoiceKind.RECEIVABLE, "VOIDED",
            date(2018, 10, 20), date(2018, 12, 30), "NZD", None, Decimal("40.0"), Decimal(0),
            # Voided at 16:31 UTC: the next day in Auckland.
            date(2018, 11, 3),
        ),
        OpenInvoice(
            "046d8a6d-1ae1-4b4d-9340-5601bdf41b87", InvoiceKind.RECEIVABLE, "PAID",
            date(2018, 10, 20), date(2018, 12, 30), "NZD", None, Decimal("46.0"), Decimal(0),
            date(2018, 11, 29),
        ),
        OpenInvoice(
            "7ef31b20-de17-4312-8382-412f869b1510", InvoiceKind.RECEIVABLE, "AUTHORISED",
            date(2018, 11, 2), date(2018, 11, 7), "NZD", None, Decimal("115.0"), Decimal("115.0"),
            None,
        ),
    ]  # fmt: skip


def test_the_example_of_credit_notes() -> None:
    # The second one is a draft.
    records, rejected = collect(example("CreditNotes")["CreditNotes"], CREDIT_NOTES, NZ)
    assert rejected == []
    assert records == [
        OpenInvoice(
            "249f15fa-f2a7-4acc-8769-0984103f2225", InvoiceKind.RECEIVABLE, "AUTHORISED",
            date(2019, 3, 5), None, "NZD", None, Decimal("-34.5"), Decimal("-32.5"), None,
        )
    ]  # fmt: skip


def test_the_example_of_payments_which_writes_money_as_text() -> None:
    # No payment is kept: this is how their fields would be read.
    first, second = example("Payments")["Payments"]
    assert money_of(first["BatchPayment"]["TotalAmount"], "TotalAmount") == Decimal("50.00")
    assert money_of(second["Amount"], "Amount") == Decimal("2.0")
    assert read_day(first, "Date") == date(2018, 11, 29)
    at = datetime(2018, 11, 2, 16, 36, 32, 690_000, UTC)
    assert read_instant(first, "UpdatedDateUTC") == at


SHEET_CHART = Chart(
    {"AccountID": account_id, "Type": kind, "Class": vendor_class, "SystemAccount": system}
    for account_id, kind, vendor_class, system in (
        ("041207d2-3d61-4e5d-8c1a-b9236955a71c", "BANK", "ASSET", ""),
        ("300f3bde-3a5c-4035-9ec5-45b09777679a", "BANK", "ASSET", ""),
        ("b94495d0-44ab-4199-a1d0-427a4877e100", "CURRENT", "ASSET", "DEBTORS"),
        ("53a12a15-7e9b-4a31-85f4-a7cee6d04215", "INVENTORY", "ASSET", ""),
        ("7132cab3-ce56-4389-8e47-8f60d4c137f8", "FIXED", "ASSET", ""),
        ("a2a4795b-a01f-40eb-afa6-a34b4514875d", "CURRLIAB", "LIABILITY", "CREDITORS"),
        ("17d9a4a0-3181-4803-a96b-f0dbe589091b", "CURRLIAB", "LIABILITY", "GST"),
    )
)


def test_the_example_of_the_balance_sheet() -> None:
    sheet = read_balance_sheet(example("Reports_BalanceSheet"), SHEET_CHART)
    reported = sum_balances(sheet, SHEET_CHART, "NZD")
    # The chart has no account of the owner's: three rows of the sheet are nobody's.
    assert [each.record_key[:4] for each in reported.rejected] == ["136e", "5690", "7fc1"]
    assert not reported.whole
    assert [
        (each.account_class.value, each.account_code[:4], each.amount) for each in reported.balances
    ] == [
        ("CASH", "0412", Decimal(0)),
        ("SHORT_TERM_DEBT", "0412", Decimal("1850.00")),
        ("CASH", "300f", Decimal("2146.37")),
        ("SHORT_TERM_DEBT", "300f", Decimal(0)),
        ("ACCOUNTS_RECEIVABLE", "b944", Decimal("154355.72")),
        ("INVENTORY", "53a1", Decimal("25000.00")),
        # Suppliers owe us: less than nothing is owed to them.
        ("ACCOUNTS_PAYABLE", "a2a4", Decimal("-3469.00")),
    ]


def test_the_example_of_the_bank_summary() -> None:
    summary = read_bank_summary(example("Reports_BankSummary"))
    assert summary.closing == {"03f9cf1e-2deb-4bf1-b0a8-b57f08672eb8": Decimal("10.00")}
    assert summary.rejected == []
    # Another organisation's: both banks of the sheet differ.
    sheet = read_balance_sheet(example("Reports_BalanceSheet"), SHEET_CHART)
    differences = compare_banks(sheet, SHEET_CHART, summary).differences
    assert [each.balance_sheet for each in differences] == [
        Decimal("-1850.00"),
        Decimal("2146.37"),
    ]


def test_the_captured_tokens_connections_and_refusal() -> None:
    asked_at = datetime(2026, 1, 1, tzinfo=UTC)
    api = Scripted(Answer(200, {}, capture("token_refresh")))
    tokens = XeroTokenSource(api, CREDENTIAL, lambda: asked_at).refresh("old")
    assert (tokens.access_token, tokens.refresh_token) == (
        "xero-access-token",
        "xero-refresh-token",
    )
    assert tokens.expires_at == datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
    connections = Scripted(Answer(200, {}, capture("connections")))
    assert find_organisation(connections, "") == "a46fcb6f-2773-40c4-a119-8aa08bca1e8e"
    refused = Answer(403, {}, capture("error_401_token_expired"))
    assert "HTTP 403" in str(refusal_of(refused, "/Accounts", lambda: asked_at))
