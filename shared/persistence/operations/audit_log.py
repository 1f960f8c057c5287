"""Reading the audit log of all tenants, as an operator."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from shared.persistence.database import Connection


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
    # SQLAlchemy takes half a second to load, which other commands are spared.
    from shared.persistence.compiled import compiled  # noqa: PLC0415
    from shared.persistence.operations.audit_search import entries_matching  # noqa: PLC0415

    with connection.cursor(row_factory=class_row(AuditEntry)) as cursor:
        return cursor.execute(*compiled(entries_matching(**asdict(wanted)))).fetchall()


def is_known(connection: Connection, tenant: str) -> bool:
    """Whether a tenant of that slug or id is there, or has left entries behind."""
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM public.tenants WHERE slug = %(tenant)s OR id::text = %(tenant)s) "
        "OR EXISTS (SELECT FROM public.audit_logs WHERE tenant_id::text = %(tenant)s) AS known",
        {"tenant": tenant},
    ).fetchone()
    return bool(row and row["known"])
