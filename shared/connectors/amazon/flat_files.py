"""Rows of a flat file from bytes that come in pieces; memory stays flat whatever the file's size."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from shared.domain.unzip import unzip
from shared.errors import VendorUnavailable

GZIP = b"\x1f\x8b"
LARGEST_REPORT_BYTES = 8 * 1024 * 1024 * 1024
# A line that is longer is no line of a table.
LONGEST_LINE_BYTES = 1024 * 1024

Row = dict[str, str]


def read_rows(pieces: Iterable[bytes], required: Sequence[str] = ()) -> Iterator[Row]:
    """The rows as columns by name; none of an empty file.

    A row with another number of columns holds its text under `?`. Raises `VendorUnavailable` for a file
    that ends in the middle or has no column of a name that is `required`.
    """
    lines = _lines(_unzip(pieces))
    header = [name.strip().lower() for name in next(lines, "").lstrip("\ufeff").split("\t")]
    missing = [name for name in required if name not in header]
    if missing and header != [""]:
        raise VendorUnavailable(f"amazon: the report has no column {missing[0]}")
    for line in lines:
        if not line.strip():
            continue
        values = line.split("\t")
        if len(values) == len(header):
            yield dict(zip(header, values, strict=True))
        else:
            yield {"?": line[:200]}


def _unzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces as they are, unzipped where they still are zipped."""
    iterator = iter(pieces)
    first = b""
    for piece in iterator:
        first += piece
        if len(first) >= len(GZIP):
            break
    whole = chain((first,), iterator)
    if not first.startswith(GZIP):
        yield from whole
        return
    yield from unzip("amazon", whole, LARGEST_REPORT_BYTES)


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    rest, columns = b"", None
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            columns = line.count(b"\t") if columns is None else columns
            yield _decode(line)
        if len(rest) > LONGEST_LINE_BYTES:
            raise VendorUnavailable("amazon: the report's file is no table")
    if rest:
        if columns is not None and rest.count(b"\t") != columns:
            raise VendorUnavailable("amazon: the report's file ends in the middle")
        yield _decode(rest)


def _decode(line: bytes) -> str:
    """UTF-8, or the Windows code page that reports of some marketplaces are written in."""
    line = line.rstrip(b"\r")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")
