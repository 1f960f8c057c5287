"""Webhooks: kept by the API byte for byte, believed only if signed, acted on once, then forgotten."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from shared.domain.events import nothing_follows
from shared.domain.job import Job, JobState
from shared.persistence.jobs.job_ledger import JobFilter, JobLedger
from shared.persistence.tenants.logins import login_url
from shared.use_cases.store_credential import store_credential
from tests.conftest import PASSWORD
from tests.fixtures.echo import deliver
from tests.fixtures.sandbox import SandboxClient
from tests.fixtures.shop_pulls import rows
from tests.fixtures.shop_scene import ShopScene
from tests.fixtures.webhooks import BODY, SECRET, sign, store
from workers.definition import TASKS
from workers.execution import execute
from workers.migrate import task_contracts
from workers.wiring import Wiring, build_wiring

DOMAIN = "acme.myshopify.com"
UNINSTALLED = json.dumps({"id": 1, "name": "Acme", "myshopify_domain": DOMAIN}).encode()
SHOP_REDACT = json.dumps({"shop_id": 1, "shop_domain": DOMAIN}).encode()
REDACT = json.dumps(
    {"shop_id": 1, "shop_domain": DOMAIN, "customer": {"id": 1}, "orders_to_redact": []}
).encode()


@pytest.fixture
def api(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(login_url(database_url, "api", PASSWORD)) as connection:
        yield connection


@pytest.fixture(autouse=True)
def connected(wiring: Wiring, acme: UUID) -> None:
    task_contracts()
    secret = {
        "shop_domain": "acme.myshopify.com",
        "access_token": "t",
        "webhook_secret": SECRET,
    }
    opener = wiring.unit_of_work(acme, actor="test", react=nothing_follows)
    store_credential(opener, wiring.vault, "shopify_uk", "ecommerce", secret)


def jobs(wiring: Wiring, tenant_id: UUID, name: str) -> list[Job]:
    return JobLedger(wiring.admin).search(JobFilter(tenant_id, name))


def process(wiring: Wiring, tenant_id: UUID) -> Job:
    (job,) = [each for each in jobs(wiring, tenant_id, "webhooks.process") if each.is_live]
    execute(TASKS["webhooks.process"], deliver(wiring, job), wiring, worker="w")
    return JobLedger(wiring.admin).find(job.id)


def kept(wiring: Wiring, tenant_id: UUID) -> list[tuple[Any, ...]]:
    with wiring.unit_of_work(tenant_id, actor="test", react=nothing_follows)() as work:
        rows = work.webhooks._connection.execute(  # type: ignore[attr-defined]
            "SELECT topic, outcome, body, headers, processed_at IS NOT NULL FROM webhook_deliveries"
        )
        return [tuple(row.values()) for row in rows]


def test_an_order_that_changed_is_pulled_and_the_bytes_are_forgotten(
    wiring: Wiring, acme: UUID, globex: UUID, api: psycopg.Connection
) -> None:
    store(api, acme, "orders/updated", sign(BODY))
    assert kept(wiring, acme)[0][2] == BODY
    ended = process(wiring, acme)
    assert (ended.state, ended.result) == (
        JobState.SUCCEEDED,
        {"topic": "orders/updated", "outcome": "pull_asked"},
    )
    assert kept(wiring, acme) == [("orders/updated", "pull_asked", None, {}, True)]
    (pull,) = jobs(wiring, acme, "sales.pull")
    assert (pull.arguments, pull.parent_id) == ({"service": "shopify_uk"}, ended.id)
    assert 50 < (pull.run_at - pull.created_at).total_seconds() <= 60
    assert kept(wiring, globex) == []


@pytest.mark.parametrize(
    ("reported", "arguments"),
    [
        ({"id": 820982911946154508}, {"service": "shopify_uk", "order": "820982911946154508"}),
        ({"id": "77"}, {"service": "shopify_uk", "order": "77"}),
        ({"id": True}, {"service": "shopify_uk"}),
        ({"id": "7' OR 1=1"}, {"service": "shopify_uk"}),
        ([], {"service": "shopify_uk"}),
    ],
)
def test_an_order_that_was_deleted_is_asked_for(
    wiring: Wiring,
    acme: UUID,
    globex: UUID,
    api: psycopg.Connection,
    reported: object,
    arguments: dict[str, str],
) -> None:
    body = json.dumps(reported).encode()
    store(api, acme, "orders/delete", sign(body), body=body)
    assert process(wiring, acme).result == {"topic": "orders/delete", "outcome": "gone_asked"}
    (asked,) = jobs(wiring, acme, "sales.find_gone")
    assert asked.arguments == arguments
    assert jobs(wiring, acme, "sales.pull") == []
    assert jobs(wiring, globex, "sales.find_gone") == []


def test_the_same_webhook_is_kept_and_read_once(
    wiring: Wiring, acme: UUID, api: psycopg.Connection
) -> None:
    first = store(api, acme, "orders/updated", sign(BODY))
    assert store(api, acme, "orders/updated", sign(BODY)) == first
    process(wiring, acme)
    assert store(api, acme, "orders/updated", sign(BODY)) == first
    assert len(jobs(wiring, acme, "webhooks.process")) == 1


def test_a_burst_of_webhooks_becomes_one_pull(
    wiring: Wiring, acme: UUID, api: psycopg.Connection
) -> None:
    for number in range(5):
        store(api, acme, "inventory_levels/update", sign(BODY), number)
        process(wiring, acme)
    assert len(jobs(wiring, acme, "sales.pull")) == 1


@pytest.mark.parametrize(
    "headers", [{}, sign(BODY, "another secret"), sign(b"another body"), {"x-shopify-hmac-sha256": "ü"}]
)  # fmt: skip
def test_what_is_not_signed_is_refused_and_kept_to_be_judged_again(
    wiring: Wiring, acme: UUID, api: psycopg.Connection, headers: dict[str, str]
) -> None:
    store(api, acme, "orders/updated", headers)
    ended = process(wiring, acme)
    assert (ended.state, ended.outcome) == (JobState.FAILED, "discarded")
    assert (ended.error_message or "").startswith(
        "signature: that of orders/updated does not fit; store the app's secret as webhook_secret"
    )
    assert kept(wiring, acme) == [("orders/updated", "refused", BODY, headers, True)]
    assert jobs(wiring, acme, "sales.pull") == []


def connect(
    wiring: Wiring, tenant_id: UUID, webhook_secret: str | None, domain: str = DOMAIN
) -> None:
    secret = {"shop_domain": domain, "access_token": f"token-{domain}"}
    secret |= {} if webhook_secret is None else {"webhook_secret": webhook_secret}
    opener = wiring.unit_of_work(tenant_id, actor="test", react=nothing_follows)
    store_credential(opener, wiring.vault, "shopify_uk", "ecommerce", secret)


def test_a_delivery_that_a_wrong_secret_refused_is_judged_again_once_the_secret_is_right(
    wiring: Wiring, acme: UUID, globex: UUID, api: psycopg.Connection
) -> None:
    connect(wiring, acme, "the wrong secret")
    store(api, acme, "customers/redact", sign(REDACT), 1, REDACT)
    refused = [process(wiring, acme)]
    store(api, acme, "orders/updated", sign(BODY), 2)
    refused.append(process(wiring, acme))
    assert [job.state for job in refused] == [JobState.FAILED, JobState.FAILED]
    connect(wiring, acme, SECRET)
    # One is retried by an operator, the other delivered again by the vendor.
    JobLedger(wiring.admin).replay(acme, refused[0].id)
    assert (process(wiring, acme).result or {})["outcome"] == "privacy_noted"
    store(api, acme, "orders/updated", sign(BODY), 2)
    assert (process(wiring, acme).result or {})["outcome"] == "pull_asked"
    assert {row[2] for row in kept(wiring, acme)} == {None}
    assert kept(wiring, globex) == []


def test_refused_bytes_are_forgotten_after_thirty_days(
    wiring: Wiring, acme: UUID, api: psycopg.Connection
) -> None:
    for number in (1, 2):
        store(api, acme, "orders/updated", {}, number)
        process(wiring, acme)
        rows(
            wiring, acme,
            "UPDATE webhook_deliveries SET received_at = now() - interval '31 days' "
            "WHERE webhook_id = 'webhook-1' RETURNING id",
        )  # fmt: skip
    assert sorted(row[2] or b"" for row in kept(wiring, acme)) == [b"", BODY]


@pytest.mark.parametrize(
    ("topic", "body", "headers", "fault"),
    [
        # Signed with the app's own secret, of another shop of the same app.
        ("app/uninstalled", {"id": 9, "myshopify_domain": "other.myshopify.com"}, {}, "shop"),
        ("shop/redact", {"shop_id": 9, "shop_domain": "other.myshopify.com"}, {}, "shop"),
        ("orders/updated", {"id": 1}, {"X-Shopify-Shop-Domain": "other.myshopify.com"}, "shop"),
        # A body of one topic under another.
        ("app/uninstalled", {"id": 1, "note": "an order"}, {}, "topic"),
        ("app/uninstalled", {"shop_id": 1, "shop_domain": DOMAIN}, {}, "topic"),
        ("shop/redact", {"shop_domain": DOMAIN, "customer": {}, "orders_to_redact": []}, {}, "topic"),
        ("customers/redact", {"shop_domain": DOMAIN}, {}, "topic"),
        ("orders/delete", {"id": 1, "myshopify_domain": DOMAIN}, {}, "topic"),
        ("shop/redact", [], {}, "topic"),
    ],
)  # fmt: skip
def test_a_signed_body_of_another_shop_or_topic_changes_nothing(
    wiring: Wiring,
    acme: UUID,
    api: psycopg.Connection,
    topic: str,
    body: object,
    headers: dict[str, str],
    fault: str,
) -> None:
    sent = json.dumps(body).encode()
    store(api, acme, topic, sign(sent) | headers, body=sent)
    ended = process(wiring, acme)
    assert ended.state is JobState.FAILED
    assert (ended.error_message or "").startswith(f"{fault}: ")
    with wiring.unit_of_work(acme, actor="test", react=nothing_follows)() as work:
        assert work.credentials.find("shopify_uk") is not None


def test_an_old_uninstall_is_believed_only_when_the_vendor_refuses_the_token(
    wiring: Wiring, acme: UUID, api: psycopg.Connection, shop: SandboxClient
) -> None:
    served = ShopScene.build(wiring, acme, shop.url).wiring
    connect(served, acme, SECRET)
    store(api, acme, "app/uninstalled", sign(UNINSTALLED), body=UNINSTALLED)
    assert (process(served, acme).result or {})["outcome"] == "ignored"
    shop.set(revoke=True)
    store(api, acme, "app/uninstalled", sign(UNINSTALLED), 2, UNINSTALLED)
    assert (process(served, acme).result or {})["outcome"] == "disconnected"
    with wiring.unit_of_work(acme, actor="test", react=nothing_follows)() as work:
        (found,) = work.credentials.list_kept()
        assert (found.is_active, found.needs_reconnect, found.sealed) == (False, True, {})


def test_what_concerns_customers_is_heard_of_a_shop_that_has_gone(
    wiring: Wiring, acme: UUID, api: psycopg.Connection
) -> None:
    with wiring.unit_of_work(acme, actor="test", react=nothing_follows)() as work:
        work.credentials.disconnect("shopify_uk", reconnect=True)
    store(api, acme, "shop/redact", sign(SHOP_REDACT), 2, SHOP_REDACT)
    assert process(wiring, acme).state is JobState.FAILED
    settings = wiring.settings.model_copy(update={"shopify_webhook_secret": SecretStr(SECRET)})
    with build_wiring(settings) as knowing:
        store(api, acme, "customers/redact", sign(REDACT), 3, REDACT)
        assert (process(knowing, acme).result or {})["outcome"] == "privacy_noted"
    with wiring.admin.transaction() as connection:
        reported = connection.execute(
            "SELECT action FROM public.audit_logs WHERE tenant_id = %s "
            "AND action IN ('credential.disconnected', 'privacy.request') ORDER BY created_at",
            (acme,),
        ).fetchall()
    assert [row["action"] for row in reported] == ["privacy.request"]


@pytest.mark.parametrize(
    ("headers", "topic", "line"),
    [
        ({"a": "x" * 16_400}, "orders/updated", "headers: must be an object of texts, 16384 bytes"),
        ({"a": 7}, "orders/updated", "headers: must be an object of texts"),
        ({"a": {"b": "c"}}, "orders/updated", "headers: must be an object of texts"),
        (["a"], "orders/updated", "headers: must be an object of texts"),
        ({}, " ", "topic: is missing"),
    ],
)
def test_headers_are_texts_of_bounded_size(
    wiring: Wiring, acme: UUID, api: psycopg.Connection, headers: Any, topic: str, line: str
) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=line):
        store(api, acme, topic, headers)
    api.rollback()
    assert kept(wiring, acme) == []


def test_a_topic_that_means_nothing_to_us_is_ignored(
    wiring: Wiring, acme: UUID, api: psycopg.Connection
) -> None:
    store(api, acme, "themes/publish", sign(BODY))
    assert (process(wiring, acme).result or {})["outcome"] == "ignored"


def test_the_api_keeps_webhooks_of_its_own_tenant_only(
    wiring: Wiring, acme: UUID, globex: UUID, api: psycopg.Connection
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="is not the tenant"):
        api.execute(
            "SELECT public.store_webhook(%s, 'shopify_uk', 'x', 'orders/updated', '{}', '')",
            (acme,),
        )
    api.rollback()
    api.execute(sql.SQL("SET LOCAL app.current_tenant_id = {}").format(sql.Literal(str(globex))))
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="is not the tenant"):
        api.execute(
            "SELECT public.store_webhook(%s, 'shopify_uk', 'x', 'orders/updated', '{}', '')",
            (acme,),
        )
    api.rollback()
    assert kept(wiring, acme) == []


def test_a_delivery_too_large_is_refused(
    wiring: Wiring, acme: UUID, api: psycopg.Connection
) -> None:
    api.execute(sql.SQL("SET LOCAL app.current_tenant_id = {}").format(sql.Literal(str(acme))))
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="4194304 bytes at most"):
        api.execute(
            "SELECT public.store_webhook(%s, 'shopify_uk', 'x', 'orders/updated', '{}', %s)",
            (acme, b"x" * 4_194_305),
        )


def test_a_shop_that_is_gone_altogether_has_left(
    wiring: Wiring, acme: UUID, api: psycopg.Connection, shop: SandboxClient
) -> None:
    served, domain = ShopScene.build(wiring, acme, shop.url).wiring, "gone.myshopify.com"
    connect(served, acme, SECRET, domain)
    body = json.dumps({"id": 1, "myshopify_domain": domain}).encode()
    store(api, acme, "app/uninstalled", sign(body), body=body)
    assert (process(served, acme).result or {})["outcome"] == "disconnected"
