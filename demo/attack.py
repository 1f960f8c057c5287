"""Strangers at the doors: garbage and forged messages on the broker, and webhooks that are not the shop's."""

import base64
import hmac
import json
import time
from uuid import UUID, uuid4

import psycopg
import redis
from psycopg.types.json import Jsonb
from rich.console import Console

from demo.night import wait_for_end
from shared.domain.job import JobState
from shared.persistence.jobs.job_ledger import JobFilter, JobLedger
from workers.queues import Queue
from workers.supervisor import Supervisor
from workers.wiring import Wiring

GARBAGE = (b"", b"{", b"\xff\xfe", b"[" * 50_000, b'{"body": "x", "properties": null}', b"7")
FORGED = ("webhooks.process", "sales.pull", "no.such.task")
ROUNDS = 20
POLL_S = 0.2
WEBHOOK_KEY = "key-of-the-demo"
UNINSTALLED = b'{"id": 1, "myshopify_domain": "another-shop.myshopify.com"}'


def attack(
    console: Console, wiring: Wiring, supervisor: Supervisor, victim: UUID, neighbour: UUID
) -> bool:
    """Tries it and prints what came of it; False where anything got through."""
    ledger = JobLedger(wiring.admin)
    number = _write_to_the_broker(wiring)
    jobs = [
        ledger.enqueue(each, "usage.sample", {}, requested_by="demo")
        for each in (victim, neighbour)
    ]
    done = all(wait_for_end(ledger, job).state is JobState.SUCCEEDED for job in jobs)
    # Raises where a process has ended.
    supervisor.check()
    console.print(
        f"\n{number} garbage and forged messages on the broker, all of them read: no process ended, "
        f"jobs of both tenants {'went on' if done else 'STOOD STILL'}.",
        soft_wrap=True,
    )
    signature = base64.b64encode(hmac.digest(WEBHOOK_KEY.encode(), UNINSTALLED, "sha256")).decode()
    unsigned = _deliver(console, wiring, victim, "that nobody has signed", "bm9ib2R5")
    foreign = _deliver(console, wiring, victim, "signed, but of another shop", signature)
    return done and unsigned.startswith("signature: ") and foreign.startswith("shop: ")


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
        while any(broker.llen(queue) for queue in Queue):
            time.sleep(POLL_S)
    return len(messages) * len(Queue)


def _deliver(console: Console, wiring: Wiring, tenant_id: UUID, what: str, signature: str) -> str:
    """Keeps a webhook as the product's API keeps what the internet sends it; returns why it is refused."""
    url = wiring.settings.url_of("api") or ""
    with psycopg.connect(url, prepare_threshold=None) as api:
        api.execute("SELECT set_config('app.current_tenant_id', %s, true)", (str(tenant_id),))
        headers = Jsonb({"X-Shopify-Hmac-SHA256": signature})
        api.execute(
            "SELECT public.store_webhook(%s, 'shopify_uk', %s, 'app/uninstalled', %s, %s)",
            (tenant_id, str(uuid4()), headers, UNINSTALLED),
        )
    ledger = JobLedger(wiring.admin)
    [job] = ledger.search(JobFilter(tenant_id, "webhooks.process", limit=1))
    ended = wait_for_end(ledger, job)
    reason = ended.error_message or f"IT WAS BELIEVED: {ended.state}"
    console.print(f"A webhook app/uninstalled {what}: {reason}.", soft_wrap=True)
    return reason
