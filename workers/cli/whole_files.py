"""Files that commands write: whole, or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from shared.errors import InvalidInput


def write_whole(option: str, path: Path, content: bytes) -> None:
    """Writes the file in one step: who reads it meanwhile sees the old one, or the new one.

    Raises `InvalidInput`, named by the option, where the file cannot be written.
    """
    try:
        if path.is_dir():
            raise InvalidInput(f"{option}: {path} is a folder; name a file")
        number, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(number, "wb") as out:
                out.write(content)
            # Others may read it as they may read what this shell writes.
            Path(draft).chmod(0o666 & ~_umask())
            Path(draft).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(draft).unlink()
            raise
    except OSError as error:
        raise InvalidInput(f"{option}: {path} cannot be written: {error.strerror}") from None


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
