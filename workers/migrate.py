"""Migrate everything: the public line, the contracts of the tasks, each tenant's schema."""

import importlib
from dataclasses import dataclass

from shared.persistence.jobs.contracts import Contract, publish
from shared.persistence.migrations.public_line import migrate_public
from shared.persistence.migrations.runner import (
    WORKERS,
    Migrated,
    OnDone,
    migrate_tenants,
)
from shared.persistence.migrations.schema_versions import (
    PlannedMove,
    find_target,
    plan_moves,
    read_versions,
)
from shared.persistence.migrations.steps import load_steps
from workers.app import TASK_MODULES
from workers.definition import TASKS
from workers.wiring import Wiring


@dataclass(frozen=True, slots=True)
class MigrationOrder:
    """What is to be migrated, and how far; the whole database to its newest revisions by default."""

    slugs: tuple[str, ...] | None = None
    to: str | None = None
    canary: int = 0
    workers: int = WORKERS

    @property
    def whole(self) -> bool:
        """Whether the public line is meant too."""
        return self.slugs is None and self.to is None


@dataclass(frozen=True, slots=True)
class Migration:
    """The public revision reached, if it was asked for, and how each tenant's migration ended."""

    public_revision: str | None
    tenants: tuple[Migrated, ...]

    @property
    def failed(self) -> tuple[Migrated, ...]:
        """Tenants that stayed behind."""
        return tuple(each for each in self.tenants if each.error is not None)


EVERYTHING = MigrationOrder()


def migrate_everything(
    wiring: Wiring,
    order: MigrationOrder = EVERYTHING,
    on_done: OnDone = lambda _migrated, _total: None,
) -> Migration:
    """Brings the database where the order says; running it again changes nothing."""
    direct = _direct_url(wiring)
    revision = None
    if order.whole:
        revision = migrate_public(direct)
        publish(direct, task_contracts())
    tenants = migrate_tenants(
        direct,
        slugs=order.slugs,
        to=order.to,
        workers=order.workers,
        canary=order.canary,
        on_done=on_done,
    )
    return Migration(revision, tuple(tenants))


def plan_migration(wiring: Wiring, order: MigrationOrder) -> list[PlannedMove]:
    """What the order would do with tenants' schemas; changes nothing."""
    steps = load_steps()
    target = find_target(order.to, steps)
    return plan_moves(read_versions(_direct_url(wiring), order.slugs), steps, target)


def _direct_url(wiring: Wiring) -> str:
    url = wiring.settings.url_of("direct")
    assert url is not None  # noqa: S101 - the wiring was built with it
    return url


def task_contracts() -> list[Contract]:
    """What every task accepts and returns."""
    for module in TASK_MODULES:
        importlib.import_module(module)
    return [
        Contract(
            name=each.name,
            queue=each.queue.value,
            arguments_schema=each.arguments_schema(),
            result_schema=each.result_schema(),
            max_attempts=each.max_attempts,
            deadline_s=each.deadline_s,
            vendor_argument=each.vendor_argument,
            description=each.description,
        )
        for each in TASKS.values()
    ]
