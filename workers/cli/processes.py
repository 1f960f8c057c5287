"""`capliquify worker | beat | flower | sandbox`: the long-running processes."""

import os
from typing import Annotated

import typer

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
    limit_to_one_thread()
    _run_celery(
        "worker", "-E", "-Q", queues, "-c", str(concurrency), "-n", f"{name}@%h", "-l", "INFO"
    )


def beat() -> None:
    """Run Celery beat, the clock that starts scans."""
    schedule = os.environ.get("CAPLIQUIFY_HOME", ".capliquify")
    _run_celery("beat", "-l", "INFO", "-s", f"{schedule}/beat-schedule")


def flower(
    port: Annotated[int, typer.Option(help="Port on the loopback interface")] = 5555,
) -> None:
    """Run Flower, the operators' view of the workers, on loopback."""
    _run_celery("flower", "--address=127.0.0.1", f"--port={port}")


def sandbox(
    port: Annotated[int, typer.Option(help="Port on the loopback interface")] = 8765,
) -> None:
    """Serve the local stand-ins of the vendors, on loopback."""
    import uvicorn  # noqa: PLC0415 - only this command serves

    from shared.sandbox.app import build_app  # noqa: PLC0415 - loads the orders

    uvicorn.run(build_app(), host="127.0.0.1", port=port, log_level="warning", access_log=False)


def _run_celery(*arguments: str) -> None:
    with servers_in_environment():
        from workers.app import app  # noqa: PLC0415 - reads the environment

        app.start(argv=list(arguments))
