"""Temporary folders of a worker's processes: each has its own, and none is left behind.

A process of Celery's pool ends without exit hooks, so the folders that libraries make at their import (Prophet's
among them) would pile up.
"""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

_own: list[Path] = []


def begin_scratch(base: Path | None = None) -> Path:
    """Makes this process's temporary folder and removes those of processes that are gone; returns it."""
    base = base or Path(tempfile.gettempdir()) / f"capliquify-{os.geteuid()}"
    base.mkdir(mode=0o700, exist_ok=True)
    if base.stat().st_uid != os.geteuid():
        # Somebody else was here first: then the system's own place, without tidying.
        return Path(tempfile.gettempdir())
    for folder in base.iterdir():
        if folder.name.isdigit() and not psutil.pid_exists(int(folder.name)):
            shutil.rmtree(folder, ignore_errors=True)
    own = base / str(os.getpid())
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(mode=0o700)
    _own[:] = [own]
    os.environ["TMPDIR"] = tempfile.tempdir = str(own)
    return own


def end_scratch() -> None:
    """Removes this process's folder with all that is in it."""
    while _own:
        with suppress(OSError):
            shutil.rmtree(_own.pop())
