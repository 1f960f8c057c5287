"""The audit log."""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID


class AuditLog(Protocol):
    def write(
        self,
        action: str,
        resource_type: str,
        resource_id: UUID | None = None,
        changes: Mapping[str, object] | None = None,
        severity: str = "INFO",
    ) -> None: ...
