"""`capliquify up`: the whole system in one terminal."""

import fcntl
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from shared.embedded.services import EmbeddedServices
from shared.embedded.tcp_ports import free_port
from shared.errors import ServiceError
from workers.cli.console import make_console
from workers.platform import open_platform, prepare_home
from workers.queues import Queue
from workers.settings import Settings
from workers.supervisor import Program, Supervisor, supervising
from workers.wiring import Wiring

LOOK_S = 0.5
LOCK = "up.lock"
# To open credentials, old ones too, and to believe a webhook.
VENDORS = frozenset({"CAPLIQUIFY_VAULT_KEYS", "CAPLIQUIFY_PGCRYPTO_KEY", "SHOPIFY_WEBHOOK_SECRET"})
DISPATCHERS = frozenset({"DATABASE_DISPATCHER_URL", "DATABASE_LISTEN_URL"})

console = make_console()


def up(
    flower_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Flower's port; 0 takes a free one")
    ] = 5555,
) -> None:
    """Run everything: servers where none are given, workers, dispatcher, beat and Flower. Ctrl-C ends it."""
    port = flower_port or free_port()
    settings = Settings.read()
    stopping = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stopping.set())
    if not (settings.home / LOCK).exists():
        # Nobody has run here before: what is wrong is reported before anything is made.
        _check(settings, port)
    with _alone(settings.home):
        # Another `up` is the better reason for a port that is taken.
        _check(settings, port)
        _run(port, stopping)
    console.print("Down.")


def _run(port: int, stopping: threading.Event) -> None:
    from workers.migrate import migrate_everything  # noqa: PLC0415 - loads Alembic

    are_ours = bool(Settings.read().missing_urls())
    with (
        open_platform() as wiring,
        _servers(wiring.settings.home, are_ours) as servers,
        supervising(wiring.settings.home.resolve()) as supervisor,
    ):
        migration = migrate_everything(wiring)
        console.print(f"Database at {migration.public_revision}.")
        for program in programs(port):
            supervisor.start(program)
        console.print(
            f"Up: Flower on http://127.0.0.1:{port}, logs in {supervisor.log_of('x').parent}. "
            "Ctrl-C ends what it started.",
            soft_wrap=True,
        )
        _look_after(wiring, supervisor, servers, stopping)
        console.print("Stopping: what is nearly done ends, the rest goes back to the ledger.")


@contextmanager
def _servers(home: Path, are_ours: bool) -> Iterator[EmbeddedServices | None]:
    """The home's own servers, to be started again when they end; None where they are somebody else's."""
    if not are_ours:
        yield None
        return
    servers = EmbeddedServices(home)
    try:
        yield servers
    finally:
        servers.release()


def _look_after(
    wiring: Wiring,
    supervisor: Supervisor,
    servers: EmbeddedServices | None,
    stopping: threading.Event,
) -> None:
    """Until it is asked to stop: whatever ends or hangs is started again, and said."""
    from workers.care import Care  # noqa: PLC0415

    def say(line: str) -> None:
        console.print(line, style="yellow", soft_wrap=True)

    care = Care(servers, supervisor, wiring, say)
    while not stopping.wait(LOOK_S):
        supervisor.revive(say)
        care.look()


def programs(flower_port: int) -> tuple[Program, ...]:
    """Everything that runs: a pool for each kind of work, so that slow work never waits before quick work."""
    return (
        _worker(Queue.INTERACTIVE, 2),
        _worker(Queue.SYNC, 2),
        _worker(Queue.FORECAST, 1),
        # Scans look at every tenant, and one of them purges.
        _worker(Queue.MAINTENANCE, 1, "DATABASE_DISPATCHER_URL", "DATABASE_ADMIN_URL"),
        Program(
            "dispatcher",
            ("dispatcher", "--name", "dispatcher"),
            DISPATCHERS,
            presence="dispatcher",
        ),
        Program("beat", ("beat", "--name", "beat"), presence="beat"),
        Program(
            "flower",
            ("flower", "--port", str(flower_port)),
            frozenset({"CAPLIQUIFY_FLOWER_AUTH"}),
            page=f"http://127.0.0.1:{flower_port}/healthcheck",
        ),
    )


def _check(settings: Settings, port: int) -> None:
    """Refuses here and once what its programs would refuse one by one, over and over."""
    from workers.cli.processes import flower_auth, require_free, require_queues  # noqa: PLC0415

    require_free(port, "--flower-port")
    require_queues("CAPLIQUIFY_TENANT_CAPS", settings.tenant_caps)
    flower_auth(settings)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Holds the home: two of these would give their workers the same names, and share beat's file."""
    prepare_home(home)
    with (home / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServiceError(
                f"up: runs already on {home}; end it first, or set another CAPLIQUIFY_HOME"
            ) from None
        yield


def _worker(queue: Queue, concurrency: int, *more: str) -> Program:
    options = ("--queues", queue, "--concurrency", str(concurrency), "--name", queue)
    return Program(
        f"worker-{queue}", ("worker", *options), VENDORS | set(more), presence=queue.value
    )
