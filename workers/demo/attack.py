"""Strangers at the doors: garbage and forged messages on the broker, and a webhook that nobody has signed."""

import json
from uuid import UUID, uuid4

import psycopg
import redis
from psycopg.types.json import Jsonb
from rich.console import Console

from shared.domain.job import Job, JobState
from shared.persistence.ledger import JobFilter, JobLedger
from workers.demo.steps import wait_for_end
from workers.queues import Queue
from workers.supervisor import Supervisor
from workers.wiring import Wiring

GARBAGE = (b"", b"{", b"\xff\xfe", b"[" * 50_000, b'{"body": "x", "properties": null}', b"7")
# It would end the subscription of a tenant, if a message were believed.
FORGED = ("tenants.purge_due", "sales.pull", "no.such.task")
ROUNDS = 20
UNINSTALLED = b'{"id": 1, "myshopify_domain": "demo-gifts.myshopify.com"}'


def attack(
    console: Console, wiring: Wiring, supervisor: Supervisor, tenants: dict[str, UUID]
) -> bool:
    """Tries it and prints what came of it; False where anything got through."""
    ledger = JobLedger(wiring.admin)
    before = supervisor.pids()
    number = _write_to_the_broker(wiring)
    _deliver_webhook(wiring, tenants["demo-gifts"])
    jobs = [
        ledger.enqueue(each, "usage.sample", {}, requested_by="demo") for each in tenants.values()
    ]
    done = all(wait_for_end(ledger, job).state is JobState.SUCCEEDED for job in jobs)
    [refused] = ledger.search(JobFilter(tenants["demo-gifts"], "webhooks.process", limit=1))
    refused = wait_for_end(ledger, refused)
    unharmed = supervisor.pids() == before
    console.print(
        f"\n{number} garbage and forged messages on the broker: "
        f"{'no process ended' if unharmed else 'A PROCESS ENDED'}, "
        f"jobs of both tenants {'went on' if done else 'STOOD STILL'}.",
        soft_wrap=True,
    )
    return _report_webhook(console, wiring, tenants["demo-gifts"], refused) and unharmed and done


def _write_to_the_broker(wiring: Wiring) -> int:
    forged = [
        json.dumps(
            {
                "body": "W1tdLCB7fSwge31d",
                "content-type": "application/json",
                "content-encoding": "utf-8",
                "headers": {
                    "lang": "py",
                    "task": name,
                    "id": str(uuid4()),
                    "timelimit": [0.01, 0.01],
                },
                "properties": {
                    "delivery_tag": str(uuid4()),
                    "body_encoding": "base64",
                    "delivery_info": {"exchange": "", "routing_key": "sync"},
                },
            }
        ).encode()
        for name in FORGED
    ]
    messages = [*GARBAGE, *forged] * ROUNDS
    address = wiring.settings.redis_url
    with redis.Redis.from_url(address.get_secret_value() if address else "") as broker:
        for queue in Queue:
            broker.lpush(queue, *messages)
    return len(messages) * len(Queue)


def _deliver_webhook(wiring: Wiring, tenant_id: UUID) -> None:
    """As the product's API keeps what the internet sends it."""
    url = wiring.settings.url_of("api") or ""
    with psycopg.connect(url, prepare_threshold=None) as api:
        api.execute("SELECT set_config('app.current_tenant_id', %s, true)", (str(tenant_id),))
        headers = Jsonb({"X-Shopify-Hmac-SHA256": "bm9ib2R5"})
        api.execute(
            "SELECT public.store_webhook(%s, 'shopify_uk', %s, 'app/uninstalled', %s, %s)",
            (tenant_id, str(uuid4()), headers, UNINSTALLED),
        )


def _report_webhook(console: Console, wiring: Wiring, tenant_id: UUID, refused: Job) -> bool:
    with wiring.unit_of_work(tenant_id, actor="demo")() as work:
        there = work.credentials.find("shopify_uk") is not None
    console.print(
        f"A webhook app/uninstalled that nobody has signed: {refused.error_message!r}; "
        f"the credential is {'there' if there else 'GONE'}.",
        soft_wrap=True,
    )
    return there and refused.state is JobState.FAILED
