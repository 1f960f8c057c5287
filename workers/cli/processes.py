"""`capliquify worker | beat | flower | sandbox`: the long-running processes."""

import os
from typing import Annotated

import typer

from shared.config import Settings
from shared.embedded.ports import is_free
from shared.errors import InvalidInput, ServiceError
from shared.forecasting.threads import limit_to_one_thread
from workers.platform import servers_in_environment
from workers.queues import Queue


def worker(
    queues: Annotated[str, typer.Option(help="Queues to take from, divided by commas")] = ",".join(
        Queue
    ),
    concurrency: Annotated[int, typer.Option(min=1, help="Processes")] = 2,
    name: Annotated[str, typer.Option(help="Name of this worker")] = "worker",
) -> None:
    """Run a Celery worker."""
    for queue in queues.split(","):
        if queue not in set(Queue):
            raise InvalidInput(f"queues: there is no queue {queue!r}; there are {', '.join(Queue)}")
    limit_to_one_thread()
    # SIGTERM then hands unfinished work back within the soft shutdown's time.
    os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")
    _run_celery(
        "worker", "-E", "-Q", queues, "-c", str(concurrency), "-n", f"{name}@%h", "-l", "INFO"
    )


def beat() -> None:
    """Run Celery beat, the clock that starts scans."""
    home = Settings.read().home
    home.mkdir(parents=True, exist_ok=True)
    _run_celery("beat", "-l", "INFO", "-s", str(home / "beat-schedule"))


def flower(
    port: Annotated[int, typer.Option(help="Port on the loopback interface")] = 5555,
) -> None:
    """Run Flower, the operators' view of the workers, on loopback."""
    require_free(port)
    _run_celery("flower", "--address=127.0.0.1", f"--port={port}")


def sandbox(
    port: Annotated[int, typer.Option(help="Port on the loopback interface")] = 8765,
) -> None:
    """Serve the local stand-ins of the vendors, on loopback."""
    import uvicorn  # noqa: PLC0415 - only this command serves

    from shared.sandbox.app import SHOPIFY_TOKEN, build_app  # noqa: PLC0415 - loads the orders

    require_free(port)
    typer.echo(
        f"Shopify sandbox on http://127.0.0.1:{port}, token {SHOPIFY_TOKEN}; orders 2010-12-01 to 2011-12-09"
    )
    uvicorn.run(build_app(), host="127.0.0.1", port=port, log_level="warning", access_log=False)


def require_free(port: int) -> None:
    """Raises `ServiceError` where another program listens on the port."""
    if not is_free(port):
        raise ServiceError(f"port: {port} is taken by another program; choose another with --port")


def _run_celery(*arguments: str) -> None:
    with servers_in_environment():
        from workers.app import app  # noqa: PLC0415 - reads the environment

        app.start(argv=list(arguments))
