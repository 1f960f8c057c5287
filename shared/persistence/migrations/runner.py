"""Bring tenant schemas to a revision: one tenant, one transaction; a failing one stops nobody else."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psycopg
from psycopg.errors import DeadlockDetected, LockNotAvailable

from shared.errors import InvalidInput
from shared.persistence.migrations.one_tenant import make_durable, migrate_one
from shared.persistence.migrations.schema_versions import (
    Connection,
    SchemaVersion,
    find_target,
    read_registered,
)
from shared.persistence.migrations.steps import Step, load_steps

WORKERS = 4
# A tenant that somebody holds a lock on goes to the tail of the queue, this often.
TRIES = 20
PAUSE_S = 0.2


@dataclass(frozen=True, slots=True)
class Migrated:
    """How one tenant's migration ended: the revision reached, or why it was not."""

    slug: str
    revision: str | None
    error: str | None
    changed: bool = False


OnDone = Callable[[Migrated, int], None]


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
    versions = read_registered(database_url, slugs)
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
        try:
            for thread in threads:
                thread.join()
        except KeyboardInterrupt:
            # Each finishes the tenant in its hands; a second one does not wait.
            self._queue.clear()
            for thread in threads:
                thread.join()
            raise
        # Threads that lost the server leave a queue: what is in it was not done.
        while self._queue:
            version, _ = self._queue.popleft()
            reason = "the connection was lost; run it again"
            self.note(Migrated(version.slug, version.revision, reason))

    def note(self, migrated: Migrated) -> None:
        """Keeps how one ended and reports it to the caller."""
        with self._lock:
            self.results.append(migrated)
            self._on_done(migrated, self._total)

    def _work(self) -> None:
        with (
            suppress(psycopg.OperationalError),
            psycopg.connect(self._url, autocommit=True) as connection,
        ):
            while not connection.closed and (taken := self._take()) is not None:
                self._try_one(connection, *taken)
            make_durable(connection)

    def _try_one(self, connection: Connection, version: SchemaVersion, tries: int) -> None:
        try:
            moved = migrate_one(connection, version, self._steps, self._target)
        except (LockNotAvailable, DeadlockDetected):
            self._put_back(version, tries - 1)
        except (psycopg.Error, InvalidInput) as error:
            if connection.closed:
                self._put_back(version, tries - 1)
            else:
                self.note(Migrated(version.slug, version.revision, str(error).splitlines()[0]))
        else:
            self.note(Migrated(version.slug, moved.after, None, moved.before != moved.after))

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
