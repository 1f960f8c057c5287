"""Runs one command and ends it when its owner ends.

A plain script on the standard library alone, run as

    python -I -S guardian.py PARENT_PID COMMAND [ARGUMENT...]

The rest comes as a JSON object on standard input, so that no secret stands on a command line:
env, cwd, log, user (or null), stop_signal, grace_s, detached. The first line on standard output
is `pid N` (the command's) or `error WHY`. The exit status is the command's, 128 + N after signal N.

When the parent is gone, or on SIGTERM or SIGINT, the command gets its stop signal, and SIGKILL for
its whole process group after `grace_s` seconds. With `detached` the guardian leaves at once.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_POLL_S = 0.2
_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Start the command, report its pid and guard it; returns the exit status."""
    parent, argv = int(sys.argv[1]), sys.argv[2:]
    order = json.load(sys.stdin)
    wakeups = listen()
    try:
        child = start(argv, order)
    except (OSError, LookupError, subprocess.SubprocessError) as error:
        report(f"error {error}")
        return 127
    report(f"pid {child.pid}")
    return 0 if order["detached"] else guard(child, parent, order, wakeups)


def listen() -> int:
    """Turn signals into bytes on a pipe, so that waiting for them misses none."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    return reading


def start(argv: list[str], order: dict[str, Any]) -> "subprocess.Popen[bytes]":
    """Start the command in its own session, so that Ctrl-C in a terminal does not reach it."""
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 2)
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env=order["env"],
        cwd=order["cwd"],
        start_new_session=True,
        preexec_fn=None if order["detached"] else end_with_me(order["stop_signal"]),  # noqa: PLW1509
        **identity(order["user"]),
    )


def identity(user: str | None) -> dict[str, Any]:
    """Return Popen's arguments for running as `user`, with none of this process's groups."""
    if user is None:
        return {}
    import pwd  # noqa: PLC0415 - most commands do not need it

    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def end_with_me(stop_signal: int) -> Callable[[], None] | None:
    """Return what a child runs before its command: Linux shall stop it if this process is killed.

    Linux forgets the wish when the user changes; Popen changes it before it calls this.
    """
    if sys.platform != "linux":
        return None
    libc, me = ctypes.CDLL(None), os.getpid()

    def wish() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, stop_signal, 0, 0, 0)
        if os.getppid() != me:  # killed before the wish was made
            os._exit(1)

    return wish


def report(line: str) -> None:
    """Write the one line that the owner reads, and let its pipe go."""
    with suppress(BrokenPipeError):
        os.write(1, (line.replace("\n", " ") + "\n").encode())
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)


def guard(
    child: "subprocess.Popen[bytes]", parent: int, order: dict[str, Any], wakeups: int
) -> int:
    """Wait for the command, passing on the wish to stop; returns the exit status."""
    deadline: float | None = None
    while child.poll() is None:
        asked = wait_for_signal(wakeups)
        if asked or (deadline is None and os.getppid() != parent):
            child.send_signal(order["stop_signal"])
            deadline = deadline or time.monotonic() + order["grace_s"]
        if deadline is not None and time.monotonic() > deadline:
            kill_group(child.pid)
    kill_group(child.pid)  # what the command left behind in its group
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def wait_for_signal(wakeups: int) -> bool:
    """Wait for a signal or one poll interval; True when this process was asked to stop."""
    ready, _, _ = select.select([wakeups], [], [], _POLL_S)
    received = os.read(wakeups, 64) if ready else b""
    return signal.SIGTERM in received or signal.SIGINT in received


def kill_group(leader: int) -> None:
    """End the process group of `leader` at once."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
