"""The private data folder: lock, state file, passwords and logs."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shared.errors import ServiceError

_LOG_KEPT_BYTES = 10_000_000


class Home:
    """One data folder; every method may raise ServiceError when it cannot be read or written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._state_path = self.folder / "state.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Create the folder if missing and keep every other process out of its changes."""
        with self._writing():
            # Root's servers run as another user, who must pass through but not look around.
            mode = 0o711 if os.geteuid() == 0 else 0o700
            self.folder.mkdir(mode=mode, parents=True, exist_ok=True)
            (self.folder / "logs").mkdir(mode=0o700, exist_ok=True)
            lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def state(self, key: str) -> str | None:
        """Return what `remember` stored under `key`."""
        try:
            value = json.loads(self._state_path.read_text()).get(key)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, AttributeError) as error:
            raise ServiceError(
                f"State file {self._state_path} cannot be read ({error}): fix or remove it"
            ) from None
        return None if value is None else str(value)

    def remember(self, key: str, value: str) -> None:
        """Store `value` in the state file; call it under the lock."""
        if self.state(key) == value:
            return
        with self._writing():
            known = json.loads(self._state_path.read_text()) if self._state_path.exists() else {}
            self.write_private(self._state_path, json.dumps(known | {key: value}, indent=1))

    def password(self, server: str) -> str | None:
        """Return the password kept for `server`, or None when there is none yet."""
        path = self.password_path(server)
        try:
            return path.read_text().strip() or None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ServiceError(
                f"Password file {path} cannot be read ({error.strerror}): "
                "run as the user who owns it"
            ) from None

    def new_password(self, server: str) -> str:
        """Make, keep and return a random password for `server`."""
        password = secrets.token_urlsafe(32)
        self.write_private(self.password_path(server), password)
        return password

    def password_path(self, server: str) -> Path:
        """Return the file, readable by its owner only, that keeps the password."""
        return self.folder / f"{server}.password"

    def log_path(self, server: str) -> Path:
        """Return the log file of `server`."""
        return self.folder / "logs" / f"{server}.log"

    def turn_log(self, server: str) -> None:
        """Set a large log aside as `.1`, so that two files bound the space; call before a start."""
        path = self.log_path(server)
        with suppress(FileNotFoundError):
            if path.stat().st_size > _LOG_KEPT_BYTES:
                path.replace(path.with_suffix(".log.1"))

    def write_private(self, path: Path, text: str) -> None:
        """Replace `path` at once by a file with mode 0600."""
        with self._writing():
            draft = path.with_name(f".{path.name}.new")
            draft.unlink(missing_ok=True)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            draft.replace(path)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ServiceError(
                f"Data folder {self.folder} cannot be written ({error.strerror}): "
                "fix its permissions or choose another folder"
            ) from None
