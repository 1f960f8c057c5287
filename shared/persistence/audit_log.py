"""Reading the audit log of all tenants, as an operator."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from shared.persistence.database import Connection

# A filter that is not given (NULL) lets everything pass.
SEARCH = """
SELECT a.created_at, t.slug AS tenant, a.tenant_id, a.action, a.resource_type, a.severity::text AS severity,
       coalesce(a.metadata ->> 'actor', a.user_id::text, '') AS actor, a.login, a.changes, a.success, a.error_message
FROM public.audit_logs a LEFT JOIN public.tenants t ON t.id = a.tenant_id
WHERE (%(tenant)s::text IS NULL OR t.slug = %(tenant)s OR a.tenant_id::text = %(tenant)s)
  AND (%(action)s::text IS NULL OR a.action = %(action)s
       OR (right(%(action)s, 1) = '*' AND starts_with(a.action, left(%(action)s, -1))))
  AND (%(actor)s::text IS NULL OR a.metadata ->> 'actor' = %(actor)s OR a.user_id::text = %(actor)s)
  AND (%(severity)s::text IS NULL OR a.severity >= %(severity)s::public.audit_severity)
  AND (%(since)s::timestamptz IS NULL OR a.created_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR a.created_at < %(until)s)
ORDER BY a.created_at DESC, a.id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to look for; None lets everything pass. `tenant` is a slug or, of one that is gone, its id.

    `action` may end in `*`; `severity` and above.
    """

    tenant: str | None = None
    action: str | None = None
    actor: str | None = None
    severity: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry; `changes` has before and after by column, what is secret masked."""

    created_at: datetime
    tenant: str | None
    tenant_id: UUID | None
    action: str
    resource_type: str
    severity: str
    # Who it says it was, and who was really logged in.
    actor: str
    login: str | None
    changes: dict[str, Any] | None
    success: bool
    error_message: str | None


def search_audit_log(connection: Connection, wanted: AuditFilter) -> list[AuditEntry]:
    """The newest entries that pass the filter, the newest first."""
    values = {name: getattr(wanted, name) for name in AuditFilter.__dataclass_fields__}
    with connection.cursor(row_factory=class_row(AuditEntry)) as cursor:
        return cursor.execute(SEARCH, values).fetchall()


def is_known(connection: Connection, tenant: str) -> bool:
    """Whether a tenant of that slug or id is there, or has left entries behind."""
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM public.tenants WHERE slug = %(tenant)s OR id::text = %(tenant)s) "
        "OR EXISTS (SELECT FROM public.audit_logs WHERE tenant_id::text = %(tenant)s) AS known",
        {"tenant": tenant},
    ).fetchone()
    return bool(row and row["known"])
