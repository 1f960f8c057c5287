"""What was zipped comes out whole, however it is cut and wherever a gulp ends."""

import gzip
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.unzip import PIECE_BYTES, unzip
from shared.errors import GiveUp, VendorUnavailable


def cut(content: bytes, size: int) -> list[bytes]:
    return [content[at : at + size] for at in range(0, len(content), size)]


@pytest.mark.parametrize("difference", [-300, -259, -258, -1, 0, 1, 257, 258, 300])
@pytest.mark.parametrize("gulps", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 7, 65_536])
def test_a_file_that_shrank_to_nearly_nothing_is_whole_again(
    difference: int, gulps: int, size: int
) -> None:
    plain = b" " * (PIECE_BYTES * gulps + difference)
    assert b"".join(unzip("v", cut(gzip.compress(plain), size), 1 << 30)) == plain


@given(st.lists(st.binary(max_size=2_000), min_size=1, max_size=4), st.integers(1, 500))
def test_several_members_and_any_cut(members: list[bytes], size: int) -> None:
    zipped = b"".join(gzip.compress(each) for each in members)
    assert b"".join(unzip("v", cut(zipped, size), 1 << 20)) == b"".join(members)


def test_what_is_cut_off_padded_or_too_large_is_seen() -> None:
    plain = random.Random(1).randbytes(600_000)
    zipped = gzip.compress(plain)
    assert b"".join(unzip("v", [zipped, b"\0" * 512], 600_000)) == plain
    with pytest.raises(GiveUp, match="too large when it is unzipped"):
        list(unzip("v", [zipped], 599_999))
    for end in (1, 10, len(zipped) // 2, len(zipped) - 1):
        with pytest.raises(VendorUnavailable, match="ends in the middle"):
            list(unzip("v", [zipped[:end]], 600_000))
    assert list(unzip("v", [], 10)) == list(unzip("v", [b""], 10)) == []
