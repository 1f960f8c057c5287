"""The audit log."""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID


class AuditLog(Protocol):
    """The audit log of one tenant. Entries are added and never changed."""

    def write(
        self,
        action: str,
        resource_type: str,
        resource_id: UUID | None = None,
        changes: Mapping[str, object] | None = None,
        severity: str = "INFO",
    ) -> None:
        """Adds one entry, in this transaction. Who did it is known to the unit of work.

        `action` is a name such as `quota.exceeded`. `changes` is kept as JSON. `severity` is one of the enum
        `audit_severity`.
        """
