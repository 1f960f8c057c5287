"""`capliquify worker | dispatcher | beat | flower`: the long-running processes."""

import os
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from shared.embedded.tcp_ports import is_free
from shared.errors import InvalidInput, ServiceError
from shared.forecasting.threads import limit_to_one_thread
from shared.observability.exporter import is_counting_for_all, prepare_folder
from shared.security.redaction import redact, remember_secret
from workers.platform import keep_secret, prepare_home, require_servers, servers_in_environment
from workers.queues import Queue
from workers.settings import Settings


def worker(
    queues: Annotated[str, typer.Option(help="Queues to take from, divided by commas")] = ",".join(
        Queue
    ),
    concurrency: Annotated[int, typer.Option(min=1, help="Processes")] = 2,
    name: Annotated[
        str | None, typer.Option(help="Name of this worker; one of its own if left out")
    ] = None,
    metrics_port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Serve Prometheus metrics on this loopback port"),
    ] = None,
) -> None:
    """Run a Celery worker."""
    require_queues("queues", queues.split(","))
    if metrics_port is not None and not is_counting_for_all():
        _begin_again_counting(name or _own_name(), metrics_port)
    limit_to_one_thread()
    name = name or _own_name()
    # Workers learn of each other from the ledger: no talk among them at each start and reconnection.
    silent = ("--without-gossip", "--without-mingle")
    _run_celery(
        "worker",
        "-E",
        "-Q",
        queues,
        "-c",
        str(concurrency),
        "-n",
        f"{name}@%h",
        "-l",
        "INFO",
        *silent,
    )


def _own_name() -> str:
    """Two workers of one name on a machine would take each other's presence for their own."""
    return f"worker-{os.getpid()}"


def _begin_again_counting(name: str, port: int) -> NoReturn:
    """The same command in the same process, with what the metrics library reads when it is loaded."""
    require_free(port, "--metrics-port")
    settings = Settings.read()
    require_servers(settings)
    home = settings.home
    prepare_home(home)
    environment = prepare_folder(home.resolve() / "metrics" / name)
    environment["CAPLIQUIFY_METRICS_PORT"] = str(port)
    command = [sys.executable, *sys.orig_argv[1:]]
    os.execve(sys.executable, command, {**os.environ, **environment})  # noqa: S606 - our own command


def dispatcher(
    name: Annotated[
        str | None, typer.Option(help="Name of this dispatcher; one of its own if left out")
    ] = None,
    metrics_port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Serve gauges of all queues on this loopback port"),
    ] = None,
) -> None:
    """Run a dispatcher, which gives the broker what is due. Any number may run."""
    import signal  # noqa: PLC0415

    from shared.observability.logging import configure_logging  # noqa: PLC0415
    from workers.platform import open_platform  # noqa: PLC0415

    require_queues("CAPLIQUIFY_TENANT_CAPS", Settings.read().tenant_caps)
    with open_platform() as wiring:
        from workers.dispatcher import open_dispatcher  # noqa: PLC0415 - reads the environment

        configure_logging(redact)
        if metrics_port is not None:
            from workers.gauges import serve_gauges  # noqa: PLC0415

            require_free(metrics_port, "--metrics-port")
            serve_gauges(metrics_port, wiring.dispatcher)
        running = open_dispatcher(wiring, name)
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: running.stop())
        running.run()


def beat(
    name: Annotated[
        str | None, typer.Option(help="Name of this beat; one of its own if left out")
    ] = None,
) -> None:
    """Run Celery beat, the clock that starts scans. Several do no harm."""
    settings = Settings.read()
    require_servers(settings)
    prepare_home(settings.home)
    from workers.beat import PresentScheduler  # noqa: PLC0415 - loads Celery

    PresentScheduler.given_name = name
    _run_celery("beat", "-l", "INFO", "-S", "workers.beat:PresentScheduler")


def flower(
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port on the loopback interface")
    ] = 5555,
    address: Annotated[
        str, typer.Option(help="Interface; another than loopback's only inside a container")
    ] = "127.0.0.1",
) -> None:
    """Run Flower, the operators' view of the workers, on loopback and behind a password."""
    from workers import flowerconfig  # noqa: PLC0415

    require_free(port)
    settings = Settings.read()
    if settings.flower_auth is None:
        # A password that is made would be all that the folder holds.
        require_servers(settings)
    auth = flower_auth(settings)
    require_servers(settings)
    prepare_home(settings.home)
    remember_secret(auth.partition(":")[2])
    # Not as an argument: those are everybody's to read.
    os.environ["FLOWER_BASIC_AUTH"] = auth
    _run_celery(
        "flower",
        f"--address={address}",
        f"--port={port}",
        f"--conf={Path(flowerconfig.__file__)}",
        "--persistent=True",
        f"--db={settings.home / 'flower.db'}",
    )


def flower_auth(settings: Settings) -> str:
    """`user:password` of the settings, or one made for this home and kept in `flower.secret`."""
    if settings.flower_auth is not None:
        auth = settings.flower_auth.get_secret_value()
        # Flower takes a comma for the end of one login and what is not ASCII for an error of its own.
        if not all(auth.partition(":")[::2]) or "," in auth or not auth.isascii():
            raise InvalidInput(
                "CAPLIQUIFY_FLOWER_AUTH: must be user:password, in ASCII and without a comma"
            )
        return auth
    prepare_home(settings.home)
    secret = settings.home / "flower.secret"
    auth = keep_secret(secret, lambda: f"operator:{secrets.token_urlsafe(18)}")
    typer.echo(f"Flower asks for user and password: see {secret}")
    return auth


def require_queues(setting: str, names: Iterable[str]) -> None:
    """Raises `InvalidInput` naming the setting and a queue in it that there is not."""
    for name in names:
        if name not in set(Queue):
            raise InvalidInput(
                f"{setting}: there is no queue {name!r}; there are {', '.join(Queue)}"
            )


def require_free(port: int, option: str = "--port") -> None:
    """Raises `ServiceError` where another program listens on the port."""
    if not is_free(port):
        raise ServiceError(
            f"port: {port} is taken by another program; choose another with {option}"
        )


def _run_celery(*arguments: str) -> None:
    with servers_in_environment():
        if arguments[0] == "worker":
            _require_keys()
        from workers.app import app  # noqa: PLC0415 - reads the environment

        app.start(argv=list(arguments))


def _require_keys() -> None:
    """With the wrong keys each job would end badly: better none begins."""
    from workers.keys import check_keys  # noqa: PLC0415
    from workers.wiring import build_wiring  # noqa: PLC0415

    with build_wiring(Settings.read()) as wiring:
        check_keys(wiring)
