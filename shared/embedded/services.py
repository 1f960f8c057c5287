"""Starting, finding and stopping the two servers of one home."""

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shared.embedded.guarded import Guarded
from shared.embedded.home import Home
from shared.embedded.launch import launch
from shared.embedded.postgresql import Postgresql
from shared.embedded.process import is_abandoned, wait_until_gone
from shared.embedded.server import Server
from shared.embedded.urls import ServiceStatus, ServiceUrls
from shared.embedded.valkey import Valkey
from shared.errors import ServiceError

# Longer than the grace that a guardian gives a server.
_ABANDONED_S = 30.0


class EmbeddedServices:
    """PostgreSQL and Valkey with their data in `home`.

    `durable=False` trades safety against power loss for speed and is for tests. Every method
    may raise ServiceError, whose one line names the file or folder and the fix.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self._home = Home(home)
        self._postgresql = Postgresql(self._home, durable=durable)
        self._valkey = Valkey(self._home, durable=durable)
        self._owned: list[Guarded] = []
        self._owner = os.getpid()

    def start_owned(self) -> ServiceUrls:
        """Start what does not run yet, to end with this process, however that ends."""
        return self._start(detached=False)

    def start_detached(self) -> ServiceUrls:
        """Start what does not run yet, to outlive this process."""
        return self._start(detached=True)

    def stop(self) -> bool:
        """Stop both cleanly, whoever started them; False when none ran."""
        if not self._home.folder.exists():
            return False
        with self._home.locked():
            stopped = [server.stop() for server in self._servers]
            self._release_owned()
        return any(stopped)

    def release(self) -> None:
        """Stop only what this object started with `start_owned`; done at exit by itself."""
        # A process forked from the owner inherits the exit hook, not the ownership.
        if self._owned and os.getpid() == self._owner:
            with self._home.locked():
                self._release_owned()

    def are_set_up(self) -> bool:
        """True when the home holds the data of a PostgreSQL that has been started, running or not."""
        if not self._home.folder.is_dir() or self._postgresql.version() is None:
            return False
        return (self._postgresql.data_folder / "PG_VERSION").exists()

    def status(self) -> tuple[ServiceStatus, ...]:
        """Return the state of each server, without changing anything."""
        return tuple(_status_of(server) for server in self._servers)

    def running_urls(self) -> ServiceUrls | None:
        """Return the addresses when both servers run, whoever started them."""
        postgresql, valkey = self._postgresql.running(), self._valkey.running()
        if postgresql is None or valkey is None:
            return None
        if is_abandoned(postgresql.pid) or is_abandoned(valkey.pid):
            return None
        return ServiceUrls(self._postgresql.url(postgresql.port), self._valkey.url(valkey.port))

    def addresses(self) -> tuple[str | None, str | None]:
        """Return the addresses of PostgreSQL and Valkey, None for one that does not run."""
        postgresql, valkey = self._postgresql.running(), self._valkey.running()
        return (
            None if postgresql is None else self._postgresql.url(postgresql.port),
            None if valkey is None else self._valkey.url(valkey.port),
        )

    @property
    def _servers(self) -> tuple[Server, ...]:
        return (self._postgresql, self._valkey)

    def _start(self, *, detached: bool) -> ServiceUrls:
        with self._home.locked():
            self._await_abandoned()
            missing = [server for server in self._servers if server.running() is None]
            try:
                for server in missing:
                    self._launch(server, detached=detached)
                return self._usable_urls()
            except BaseException:
                # All or nothing: what this call started must not stay behind a failure.
                with suppress(ServiceError):
                    for server in missing:
                        server.stop()
                self._release_owned()
                raise

    def _await_abandoned(self) -> None:
        """Let servers end whose owner was killed a moment ago, instead of joining them."""
        for server in self._servers:
            running = server.running()
            if running is not None and is_abandoned(running.pid):
                wait_until_gone(running.pid, _ABANDONED_S)

    def _launch(self, server: Server, *, detached: bool) -> None:
        guarded = launch(server, self._home, detached=detached)
        if detached:
            return
        if not self._owned:
            atexit.register(self.release)
        self._owned.append(guarded)
        self._owner = os.getpid()

    def _usable_urls(self) -> ServiceUrls:
        postgresql = self._postgresql.running()
        if postgresql is not None:
            self._postgresql.ensure_database(postgresql.port)
        urls = self.running_urls()
        if urls is None:
            logs = self._postgresql.log_path.parent
            raise ServiceError(f"A server ended right after its start: read the logs in {logs}")
        return urls

    def _release_owned(self) -> None:
        while self._owned:
            self._owned.pop().stop()
        atexit.unregister(self.release)


@contextmanager
def running_services(home: Path, *, durable: bool = True) -> Iterator[ServiceUrls]:
    """Give the addresses of servers that run during the `with` block.

    Those that run already stay as they are; others are started and stopped at the end of the
    block. Raises ServiceError when they cannot be started.
    """
    services = EmbeddedServices(home, durable=durable)
    try:
        yield services.running_urls() or services.start_owned()
    finally:
        services.release()


def _status_of(server: Server) -> ServiceStatus:
    running = server.running()
    return ServiceStatus(
        name=server.name,
        running=running is not None,
        pid=None if running is None else running.pid,
        port=None if running is None else running.port,
        version=server.version(),
        data_folder=server.data_folder,
    )
