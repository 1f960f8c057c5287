"""Troubles of tenants for an operator who looks at all: the registry names who to ask, and each is asked apart.

The admin's login reaches no tenant's schema; the worker's reaches one at a time.
"""

from typing import Any, LiteralString
from uuid import UUID

import psycopg

from shared.domain.quota import Overrides, Tier, Usage, effective_limits, read_sampled
from shared.errors import TenantMissing
from shared.persistence.database import Database
from shared.persistence.unit_of_work import tenant_transaction

NEAR = 0.8
# A screen has no room for more tenants, and each costs a transaction.
MOST_ASKED = 1000
# Whom the log names; whether it still holds stands in the tenant's own schema.
ASKED_TO_RECONNECT = """
SELECT t.id, t.slug FROM public.tenants t JOIN (
    SELECT a.tenant_id, max(a.created_at) AS asked_at FROM public.audit_logs a
    WHERE a.action = 'credential.reconnect_needed' AND NOT EXISTS (
        SELECT FROM public.audit_logs later WHERE later.tenant_id = a.tenant_id AND later.created_at > a.created_at
          AND later.resource_id = a.resource_id AND later.action IN ('credential.stored', 'credential.removed'))
    GROUP BY 1) AS asked ON asked.tenant_id = t.id
WHERE t.deleted_at IS NULL ORDER BY asked.asked_at DESC LIMIT %(most)s
"""
RECONNECTS = """
SELECT service_name AS service, last_sync_at FROM api_credentials WHERE needs_reconnect ORDER BY 1
"""
HAVE_SET_ASIDE = """
SELECT t.id, t.slug FROM public.tenants t
WHERE t.deleted_at IS NULL AND t.id IN (
    SELECT j.tenant_id FROM public.jobs j WHERE j.state = 'succeeded'
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


def read_troubles(admin: Database, worker: Database) -> dict[str, list[dict[str, Any]]]:
    """`reconnect`: services whose vendor takes the login no more; `set_aside`: records that could not be read.

    `unreadable`: tenants whose schema could not be asked, and why; the others' answers stand.
    """
    unreadable: dict[str, str] = {}

    def ask_each(whom: LiteralString, what: LiteralString) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for tenant in admin.call(whom, {"most": MOST_ASKED}):
            try:
                asked = _ask(worker, tenant["id"], what)
            except psycopg.Error as error:
                # A schema that is damaged or behind; a server that is away is `DatabaseUnavailable`.
                unreadable[tenant["slug"]] = type(error).__name__
                continue
            rows += [{"tenant": tenant["slug"], **row} for row in asked]
        return rows

    return {
        "reconnect": ask_each(ASKED_TO_RECONNECT, RECONNECTS),
        "set_aside": ask_each(HAVE_SET_ASIDE, SET_ASIDE),
        "unreadable": [{"tenant": slug, "why": why} for slug, why in sorted(unreadable.items())],
    }


def read_near_quota(admin: Database) -> list[dict[str, Any]]:
    """Meters at 80 % of their limit or more, the fullest first."""
    rows = [meter for row in admin.call(USAGE) for meter in _meters(row)]
    rows.sort(key=lambda row: (-row["percent"], row["tenant"]))
    return rows


def _meters(row: dict[str, Any]) -> list[dict[str, Any]]:
    limits = effective_limits(
        Tier(row["tier"]), Overrides(row["max_users"], row["max_entities"], row["max_storage"])
    )
    usage = Usage(row["active_users_count"], row["total_entities_count"], row["storage_used_mb"])
    return [
        {
            "tenant": row["slug"],
            "tier": row["tier"],
            "meter": each.meter.name.lower(),
            "used": each.used,
            "limit": each.limit,
            "percent": 100 if not each.limit else 100 * each.used // each.limit,
        }
        for each in read_sampled(limits, usage)
        if each.used >= NEAR * each.limit
    ]


def _ask(worker: Database, tenant_id: UUID, what: LiteralString) -> list[dict[str, Any]]:
    try:
        with tenant_transaction(worker, tenant_id) as connection:
            return [dict(row) for row in connection.execute(what)]
    except TenantMissing:
        # Deleted a moment ago.
        return []
