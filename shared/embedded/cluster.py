"""The data folder of PostgreSQL: where it lies, how it is made, whether it can be used."""

import hashlib
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from shared.embedded.account import Account
from shared.embedded.binaries import PostgresqlBinaries
from shared.embedded.home import Home
from shared.errors import ServiceError

OWNER = "capliquify_owner"
SERVER = "postgresql"
_STATE_KEY = "postgresql_data_folder"
_ELSEWHERE = Path("/var/lib/capliquify")
_INITDB_TIMEOUT_S = 300


class Cluster:
    """PostgreSQL's data, in the home, or elsewhere when the server's user cannot reach the home."""

    def __init__(self, home: Home, account: Account) -> None:
        self._home = home
        self._account = account

    @property
    def folder(self) -> Path:
        """The data folder, also before it exists."""
        recorded = self._home.state(_STATE_KEY)
        if recorded is not None:
            return Path(recorded)
        if not self._home.folder.exists() or self._account.reaches(self._home.folder):
            return self._home.folder / SERVER
        name = hashlib.sha256(str(self._home.folder).encode()).hexdigest()[:16]
        return _ELSEWHERE / name

    def ensure(self, binaries: PostgresqlBinaries, *, durable: bool) -> None:
        """Make the data folder if there is none; call it under the home's lock.

        Raises ServiceError when it cannot be made, or was made by another major version.
        """
        folder = self.folder
        if (folder / "PG_VERSION").exists() and not self._left_by_a_removed_home(folder):
            self._require_major(folder, binaries)
            self._require_password(folder)
        else:
            self._create(folder, binaries, durable=durable)
        self._home.remember(_STATE_KEY, str(folder))

    def _left_by_a_removed_home(self, folder: Path) -> bool:
        """Set such data aside: its password is gone with the home, the data shall not be."""
        if folder.parent != _ELSEWHERE or self._home.state(_STATE_KEY) is not None:
            return False
        folder.rename(folder.with_name(f"{folder.name}.left-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"))
        return True

    def _require_major(self, folder: Path, binaries: PostgresqlBinaries) -> None:
        found = (folder / "PG_VERSION").read_text().strip()
        if found != binaries.major:
            raise ServiceError(
                f"Data folder {folder} was made by PostgreSQL {found}, this is PostgreSQL "
                f"{binaries.major}: dump it with pg_dump of version {found}, move the folder "
                "away, start again and restore the dump"
            )

    def _require_password(self, folder: Path) -> None:
        if self._home.password(SERVER) is None:
            raise ServiceError(
                f"Password file {self._home.password_path(SERVER)} is missing for the data in "
                f"{folder}: restore that file, or move the folder away to start afresh"
            )

    def _create(self, folder: Path, binaries: PostgresqlBinaries, *, durable: bool) -> None:
        try:
            folder.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            for leftover in folder.parent.glob(f".{folder.name}-new-*"):
                shutil.rmtree(leftover)
            draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-new-", dir=folder.parent))
            try:
                self._account.give(draft)
                self._initdb(draft, binaries, durable=durable)
                # In place only when whole: a start that was killed leaves no half data folder.
                draft.rename(folder)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        except OSError as error:
            raise ServiceError(
                f"Data folder {folder} cannot be made ({error.strerror}): "
                "fix its permissions or move what is there away"
            ) from None

    def _initdb(self, draft: Path, binaries: PostgresqlBinaries, *, durable: bool) -> None:
        password = self._home.password(SERVER) or self._home.new_password(SERVER)
        with tempfile.NamedTemporaryFile("w", prefix=f"{draft.name}-", dir=draft.parent) as file:
            self._account.give(Path(file.name))
            file.write(password)
            file.flush()
            command = _initdb_command(binaries, draft, Path(file.name), durable=durable)
            ended = subprocess.run(
                command,
                env=binaries.env,
                cwd="/",
                capture_output=True,
                text=True,
                check=False,
                timeout=_INITDB_TIMEOUT_S,
                # Ctrl-C in a terminal is for the command, which ends this or lets it end.
                start_new_session=True,
                **self._account.identity(),
            )
        if ended.returncode != 0:
            raise ServiceError(f"PostgreSQL's initdb failed: {_reason(ended.stderr)}")


def _initdb_command(
    binaries: PostgresqlBinaries, folder: Path, password_file: Path, *, durable: bool
) -> list[str]:
    # The builtin C.UTF-8 sorts the same everywhere; the C library's own C.UTF-8 is not everywhere.
    return [
        str(binaries.bin / "initdb"),
        f"--pgdata={folder}",
        f"--username={OWNER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
        *([] if durable else ["--no-sync"]),
    ]


def _reason(output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["no output"])[0]
