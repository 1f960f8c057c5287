"""What a backup says of itself, and the code that proves that nobody else has written it."""

import json
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from os import SEEK_END
from pathlib import Path
from typing import IO, Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.domain.quota import Tier
from shared.errors import InvalidInput, VaultError
from shared.use_cases.ports.vault import Signer

FORMAT = "capliquify-backup-2"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
LARGEST_MANIFEST, LARGEST_SIGNATURE = 4_000_000, 200
# Its first member, or what a tar says of that before it.
BEGINNINGS = (MANIFEST.encode() + b"\0", b"././@PaxHeader\0")
# What the code is bound to, so that a signature of anything else proves nothing.
PURPOSE = "capliquify backup"

Name = Annotated[str, Field(min_length=1, max_length=63)]


class Described(BaseModel):
    """Strict, and closed: what is not known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ArchivedTenant(Described):
    """The tenant's row in the registry."""

    id: UUID
    slug: str
    name: str
    tier: Tier
    settings: dict[str, Any] | None
    features: dict[str, Any] | None
    max_users: int | None
    max_entities: int | None
    max_storage: int | None
    schema_revision: str


class ArchivedTable(Described):
    """A table of the tenant's schema; its rows lie in `file` as COPY writes them."""

    name: Name
    file: str
    columns: list[Name]
    rows: Annotated[int, Field(ge=0)]
    sha256: str


class Manifest(Described):
    """All of a backup but the rows."""

    format: Literal["capliquify-backup-2"]
    made_at: str
    tenant: ArchivedTenant
    tables: list[ArchivedTable]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables)


class Archive:
    """A backup whose manifest is proved; the rows are proved by the hashes in it as they are read."""

    def __init__(self, manifest: Manifest, source: Path, file: tarfile.TarFile) -> None:
        self.manifest = manifest
        self._source = source
        self._file = file

    def read_rows(self, table: ArchivedTable, size: int) -> Iterator[bytes]:
        """The rows of a table, in blocks of this many bytes; 0 is a block a row."""
        with _naming(self._source), _open(self._file, table.file) as rows:
            while block := rows.read(size) if size else rows.readline():
                yield block


@contextmanager
def open_archive(source: Path, signer: Signer) -> Iterator[Archive]:
    """A backup that somebody with our key has written; raises `InvalidInput` for any other file, in one line."""
    with ExitStack() as stack:
        with _naming(source):
            if _is_cut_off(source):
                raise InvalidInput(
                    f"file: {source}: the backup is cut off, its end is missing; copy it again or make another"
                )
            # Without compression: a small file cannot become a large one.
            file = stack.enter_context(tarfile.open(source, "r:"))
            members = file.getmembers()
            names = {member.name for member in members if member.isreg()}
            if len(names) != len(members):
                raise KeyError(source)
            manifest = _read_manifest(file, source, signer)
        yield Archive(manifest, source, file)


def _is_cut_off(source: Path) -> bool:
    """Whether a file that begins as a backup does not end as one: a tar ends with two blocks of zeros."""
    end = bytes(2 * tarfile.BLOCKSIZE)
    with source.open("rb") as file:
        if not file.read(tarfile.BLOCKSIZE).startswith(BEGINNINGS):
            return False
        size = file.seek(0, SEEK_END)
        file.seek(max(0, size - len(end)))
        return file.read() != end


@contextmanager
def _naming(source: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, tarfile.TarError, KeyError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a backup of a tenant"
        raise InvalidInput(f"file: {source}: {reason}") from None


def _read_manifest(file: tarfile.TarFile, source: Path, signer: Signer) -> Manifest:
    text = _read(file, MANIFEST, LARGEST_MANIFEST)
    try:
        signer.verify(text, _read(file, SIGNATURE, LARGEST_SIGNATURE).decode("ascii"), PURPOSE)
    except VaultError as error:
        raise InvalidInput(f"file: {source}: {error.message}") from None
    try:
        return Manifest.model_validate(json.loads(text))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "manifest"
        raise InvalidInput(f"file: {source}: {field}: {first['msg']}") from None


def _read(file: tarfile.TarFile, name: str, largest: int) -> bytes:
    with _open(file, name) as member:
        text = member.read(largest + 1)
    if len(text) > largest:
        raise ValueError(name)
    return text


def _open(file: tarfile.TarFile, name: str) -> IO[bytes]:
    member = file.extractfile(name)
    if member is None:
        raise KeyError(name)
    return member
