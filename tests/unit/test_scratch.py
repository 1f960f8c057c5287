"""Temporary folders of a worker's processes do not pile up, though none of them runs exit hooks."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from workers.scratch import begin_scratch, end_scratch

# As a child of the pool ends: at once, after a library has made its folder.
CHILD = """
import os, sys, tempfile
from pathlib import Path
from workers.scratch import begin_scratch
begin_scratch(Path(sys.argv[1]))
print(tempfile.mkdtemp(), flush=True)
os._exit(0)
"""


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Path]:
    before = tempfile.tempdir, os.environ.get("TMPDIR")
    yield tmp_path / "scratch"
    tempfile.tempdir = before[0]
    if before[1] is None:
        os.environ.pop("TMPDIR", None)
    else:
        os.environ["TMPDIR"] = before[1]


def test_what_a_child_left_is_removed_when_the_next_one_begins(base: Path) -> None:
    left = []
    for _ in range(3):
        ended = subprocess.run(
            [sys.executable, "-c", CHILD, str(base)], capture_output=True, text=True, check=True
        )
        left.append(Path(ended.stdout.strip()))
    assert [path.exists() for path in left] == [False, False, True]
    own = begin_scratch(base)
    assert not left[2].exists()
    assert Path(tempfile.mkdtemp()).parent == own
    assert [each.name for each in base.iterdir()] == [str(os.getpid())]
    assert own.stat().st_mode & 0o777 == 0o700
    end_scratch()
    assert list(base.iterdir()) == []
