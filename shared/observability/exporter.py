"""Metrics of a worker and all its processes, served for Prometheus."""

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

# prometheus_client reads it when it is loaded: each process then keeps its figures in a file there.
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def is_counting_for_all() -> bool:
    """Whether this process was started with a folder for the figures of all."""
    return FOLDER_VARIABLE in os.environ


def prepare_folder(folder: Path) -> dict[str, str]:
    """An empty folder for the figures; returns the environment that a worker must be started with."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("*.db"):
        left.unlink()
    return {FOLDER_VARIABLE: str(folder)}


def serve_metrics(port: int) -> None:
    """Serves `/metrics` on loopback, added up over all processes of the worker, in a thread of its own."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    start_http_server(port, addr="127.0.0.1", registry=registry)
