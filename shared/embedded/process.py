"""Looking at and ending processes of which only the pid is known."""

import os
import signal
import time
from pathlib import Path

import psutil

from shared.errors import ServiceError

_POLL_S = 0.02
_GUARDIAN = "guardian.py"


def find(pid: int) -> psutil.Process | None:
    """Return the process with this pid, or None when there is none or it is a zombie."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process
    except psutil.NoSuchProcess:
        return None


def is_alive(pid: int) -> bool:
    """True while a process with this pid exists and is not a zombie."""
    return find(pid) is not None


def wait_until_gone(pid: int, timeout_s: float) -> bool:
    """Wait at most `timeout_s` seconds; True when the process is gone."""
    deadline = time.monotonic() + timeout_s
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def end(name: str, pid: int, stop_signal: signal.Signals, timeout_s: float, log: Path) -> None:
    """Send `stop_signal` and wait at most `timeout_s` seconds.

    Raises ServiceError when the process may not be signalled or does not end in time.
    """
    try:
        os.kill(pid, stop_signal)
    except ProcessLookupError:
        return
    except PermissionError:
        raise ServiceError(
            f"{name} (pid {pid}) belongs to another user: stop it as that user"
        ) from None
    if not wait_until_gone(pid, timeout_s):
        raise ServiceError(
            f"{name} (pid {pid}) did not stop within {timeout_s:.0f} s: read {log}, then kill {pid}"
        )


def wait_while_ending(pid: int, timeout_s: float) -> None:
    """Wait at most `timeout_s` seconds while the process is on its way out after a kill."""
    deadline = time.monotonic() + timeout_s
    while _is_ending(pid) and time.monotonic() < deadline:
        time.sleep(_POLL_S)


def is_abandoned(pid: int) -> bool:
    """True when the process has a guardian whose owner is gone: it is about to be stopped."""
    try:
        guardian = psutil.Process(pid).parent()
        words = [] if guardian is None else guardian.cmdline()
        position = next((n for n, word in enumerate(words) if word.endswith(_GUARDIAN)), None)
        return (
            guardian is not None
            and position is not None
            and guardian.ppid() != int(words[position + 1])
        )
    except (psutil.Error, ValueError, IndexError):
        return False


def listens(pid: int, port: int) -> bool:
    """True when this very process listens on the TCP port."""
    try:
        sockets = psutil.Process(pid).net_connections("tcp4")
    except psutil.Error:
        return False
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in sockets)


def _is_ending(pid: int) -> bool:
    """Memory, and with it the command line, goes first; a zombie waits for its parent."""
    try:
        process = psutil.Process(pid)
        return process.status() == psutil.STATUS_ZOMBIE or not process.cmdline()
    except psutil.ZombieProcess:
        return True
    except psutil.Error:
        return False
