"""Troubles of tenants for an operator who looks at all: the registry names who to ask, and each is asked apart.

The admin's login reaches no tenant's schema; the worker's reaches one at a time.
"""

from typing import Any, LiteralString
from uuid import UUID

from shared.domain.quota import UNLIMITED, Overrides, Tier, effective_limits
from shared.errors import TenantMissing
from shared.persistence.database import Database
from shared.persistence.unit_of_work import tenant_transaction

NEAR = 0.8
# A screen has no room for more tenants, and each costs a transaction.
MOST_ASKED = 1000
# Whom the log names; whether it still holds stands in the tenant's own schema.
ASKED_TO_RECONNECT = """
SELECT t.id, t.slug FROM public.tenants t
WHERE t.deleted_at IS NULL AND EXISTS (
    SELECT FROM public.audit_logs a WHERE a.tenant_id = t.id AND a.action = 'credential.reconnect_needed')
ORDER BY t.slug LIMIT %(most)s
"""
RECONNECTS = """
SELECT service_name AS service, last_sync_at FROM api_credentials WHERE needs_reconnect ORDER BY 1
"""
HAVE_SET_ASIDE = """
SELECT t.id, t.slug FROM public.tenants t
WHERE t.deleted_at IS NULL AND t.id IN (
    SELECT j.tenant_id FROM public.jobs j
    WHERE j.finished_at > now() - interval '7 days' AND j.state = 'succeeded'
      AND (j.result @? '$.rejected ? (@ > 0)' OR j.result @? '$.set_aside ? (@ > 0)'))
ORDER BY t.slug LIMIT %(most)s
"""
SET_ASIDE = """
SELECT coalesce(c.service_name, 'forecasts') AS service, count(*)::int AS records, max(r.last_seen_at) AS last_seen_at
FROM rejected_records r LEFT JOIN api_credentials c ON c.id = r.credential_id GROUP BY 1 ORDER BY 2 DESC
"""
USAGE = """
SELECT t.slug, t.subscription_tier::text AS tier, t.max_users, t.max_entities, t.max_storage,
       m.active_users_count, m.total_entities_count, m.storage_used_mb
FROM public.tenants t CROSS JOIN LATERAL (
    SELECT * FROM public.usage_metrics u WHERE u.tenant_id = t.id AND u.period_start <= now()
    ORDER BY u.period_start DESC LIMIT 1) AS m
WHERE t.deleted_at IS NULL
"""


def read_reconnects(admin: Database, worker: Database, limit: int) -> list[dict[str, Any]]:
    """The services whose vendor takes the login no more, of all tenants."""
    return _ask_each(admin, worker, ASKED_TO_RECONNECT, RECONNECTS, limit)


def read_set_aside(admin: Database, worker: Database, limit: int) -> list[dict[str, Any]]:
    """Records that could not be read, of tenants that had some in a week; `capliquify rejected` has the reasons."""
    return _ask_each(admin, worker, HAVE_SET_ASIDE, SET_ASIDE, limit)


def read_near_quota(admin: Database, limit: int) -> list[dict[str, Any]]:
    """Meters at 80 % of their limit or more, the fullest first."""
    rows = [meter for row in admin.call(USAGE) for meter in _meters(row)]
    rows.sort(key=lambda row: (-row["percent"], row["tenant"]))
    return rows[:limit]


def _meters(row: dict[str, Any]) -> list[dict[str, Any]]:
    limits = effective_limits(
        Tier(row["tier"]), Overrides(row["max_users"], row["max_entities"], row["max_storage"])
    )
    pairs = (
        ("users", row["active_users_count"], limits.users),
        ("entities", row["total_entities_count"], limits.entities),
        ("storage_mb", row["storage_used_mb"], limits.storage_mb),
    )
    return [
        {
            "tenant": row["slug"],
            "tier": row["tier"],
            "meter": meter,
            "used": used,
            "limit": most,
            "percent": 100 if not most else 100 * used // most,
        }
        for meter, used, most in pairs
        if most != UNLIMITED and used >= NEAR * most
    ]


def _ask_each(
    admin: Database, worker: Database, whom: LiteralString, what: LiteralString, limit: int
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for tenant in admin.call(whom, {"most": MOST_ASKED}):
        if len(rows) >= limit:
            break
        rows += [{"tenant": tenant["slug"], **row} for row in _ask(worker, tenant["id"], what)]
    return rows[:limit]


def _ask(worker: Database, tenant_id: UUID, what: LiteralString) -> list[dict[str, Any]]:
    try:
        with tenant_transaction(worker, tenant_id) as connection:
            return [dict(row) for row in connection.execute(what)]
    except TenantMissing:
        # Deleted a moment ago.
        return []
