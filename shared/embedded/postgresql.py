"""PostgreSQL on one data folder."""

import signal
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from shared.embedded import process
from shared.embedded.account import server_account
from shared.embedded.binaries import postgresql_binaries
from shared.embedded.cluster import OWNER, SERVER, Cluster
from shared.embedded.guarded import Guarded
from shared.embedded.home import Home
from shared.embedded.server import Running
from shared.errors import ServiceError

DATABASE = "capliquify"
_STOP_TIMEOUT_S = 120.0
_ENDING_TIMEOUT_S = 5.0
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "max_locks_per_transaction": "512",  # one migration locks the tables of many tenants
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A failed statement or a row in a DETAIL line may hold a tenant's data or a secret.
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgresql:
    """The server and the one database in it."""

    name = "PostgreSQL"

    def __init__(self, home: Home, *, durable: bool) -> None:
        self._home = home
        self._durable = durable
        self._account = server_account()
        self._cluster = Cluster(home, self._account)

    @property
    def log_path(self) -> Path:
        """Where its output goes."""
        return self._home.log_path(SERVER)

    @property
    def data_folder(self) -> Path:
        """Where its data lies."""
        return self._cluster.folder

    @property
    def _pid_file(self) -> Path:
        return self.data_folder / "postmaster.pid"

    def running(self) -> Running | None:
        """Return the server on the data folder, whoever started it."""
        lines = self._pid_lines()
        if len(lines) < 4 or not lines[3].strip().isdigit():
            return None
        pid = int(lines[0])
        return Running(pid, int(lines[3])) if self._is_ours(process.find(pid)) else None

    def prepare(self) -> None:
        """Make the data folder if there is none. Raises ServiceError when it cannot be used."""
        binaries = postgresql_binaries()
        self._require_own_pid_file()
        self._cluster.ensure(binaries, durable=self._durable)
        self._home.remember("postgresql_version", binaries.version)

    def last_port(self) -> int | None:
        """Return the port of the last start."""
        port = self._home.state("postgresql_port")
        return int(port) if port is not None and port.isdigit() else None

    def command(self, port: int) -> Guarded:
        """Return the command that serves on `port`."""
        self._home.remember("postgresql_port", str(port))
        binaries = postgresql_binaries()
        settings = _SETTINGS | {"port": str(port)} | ({} if self._durable else _NOT_DURABLE)
        argv = [str(binaries.bin / "postgres"), "-D", str(self.data_folder)]
        for key, value in settings.items():
            argv += ["-c", f"{key}={value}"]
        return Guarded(
            argv,
            env=binaries.env,
            cwd=Path("/"),
            log_path=self.log_path,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, keeps what was committed
            grace_s=_STOP_TIMEOUT_S,
            user=self._account.name,
        )

    def is_ready(self, running: Running) -> bool:
        """True when it accepts connections, by its own word in its pid file."""
        lines = self._pid_lines()
        return len(lines) > 7 and lines[0] == str(running.pid) and lines[7].strip() == "ready"

    def stop(self) -> bool:
        """Stop it, waiting at most two minutes; False when it does not run. Raises ServiceError."""
        running = self.running()
        if running is None:
            return False
        process.end(self.name, running.pid, signal.SIGINT, _STOP_TIMEOUT_S, self.log_path)
        return True

    def url(self, port: int) -> str:
        """Return the database's address, password included."""
        return self._url(port, DATABASE)

    def version(self) -> str | None:
        """Return the version that last ran here, like "18.1.0"."""
        return self._home.state("postgresql_version")

    def ensure_database(self, port: int) -> None:
        """Create the database if there is none. Raises ServiceError."""
        try:
            with psycopg.connect(
                self._url(port, "postgres"), autocommit=True, connect_timeout=10
            ) as connection:
                query = "SELECT 1 FROM pg_database WHERE datname = %s"
                if connection.execute(query, [DATABASE]).fetchone() is None:
                    create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE))
                    connection.execute(create)
        except psycopg.Error as error:
            reason = " ".join(str(error).split()).replace(self._password(), "***")
            raise ServiceError(
                f"PostgreSQL on 127.0.0.1:{port} cannot be used ({reason}): read {self.log_path}"
            ) from None

    def _url(self, port: int, database: str) -> str:
        return f"postgresql://{OWNER}:{self._password()}@127.0.0.1:{port}/{database}"

    def _password(self) -> str:
        password = self._home.password(SERVER)
        if password is None:
            path = self._home.password_path(SERVER)
            raise ServiceError(f"Password file {path} is missing: restore it or stop the server")
        return password

    def _pid_lines(self) -> list[str]:
        try:
            lines = self._pid_file.read_text().splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ServiceError(
                f"{self._pid_file} cannot be read ({error.strerror}): run as the user who owns it"
            ) from None
        return lines if lines and lines[0].strip().isdigit() else []

    def _is_ours(self, found: psutil.Process | None) -> bool:
        try:
            return found is not None and (
                Path(found.cmdline()[0]).name == "postgres"
                and str(self.data_folder) in found.cmdline()
            )
        except (psutil.Error, IndexError):
            return False

    def _require_own_pid_file(self) -> None:
        """Refuse what PostgreSQL would refuse: a pid file whose pid another program now has."""
        lines = self._pid_lines()
        if not lines:
            return
        pid = int(lines[0])
        # The pid of a server that was just killed stays taken for a moment.
        process.wait_while_ending(pid, _ENDING_TIMEOUT_S)
        found = process.find(pid)
        # PostgreSQL itself sees that a process of another user cannot be an older server.
        if found is None or found.uids().effective != self._account.uid or self._is_ours(found):
            return
        raise ServiceError(
            f"{self._pid_file} names pid {pid}, which is now another program ({found.name()}): "
            "if no PostgreSQL uses this folder, remove that file and start again"
        )
