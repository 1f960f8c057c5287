"""The doors beside SQL: messages, webhooks and archives that name another tenant change nothing of theirs."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from celery.exceptions import Retry

from shared.domain.events import nothing_follows
from shared.domain.job import JobState
from shared.errors import CapLiquifyError, InvalidInput
from shared.persistence.archives.backup import back_up
from shared.persistence.archives.restore import restore
from shared.persistence.binding import schema_of
from shared.persistence.jobs.job_ledger import JobFilter, JobLedger
from shared.persistence.tenants.logins import login_url
from shared.use_cases.store_credential import store_credential
from tests.conftest import PASSWORD
from tests.fixtures.archives import members_of, pack, signed
from tests.fixtures.echo import deliver
from tests.fixtures.webhooks import sign, store
from tests.isolation.attacks import TENANT_TABLES
from tests.isolation.conftest import fill
from workers.app import build_app
from workers.definition import TASKS
from workers.execution import execute
from workers.migrate import task_contracts
from workers.wiring import Wiring

# Of a message: whose tenant, whose job, which lease, under which task.
TENANTS = ("A", "B", "nobody", "public", "", None)
JOBS = ("A's", "B's", "nobody's", "x", None)
LEASES = ("A's", "B's", 0, -1, 2**63, "x", None)
CLAIMED = ("usage.sample", "forecasts.score", "webhooks.process")
MESSAGES = list(product(TENANTS, JOBS, LEASES, CLAIMED))
# Of a webhook: its topic, the shop in its body, the shop in its header, whose secret signs it.
TOPICS = ("app/uninstalled", "shop/redact", "customers/redact", "orders/updated", "orders/delete")
SHOPS = ("a.myshopify.com", "b.myshopify.com", None)
SECRETS = ("secret-of-a", "secret-of-b", "")
WEBHOOKS = [
    each
    for each in product(TOPICS, SHOPS, SHOPS, SECRETS)
    # What A's own shop may say is another test's.
    if each[3] != "secret-of-a" or "b.myshopify.com" in each or each[0].startswith("orders")
]


def everything_of(database_url: str, tenant: UUID) -> dict[str, list[Any]]:
    """Every row of a tenant's schema and its rows of the shared tables."""
    with psycopg.connect(database_url) as owner:
        found = {
            table: owner.execute(
                f'SELECT t::text FROM "{schema_of(tenant)}".{table} t ORDER BY 1'.encode()
            ).fetchall()
            for table in TENANT_TABLES
        }
        for table in (
            "users",
            "subscriptions",
            "usage_metrics",
            "jobs",
            "schedule_runs",
            "audit_logs",
        ):
            found[table] = owner.execute(
                f"SELECT t::text FROM public.{table} t WHERE tenant_id = %s ORDER BY 1".encode(),
                (tenant,),
            ).fetchall()
        found["tenants"] = owner.execute(
            "SELECT t::text FROM public.tenants t WHERE id = %s", (tenant,)
        ).fetchall()
    return found


@pytest.fixture
def both(
    wiring: Wiring, database_url: str, acme: UUID, globex: UUID
) -> Iterator[tuple[UUID, UUID]]:
    """A attacks, B must stay as it is; both have rows in every table and a shop."""
    task_contracts()
    with psycopg.connect(database_url) as owner:
        for tenant, word in ((acme, "own"), (globex, "other")):
            fill(owner, tenant, word)
    for tenant, letter in ((acme, "a"), (globex, "b")):
        secret = {
            "shop_domain": f"{letter}.myshopify.com",
            "access_token": f"token-{letter}",
            "webhook_secret": f"secret-of-{letter}",
        }
        opener = wiring.unit_of_work(tenant, actor="test", react=nothing_follows)
        store_credential(opener, wiring.vault, "shopify_uk", "ecommerce", secret)
    yield acme, globex


