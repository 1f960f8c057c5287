"""What an operator asks at three in the morning, over all tenants: the ledger has the answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from shared.persistence.database import Database

# The newest pull of each service; those that have not succeeded, and those that did so too long ago.
PULLS = """
SELECT t.slug AS tenant, p.service, p.state, p.waits_for, p.error_message AS why, p.created_at,
       p.created_at < now() - interval '26 hours' AS is_old
FROM (SELECT DISTINCT ON (tenant_id, name, arguments ->> 'service') tenant_id, state::text, waits_for, error_message,
             created_at,
             coalesce(arguments ->> 'service', CASE name WHEN 'books.pull' THEN 'xero' ELSE 'shopify_uk' END) AS service
      FROM public.jobs WHERE name IN ('sales.pull', 'books.pull') AND created_at > now() - interval '7 days'
      ORDER BY tenant_id, name, arguments ->> 'service', created_at DESC) AS p
JOIN public.tenants t ON t.id = p.tenant_id AND t.deleted_at IS NULL
WHERE p.state <> 'succeeded' OR p.created_at < now() - interval '26 hours'
ORDER BY t.slug, p.service LIMIT %(limit)s
"""
BACKFILLS = """
SELECT t.slug AS tenant, coalesce(j.arguments ->> 'service', 'shopify_uk') AS service, j.state::text,
       100 * j.progress_done / nullif(j.progress_total, 0) AS percent, j.progress_total - j.progress_done AS days_to_go,
       j.progress_message AS message, j.run_at
FROM public.jobs j JOIN public.tenants t ON t.id = j.tenant_id
WHERE j.name = 'sales.backfill' AND j.state IN ('queued', 'dispatched', 'running') ORDER BY t.slug LIMIT %(limit)s
"""
WAITING = """
SELECT t.slug AS tenant, j.queue, count(*)::int AS jobs, extract(epoch FROM now() - min(j.run_at))::float8 AS oldest_s
FROM public.jobs j JOIN public.tenants t ON t.id = j.tenant_id
WHERE j.state = 'queued' AND j.run_at <= now() AND j.rank < 'infinity'
GROUP BY 1, 2 ORDER BY oldest_s DESC LIMIT %(limit)s
"""
FAILURES = """
SELECT date_trunc('hour', finished_at) AS hour, coalesce(vendor, name) AS of_what, state::text, error_class,
       count(*)::int AS jobs
FROM public.jobs WHERE finished_at > now() - interval '1 day' AND state IN ('failed', 'dead')
GROUP BY 1, 2, 3, 4 ORDER BY 1 DESC, jobs DESC LIMIT %(limit)s
"""
CIRCUITS = """
SELECT c.name AS vendor, c.opened_at, c.last_error AS why, c.probe_at,
       (SELECT count(*) FROM public.jobs j WHERE j.waits_for = c.name AND j.state = 'queued')::int AS jobs
FROM public.vendor_circuits c WHERE c.opened_at IS NOT NULL ORDER BY 1 LIMIT %(limit)s
"""
KEYS_AWAITED = """
SELECT count(*)::int AS jobs FROM public.jobs WHERE state = 'queued' AND error_class = 'KeyMissing'
"""
# One tenant's flood in one queue.
CROWDS = """
SELECT t.slug AS tenant, j.queue, count(*)::int AS jobs, extract(epoch FROM now() - min(j.run_at))::float8 AS oldest_s
FROM public.jobs j JOIN public.tenants t ON t.id = j.tenant_id
WHERE j.state = 'queued' AND j.rank < 'infinity'
GROUP BY 1, 2 HAVING count(*) >= 1000 ORDER BY jobs DESC LIMIT %(limit)s
"""
ENDED_BADLY = """
SELECT error_class AS error, count(*)::int AS jobs FROM public.jobs
WHERE finished_at > now() - interval '1 hour' AND state IN ('failed', 'dead') GROUP BY 1 ORDER BY 2 DESC LIMIT %(limit)s
"""
BAD_ENDINGS = """
SELECT now() AS now, e.* FROM (SELECT 1) AS one LEFT JOIN (
    SELECT j.id, j.name, t.slug AS tenant, j.arguments ->> 'service' AS service, j.state::text,
           j.error_message AS error
    FROM public.jobs j JOIN public.tenants t ON t.id = j.tenant_id
    WHERE j.finished_at > %(since)s AND j.state IN ('failed', 'dead')
    ORDER BY j.finished_at LIMIT 10000) AS e ON true
"""
QUESTIONS: dict[str, LiteralString] = {
    "pulls": PULLS,
    "backfills": BACKFILLS,
    "waiting": WAITING,
    "failures": FAILURES,
    "vendors_away": CIRCUITS,
    "crowds": CROWDS,
    "ended_badly": ENDED_BADLY,
}


@dataclass(frozen=True, slots=True)
class BadEnding:
    """A job that is failed or dead."""

    id: UUID
    name: str
    tenant: str
    service: str | None
    state: str
    error: str | None


def read_operations(database: Database, limit: int = 20) -> dict[str, list[dict[str, Any]]]:
    """The rows that answer each question, by its name; `limit` of each at most. The login sees all tenants."""
    return {
        name: [dict(row) for row in database.call(query, {"limit": limit})]
        for name, query in QUESTIONS.items()
    }


def read_vendors_away(database: Database) -> list[dict[str, Any]]:
    """The vendors whose circuit is open, and how many jobs wait for each."""
    return [dict(row) for row in database.call(CIRCUITS, {"limit": 100})]


def read_bad_endings(
    database: Database, since: datetime | None
) -> tuple[datetime, list[BadEnding]]:
    """PostgreSQL's time, and jobs that ended badly since then; none without an instant."""
    rows = database.call(BAD_ENDINGS, {"since": since})
    now: datetime = rows[0].pop("now")
    return now, [
        BadEnding(**{name: value for name, value in row.items() if name != "now"})
        for row in rows
        if row["id"] is not None
    ]


def count_keys_awaited(database: Database) -> int:
    """Jobs that wait for a key of the vault."""
    return int(database.call(KEYS_AWAITED)[0]["jobs"])
