"""Migrate everything: the public line, the contracts of the tasks, each tenant's schema."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from shared.persistence.contracts import Contract, publish
from shared.persistence.migrations.public_line import migrate_public
from shared.persistence.migrations.runner import Migrated, migrate_tenants
from workers.app import TASK_MODULES
from workers.task import TASKS
from workers.wiring import Wiring


@dataclass(frozen=True, slots=True)
class Migration:
    """The public revision reached, and how each tenant's migration ended."""

    public_revision: str
    tenants: tuple[Migrated, ...]

    @property
    def failed(self) -> tuple[Migrated, ...]:
        """Tenants that stayed behind."""
        return tuple(each for each in self.tenants if each.error is not None)


def migrate_everything(
    wiring: Wiring, on_done: Callable[[Migrated, int], None] = lambda _migrated, _total: None
) -> Migration:
    """Brings the whole database to the newest revisions; running it again changes nothing."""
    direct = wiring.settings.url_of("direct")
    assert direct is not None  # noqa: S101 - the wiring was built with it
    revision = migrate_public(direct)
    publish(direct, task_contracts())
    tenants = migrate_tenants(direct, on_done=on_done)
    return Migration(revision, tuple(tenants))


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
        )
        for each in TASKS.values()
    ]