@pytest.fixture
def api(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(login_url(database_url, "api", PASSWORD)) as connection:
        yield connection


def test_there_are_enough_cases() -> None:
    assert len(MESSAGES) == 630
    assert len(WEBHOOKS) == 123


def test_no_message_of_another_number_runs_or_ends_a_job(
    wiring: Wiring, database_url: str, both: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each runs as a worker would run it. Only the true one of each tenant may do anything."""
    a, b = both
    monkeypatch.setattr("workers.task.current_wiring", lambda: wiring)
    app = build_app(wiring.settings)
    ledger = JobLedger(wiring.dispatcher)
    jobs, leases = {}, {}
    for each in (a, b):
        jobs[each] = ledger.enqueue(each, "usage.sample", {}, requested_by="t")
        leases[each] = deliver(wiring, jobs[each])
    names = {"A": str(a), "B": str(b), "nobody": str(uuid4())}
    ids = {"A's": str(jobs[a].id), "B's": str(jobs[b].id), "nobody's": str(uuid4())}
    numbers = {"A's": leases[a].number, "B's": leases[b].number}
    before = everything_of(database_url, b)
    for tenant, job, lease, claimed in MESSAGES:
        number = numbers.get(str(lease), lease)
        if job == f"{tenant}'s" and number == numbers.get(job):
            # That one is true.
            continue
        message = (names.get(str(tenant), tenant), ids.get(str(job), job), number)
        with suppress(ValueError, TypeError, AttributeError, CapLiquifyError, psycopg.Error):
            app.tasks[claimed].run(*message)
        assert everything_of(database_url, b) == before, message
    # Under another task's name the true one goes back to the ledger, and nothing runs.
    with pytest.raises(Retry, match="MessageForged"):
        app.tasks["webhooks.process"].run(str(b), str(jobs[b].id), leases[b].number)
    assert ledger.find(jobs[b].id).state.value == "queued"
    app.tasks["usage.sample"].run(str(a), str(jobs[a].id), leases[a].number)
    assert ledger.find(jobs[a].id).state.value == "succeeded"


def body_of(topic: str, shop: str | None) -> bytes:
    """What Shopify sends under a topic, of a shop."""
    named = {"shop_domain": shop} if shop else {}
    made: dict[str, dict[str, Any]] = {
        "app/uninstalled": {"id": 1, "myshopify_domain": shop} if shop else {"id": 1},
        "shop/redact": {"shop_id": 1, **named},
        "customers/redact": {"shop_id": 1, **named, "customer": {"id": 1}, "orders_to_redact": [1]},
        "orders/updated": {"id": 1},
        "orders/delete": {"id": 1},
    }
    return json.dumps(made[topic]).encode()


def test_no_webhook_of_one_shop_reaches_another_tenant(
    wiring: Wiring, database_url: str, both: tuple[UUID, UUID], api: psycopg.Connection
) -> None:
    """A delivers to itself, in every mixture of shops and secrets; only its own word may count."""
    a, b = both
    ledger = JobLedger(wiring.admin)
    before = everything_of(database_url, b)
    credentials = everything_of(database_url, a)["api_credentials"]
    for number, (topic, shop, header, secret) in enumerate(WEBHOOKS):
        body = body_of(topic, shop)
        headers = sign(body, secret) | ({"X-Shopify-Shop-Domain": header} if header else {})
        store(api, a, topic, headers, number, body)
        (job,) = [each for each in ledger.search(JobFilter(a, "webhooks.process")) if each.is_live]
        ended = execute(TASKS["webhooks.process"], deliver(wiring, job), wiring, worker="w")
        # An order's body names no shop: there the header does, and the secret.
        is_own = topic.startswith("orders") and secret == "secret-of-a" and header != SHOPS[1]
        assert (ended is JobState.FAILED) != is_own, (topic, shop, header, secret)
        assert everything_of(database_url, b) == before
        assert everything_of(database_url, a)["api_credentials"] == credentials


@pytest.mark.parametrize(
    "spelling",
    ['"{schema}".{table}', "{schema}.{table}", '{table}"; DELETE FROM public.jobs; --'],
)
def test_an_archive_that_names_another_tenants_tables_fills_only_its_own(
    wiring: Wiring, database_url: str, both: tuple[UUID, UUID], tmp_path: Path, spelling: str
) -> None:
    """Signed by our own key: even who holds it writes into the restored tenant and nowhere else."""
    _, b = both
    before = everything_of(database_url, b)
    back_up(database_url, wiring.vault, "acme", tmp_path / "acme.backup")
    members = members_of(tmp_path / "acme.backup")
    manifest = json.loads(members["manifest.json"])
    for entry in list(manifest["tables"]):
        # The server's own bound of a name.
        name = spelling.format(schema=schema_of(b), table=entry["name"])[:63]
        file = f"{hashlib.sha256(name.encode()).hexdigest()}.rows"
        manifest["tables"].append(entry | {"name": name, "file": file})
        members[file] = members[entry["file"]]
    members["manifest.json"] = json.dumps(manifest).encode()
    members |= dict([signed(wiring.vault, members["manifest.json"])])
    crafted = pack(tmp_path / "crafted.backup", *members.items())
    restored = restore(database_url, wiring.vault, crafted, "acme-copy")
    assert len(restored.left_out) == len(manifest["tables"]) // 2
    assert everything_of(database_url, b) == before


@pytest.mark.parametrize("slug", ["globex", "GLOBEX", "globex ", "../globex", ""])
def test_an_archive_never_lands_on_another_tenant(
    wiring: Wiring, database_url: str, both: tuple[UUID, UUID], tmp_path: Path, slug: str
) -> None:
    _, b = both
    back_up(database_url, wiring.vault, "acme", tmp_path / "acme.backup")
    before = everything_of(database_url, b)
    with pytest.raises(InvalidInput):
        restore(database_url, wiring.vault, tmp_path / "acme.backup", slug)
    assert everything_of(database_url, b) == before
