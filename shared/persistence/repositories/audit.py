"""The audit log, as seen from one tenant."""

from collections.abc import Mapping
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.persistence.database import Connection


class AuditRepository:
    """Appends entries of one tenant; `actor` says who: a job, an operator."""

    def __init__(self, connection: Connection, tenant_id: UUID, actor: str) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._actor = actor

    def write(
        self,
        action: str,
        resource_type: str,
        resource_id: UUID | None = None,
        changes: Mapping[str, object] | None = None,
        severity: str = "INFO",
    ) -> None:
        """Appends one entry, in this transaction."""
        self._connection.execute(
            "INSERT INTO public.audit_logs "
            "(tenant_id, action, resource_type, resource_id, severity, changes, metadata) "
            "VALUES (%s, %s, %s, %s, %s::public.audit_severity, %s, %s)",
            (
                self._tenant_id,
                action,
                resource_type,
                resource_id,
                severity,
                Jsonb(changes or {}),
                Jsonb({"actor": self._actor}),
            ),
        )
