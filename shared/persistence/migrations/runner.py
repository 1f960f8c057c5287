"""Bring tenant schemas to a revision: one tenant, one transaction; a failing one stops nobody else."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg.errors import LockNotAvailable
from psycopg.rows import TupleRow, class_row

from shared.errors import InvalidInput
from shared.persistence.migrations.one_tenant import migrate_one
from shared.persistence.migrations.steps import Step, load_steps

Connection = psycopg.Connection[TupleRow]

WORKERS = 4
# A tenant that somebody holds a lock on goes to the tail of the queue, this often.
TRIES = 20
PAUSE_S = 0.2


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """A tenant's schema and the revision that it stands at."""

    tenant_id: UUID
    slug: str
    schema_name: str
    revision: str | None


@dataclass(frozen=True, slots=True)
class Migrated:
    """How one tenant's migration ended: the revision reached, or why it was not."""

    slug: str
    revision: str | None
    error: str | None


OnDone = Callable[[Migrated, int], None]


def read_versions(database_url: str, slugs: Iterable[str] | None = None) -> list[SchemaVersion]:
    """Where every tenant schema stands, or those of `slugs`; raises `InvalidInput` for one that is none."""
    with (
        psycopg.connect(database_url) as connection,
        connection.cursor(row_factory=class_row(SchemaVersion)) as cursor,
    ):
        versions = cursor.execute(
            "SELECT tenant_id, slug, schema_name, revision FROM public.tenant_schema_revisions()"
        ).fetchall()
    if slugs is None:
        return versions
    wanted = set(slugs)
    if unknown := wanted - {version.slug for version in versions}:
        raise InvalidInput(f"tenant: no tenant {sorted(unknown)[0]!r} has a schema")
    return [version for version in versions if version.slug in wanted]


def find_target(revision: str | None, steps: Sequence[Step]) -> int:
    """How many steps a schema at that revision has taken; None is the newest. Raises `InvalidInput`."""
    if revision is None:
        return len(steps)
    for step in steps:
        if step.revision == revision:
            return step.number
    known = ", ".join(step.revision for step in steps)
    raise InvalidInput(f"to: there is no revision {revision!r}; there are {known}")


def migrate_tenants(
    database_url: str,
    *,
    slugs: Iterable[str] | None = None,
    to: str | None = None,
    workers: int = WORKERS,
    canary: int = 0,
    steps: Sequence[Step] | None = None,
    on_done: OnDone = lambda _migrated, _total: None,
) -> list[Migrated]:
    """Brings tenants up or down to revision `to`; returns how each ended, by slug.

    The first `canary` tenants go alone; if one of them fails, the others are not touched.
    """
    line = load_steps() if steps is None else steps
    target = find_target(to, line)
    versions = read_versions(database_url, slugs)
    run = _Run(database_url, line, target, len(versions), on_done)
    run.migrate(versions[:canary], 1)
    if any(each.error for each in run.results):
        for version in versions[canary:]:
            run.note(Migrated(version.slug, version.revision, "not tried: a canary failed"))
    else:
        run.migrate(versions[canary:], workers)
    return sorted(run.results, key=lambda each: each.slug)


class _Run:
    """The queue that the threads of one run share."""

    def __init__(
        self, url: str, steps: Sequence[Step], target: int, total: int, on_done: OnDone
    ) -> None:
        self.results: list[Migrated] = []
        self._url = url
        self._steps = steps
        self._target = target
        self._total = total
        self._on_done = on_done
        self._lock = threading.Lock()
        self._queue: deque[tuple[SchemaVersion, int]] = deque()

    def migrate(self, versions: Sequence[SchemaVersion], workers: int) -> None:
        """Empties a queue of tenants with that many connections."""
        self._queue.extend((version, TRIES) for version in versions)
        count = max(1, min(workers, len(versions)))
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # Threads that lost the server leave a queue: what is in it was not done.
        while self._queue:
            version, _ = self._queue.popleft()
            self.note(
                Migrated(version.slug, version.revision, "the connection was lost; run it again")
            )

    def note(self, migrated: Migrated) -> None:
        """Keeps how one ended and tells the caller."""
        with self._lock:
            self.results.append(migrated)
            self._on_done(migrated, self._total)

    def _work(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            while (taken := self._take()) is not None:
                version, tries = taken
                try:
                    revision = migrate_one(
                        connection,
                        version.tenant_id,
                        version.schema_name,
                        self._steps,
                        self._target,
                    )
                except LockNotAvailable:
                    self._put_back(version, tries - 1)
                except psycopg.OperationalError:
                    self._put_back(version, tries)
                    return
                except (psycopg.Error, InvalidInput) as error:
                    self.note(Migrated(version.slug, version.revision, str(error).splitlines()[0]))
                else:
                    self.note(Migrated(version.slug, revision, None))

    def _take(self) -> tuple[SchemaVersion, int] | None:
        with self._lock:
            return self._queue.popleft() if self._queue else None

    def _put_back(self, version: SchemaVersion, tries: int) -> None:
        if tries <= 0:
            reason = "its tables are locked by a long transaction; run it again later"
            self.note(Migrated(version.slug, version.revision, reason))
            return
        if not self._queue:
            # Nothing else to do meanwhile.
            threading.Event().wait(PAUSE_S)
        with self._lock:
            self._queue.append((version, tries))
