"""Purge the tenants whose days are over and whose purge a person approved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shared.errors import CapLiquifyError


class DeletedTenant(Protocol):
    """A soft-deleted tenant: from when it may be purged, and who approved it."""

    @property
    def id(self) -> UUID: ...
    @property
    def slug(self) -> str: ...
    @property
    def purge_from(self) -> datetime | None: ...
    @property
    def purge_approved_by(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """Slugs of those purged, of those that are due and wait for an approval, and of those that failed."""

    purged: tuple[str, ...]
    waiting: tuple[str, ...]
    failed: tuple[str, ...]


def purge_due_tenants(
    deleted: Sequence[DeletedTenant], purge: Callable[[UUID], None], now: datetime
) -> PurgeReport:
    """Purges one after the other; one that cannot be purged stops nobody else."""
    due = [each for each in deleted if each.purge_from is not None and each.purge_from <= now]
    waiting = tuple(each.slug for each in due if each.purge_approved_by is None)
    purged, failed = [], []
    for tenant in due:
        if tenant.purge_approved_by is None:
            continue
        try:
            purge(tenant.id)
        except CapLiquifyError:
            failed.append(tenant.slug)
        else:
            purged.append(tenant.slug)
    return PurgeReport(tuple(purged), waiting, tuple(failed))
