"""What PostgreSQL and Valkey have in common for whoever starts and stops them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shared.embedded.guarded import Guarded


@dataclass(frozen=True)
class Running:
    """A server that runs; `port` is on 127.0.0.1."""

    pid: int
    port: int


class Server(Protocol):
    """One kind of server, with its data in one home."""

    @property
    def name(self) -> str:
        """The name for people; in lower case it names the files in the home."""

    @property
    def log_path(self) -> Path:
        """Where its output goes."""

    @property
    def data_folder(self) -> Path:
        """Where its data lies."""

    def running(self) -> Running | None:
        """Return the server that runs on the data folder, whoever started it."""

    def prepare(self) -> None:
        """Make ready whatever does not depend on the port. Raises ServiceError."""

    def last_port(self) -> int | None:
        """Return the port of the last start."""

    def command(self, port: int) -> Guarded:
        """Return the command that serves on `port`."""

    def is_ready(self, running: Running) -> bool:
        """True when the server that was just started answers."""

    def stop(self) -> bool:
        """Stop the server cleanly, whoever started it; False when none runs. Raises ServiceError"""

    def url(self, port: int) -> str:
        """Return its address, password included."""

    def version(self) -> str | None:
        """Return the version that last ran here."""
