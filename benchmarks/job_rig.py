"""Servers, tenants and processes for the job benchmarks."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import psycopg

import benchmarks.job_tasks  # noqa: F401 - declares the task
from benchmarks.scratch import PASSWORD, own_servers
from shared.persistence.jobs.contracts import publish
from shared.persistence.jobs.job_ledger import JobLedger, JobOrder
from shared.persistence.migrations.public_line import migrate_public
from shared.persistence.tenants.logins import LOGINS, ensure_logins, login_url
from shared.security.vault import KeyRing
from workers.migrate import task_contracts
from workers.settings import Settings
from workers.wiring import Wiring, build_wiring

# One row is enough to know, and asking must not cost what is measured.
COUNT_LEFT = (
    "SELECT count(*) FROM (SELECT FROM public.jobs WHERE state IN ('queued', 'dispatched', 'running') "
    "AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s) LIMIT 1) AS one"
)


@dataclass
class JobRig:
    """One database of its own, and how to start processes on it."""

    home: Path
    database_url: str
    environment: dict[str, str]
    wiring: Wiring
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Starts `python -m <command>`; it ends with the rig."""
        with (self.home / f"{command[-1]}-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def start_ours(self, concurrency: int) -> None:
        """One worker and one dispatcher; returns when the worker has signed in."""
        worker = ("benchmarks.job_tasks", "worker", "--queues", "interactive", "--concurrency")
        self.start(*worker, str(concurrency))
        self.start("workers", "dispatcher")
        self._wait_for("SELECT count(*) FROM public.job_workers WHERE queues <> '{}'", 1)

    def start_plain(self, concurrency: int) -> None:
        """One plain Celery worker."""
        options = ("worker", "-E", "-c", str(concurrency), "-l", "WARNING", "-Q", "plain")
        self.start("celery", "-A", "benchmarks.plain_celery", *options)

    def tenants(self, number: int) -> list[UUID]:
        """That many tenants in the registry; no-op jobs need no schemas."""
        with psycopg.connect(self.database_url) as connection:
            connection.execute(
                "INSERT INTO public.tenants (slug, name) SELECT 'bench-' || n, 'Bench ' || n "
                "FROM generate_series(1, %s) AS n ON CONFLICT DO NOTHING",
                (number,),
            )
            rows = connection.execute(
                "SELECT id FROM public.tenants ORDER BY id LIMIT %s", (number,)
            )
            return [row[0] for row in rows]

    def enqueue(self, tenant_id: UUID, number: int, milliseconds: float) -> list[UUID]:
        """That many jobs of a tenant in one transaction."""
        order = JobOrder(tenant_id, "bench.idle", {"milliseconds": milliseconds}, "benchmark")
        return JobLedger(self.wiring.dispatcher).place_all([order] * number)

    def drain(self, tenant_id: UUID | None = None) -> None:
        """Waits until no job lives, or none of a tenant."""
        self._wait_for(COUNT_LEFT, 0, tenant_id)

    def stop(self) -> None:
        """Ends all processes."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        self.processes.clear()

    def _wait_for(self, question: str, answer: int, tenant_id: UUID | None = None) -> None:
        deadline = time.monotonic() + 600
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            while time.monotonic() < deadline:
                row = connection.execute(question, {"tenant": tenant_id}).fetchone()
                if row == (answer,):
                    return
                if any(process.poll() is not None for process in self.processes):
                    raise SystemExit(f"a process has ended by itself; logs in {self.home}")
                time.sleep(0.02)
        raise SystemExit(f"not {answer} in time: {question}; logs in {self.home}")


@contextmanager
def job_rig() -> Iterator[JobRig]:
    """Durable servers with our public schema and nothing else, which end with the block."""
    with ExitStack() as stack:
        own = stack.enter_context(own_servers())
        urls, home = own.urls, own.home
        migrate_public(urls.database_url)
        publish(urls.database_url, task_contracts())
        ensure_logins(urls.database_url, dict.fromkeys(LOGINS, PASSWORD))
        environment = _environment(urls.database_url, urls.redis_url, home)
        wiring = stack.enter_context(build_wiring(Settings.model_validate(environment)))
        rig = JobRig(home, urls.database_url, environment, wiring)
        stack.callback(rig.stop)
        yield rig


def _environment(database_url: str, redis_url: str, home: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": login_url(database_url, "worker", PASSWORD),
        "DATABASE_DISPATCHER_URL": login_url(database_url, "dispatcher", PASSWORD),
        "DATABASE_ADMIN_URL": login_url(database_url, "admin", PASSWORD),
        "DATABASE_DIRECT_URL": database_url,
        "REDIS_URL": redis_url,
        "CAPLIQUIFY_HOME": str(home),
        "PLAIN_URL": redis_url,
        # Without a key no worker starts.
        "CAPLIQUIFY_VAULT_KEYS": KeyRing.generate(),
    }
