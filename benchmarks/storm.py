"""A storm: many tenants' jobs while everything is killed at random; nothing may be lost or doubled.

    python -m benchmarks.storm [--seconds 120] [--seed 1] [--tenants 20] [--json]

Runs on servers of its own. Each job writes numbered pages as a connector does; some meet a vendor that means
harm, some a statement beyond their deadline. Every process has a clock that jumps up to thirty days either way,
and strangers write to the broker. At the end the kills stop, what is left drains, and the pages and the
nights are counted. Exit status 1 when a page is lost or doubled, a night is missed, a job has not
succeeded, or a process ended that nobody had ended.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from benchmarks.scratch import PASSWORD, own_servers
from benchmarks.storm_faults import Storm
from benchmarks.storm_outcome import Outcome, judge, nights_due, nights_missed
from shared.domain.quota import Tier
from shared.embedded.services import EmbeddedServices
from shared.embedded.urls import ServiceUrls
from shared.persistence.database import Database
from shared.persistence.jobs.job_ledger import JobLedger
from shared.persistence.migrations.public_line import migrate_public
from shared.persistence.tenants.logins import LOGINS, ensure_logins, login_url
from shared.persistence.tenants.registry import TenantRegistry
from shared.security.vault import KeyRing
from shared.use_cases.register_tenant import NewTenant, register_tenant
from tests.fixtures.fleet import Fleet
from tests.fixtures.hostile_vendor import hostile_vendor
from tests.fixtures.numbered import NUMBERED, SLOW, place, prepare

LEASE_S = 2.0
DRAIN_S = 180.0
ROUND_S = 1.0
# How many jobs may wait or run while the storm goes on.
LIVE_JOBS = 100

LIVE = "SELECT count(*) FROM public.jobs WHERE state IN ('queued', 'dispatched', 'running')"


def main() -> None:
    """Run the storm and print the table; with --json the last line is one JSON object."""
    asked = arguments()
    with own_servers(durable=False) as own:
        outcome = run(asked, own.services, own.urls, own.home)
    outcome.print()
    if asked.json:
        print(json.dumps({"benchmark": "storm", **asdict(outcome)}))
    sys.exit(0 if outcome.is_well else 1)


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=120.0, help="how long things are killed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tenants", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep-logs", type=Path, help="a folder for the processes' logs")
    return parser.parse_args()


def run(
    asked: argparse.Namespace, embedded: EmbeddedServices, urls: ServiceUrls, folder: Path
) -> Outcome:
    """The whole storm."""
    chance = random.Random(asked.seed)
    tenants = make_tenants(urls.database_url, asked.tenants)
    logs = asked.keep_logs or folder
    logs.mkdir(parents=True, exist_ok=True)
    due = nights_due(urls.database_url)
    fleet = Fleet(environment(urls, folder), logs, wrong_clocks=True)
    storm = Storm(fleet, embedded, urls, chance)
    expected: dict[UUID, int] = {}
    with hostile_vendor() as vendor_url:
        try:
            storm.begin()
            ends_at = time.monotonic() + asked.seconds
            while time.monotonic() < ends_at:
                top_up(urls.database_url, tenants, chance, expected, vendor_url)
                storm.round()
                time.sleep(ROUND_S)
            storm.calm()
            drained_in_s = drain(urls.database_url, storm, due)
        finally:
            fleet.stop()
    return judge(urls.database_url, asked, expected, due, storm, drained_in_s)


def make_tenants(url: str, number: int) -> list[UUID]:
    """A migrated database with tenants who were there yesterday, so that last night is due."""
    migrate_public(url)
    ensure_logins(url, dict.fromkeys(LOGINS, PASSWORD))
    prepare(url)
    with Database(url) as database:
        made = [
            register_tenant(
                TenantRegistry(database, "storm"),
                NewTenant(f"storm-{n}", f"Storm {n}", Tier.STARTER, "UTC", "GBP"),
            )
            for n in range(number)
        ]
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE public.tenants SET created_at = now() - interval '3 days'")
    return made


def environment(urls: ServiceUrls, folder: Path) -> dict[str, str]:
    """What the processes find; short leases, so that a minute sees many of them end."""
    return {
        "DATABASE_URL": login_url(urls.database_url, "worker", PASSWORD),
        "DATABASE_DISPATCHER_URL": login_url(urls.database_url, "dispatcher", PASSWORD),
        "DATABASE_ADMIN_URL": login_url(urls.database_url, "admin", PASSWORD),
        "REDIS_URL": urls.redis_url,
        "CAPLIQUIFY_HOME": str(folder),
        "CAPLIQUIFY_LEASE_S": str(LEASE_S),
        "CAPLIQUIFY_POLL_S": "0.2",
        "CAPLIQUIFY_VAULT_KEYS": KeyRing.generate(),
    }


def top_up(
    url: str,
    tenants: list[UUID],
    chance: random.Random,
    expected: dict[UUID, int],
    vendor_url: str,
) -> None:
    """Orders more jobs, quick and slow ones, while few are live."""
    with psycopg.connect(url) as connection:
        live = (connection.execute(LIVE).fetchone() or (0,))[0]
    if live >= LIVE_JOBS:
        return
    with Database(url) as database:
        ledger = JobLedger(database)
        for tenant in chance.sample(tenants, min(15, len(tenants))):
            name, arguments = one_order(chance, vendor_url)
            (job,) = place(ledger, [tenant], name, **arguments)
            expected[job] = arguments["pages"]


def one_order(chance: random.Random, vendor_url: str) -> tuple[str, dict[str, Any]]:
    """A job's task and arguments; one in ten meets a slow statement, one in ten the hostile vendor."""
    kind = chance.choices(("plain", "slow", "hostile"), (8, 1, 1))[0]
    if kind == "slow":
        return SLOW, {"pages": 1, "statement_s": 60.0}
    if kind == "hostile":
        return NUMBERED, {"pages": chance.randint(1, 3), "vendor_url": vendor_url}
    return NUMBERED, {
        "pages": chance.randint(1, 15),
        "pause_s": chance.uniform(0, 0.05),
        "hold_s": chance.uniform(0, 0.03),
    }


def drain(url: str, storm: Storm, due: Mapping[tuple[UUID, str], datetime]) -> float:
    """Waits until no job lives and every night that was due has begun; returns how long that took."""
    began = time.monotonic()
    while time.monotonic() - began < DRAIN_S:
        storm.revive()
        with psycopg.connect(url) as connection:
            is_quiet = connection.execute(LIVE).fetchone() == (0,)
        if is_quiet and not nights_missed(url, due):
            break
        time.sleep(ROUND_S)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
