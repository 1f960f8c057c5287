"""PostgreSQL's own programs: pg_dump, pg_restore, psql."""

import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from shared.errors import ServiceError

VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
}


@dataclass(frozen=True, slots=True)
class ClientPrograms:
    """Where the programs lie, and the environment that they need; the address goes by environment too."""

    bin: Path
    env: Mapping[str, str]

    def run(self, url: str, program: str, *arguments: str) -> None:
        """Runs to the end; raises `ServiceError` with the program's last line."""
        ended = subprocess.run(
            [str(self.bin / program), *arguments],
            env=self._environment(url),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise ServiceError(f"{program}: {_last_line(ended.stderr)}")

    def write_script(self, url: str, archive: Path) -> Iterable[bytes]:
        """The SQL script of an archive, line by line, without owners and grants."""
        arguments = ["--no-owner", "--no-privileges", "--file=-", str(archive)]
        with subprocess.Popen(
            [str(self.bin / "pg_restore"), *arguments],
            env=self._environment(url),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            yield from process.stdout
            if process.wait() != 0:
                raise ServiceError("pg_restore: the archive is damaged")

    def play_script(self, url: str, lines: Iterable[bytes]) -> None:
        """Plays a script in one transaction: all of it is kept, or nothing."""
        options = [
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            "--file=-",
        ]
        with subprocess.Popen(
            [str(self.bin / "psql"), *options],
            env=self._environment(url),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdin is not None and process.stderr is not None  # noqa: S101
            try:
                for line in lines:
                    process.stdin.write(line)
                process.stdin.close()
            except BrokenPipeError:
                pass  # psql has stopped at an error, which it tells below
            except BaseException:
                # Half a script must not be committed: psql commits at its end only.
                process.kill()
                with suppress(BrokenPipeError):
                    process.stdin.close()
                raise
            errors = process.stderr.read().decode(errors="replace")
            if process.wait() != 0:
                raise ServiceError(f"restore: nothing was changed: {_last_line(errors)}")

    def _environment(self, url: str) -> dict[str, str]:
        given = {VARIABLES[k]: str(v) for k, v in conninfo_to_dict(url).items() if k in VARIABLES}
        return {**self.env, **given}


def _last_line(text: str) -> str:
    errors = [line for line in text.splitlines() if "ERROR:" in line or "error:" in line]
    return (errors or text.splitlines() or ["it failed without a word"])[0].strip()
