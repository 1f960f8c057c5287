"""Unzipping with bounds: a small file cannot become a large one unseen, nor fill the memory at once."""

import zlib
from collections.abc import Iterable, Iterator

from shared.errors import GiveUp, VendorUnavailable

PIECE_BYTES = 256 * 1024


def unzip(vendor: str, pieces: Iterable[bytes], largest: int) -> Iterator[bytes]:
    """The bytes of a gzip file, one layer, `largest` at most.

    Raises `GiveUp` beyond that, `VendorUnavailable` for what is no gzip or ends in the middle.
    """
    unzipper, size, begun = zlib.decompressobj(wbits=31), 0, False
    try:
        for piece in pieces:
            rest = piece
            while rest:
                begun = True
                if unzipper.eof:
                    # Padding after the last member.
                    rest = rest.lstrip(b"\0")
                    if not rest:
                        break
                    # Another member of the same file.
                    unzipper = zlib.decompressobj(wbits=31)
                plain = unzipper.decompress(rest, PIECE_BYTES)
                rest = unzipper.unused_data if unzipper.eof else unzipper.unconsumed_tail
                size += len(plain)
                if size > largest:
                    raise GiveUp(f"{vendor}: the answer is too large when it is unzipped")
                if plain:
                    yield plain
    except zlib.error:
        raise VendorUnavailable(f"{vendor}: the answer cannot be unzipped") from None
    if begun and not unzipper.eof:
        raise VendorUnavailable(f"{vendor}: the zipped answer ends in the middle")
