"""Starting a server: a port that is free, and the wait until it answers."""

import os
import time
from contextlib import suppress
from pathlib import Path

from shared.embedded import process
from shared.embedded.guarded import Guarded
from shared.embedded.home import Home
from shared.embedded.interrupts import interrupts_put_off
from shared.embedded.server import Running, Server
from shared.embedded.tcp_ports import free_port
from shared.errors import ServiceError

_ATTEMPTS = 10
_READY_TIMEOUT_S = 300.0  # PostgreSQL after a crash replays its log first
_STOP_S = 30.0
_POLL_S = 0.02
_PAUSE_S = 0.5
_PORT_TAKEN = "Address already in use"
_STILL_ENDING = "is still in use"  # sessions of a killed PostgreSQL that have not ended yet


def launch(server: Server, home: Home, *, detached: bool) -> Guarded:
    """Start `server` and wait until it answers; call it under the home's lock.

    Raises ServiceError with the server's own last word when it does not start.
    """
    server.prepare()
    home.turn_log(server.name.lower())
    preferred, said = server.last_port(), ""
    for _ in range(_ATTEMPTS):
        port, already_logged = free_port(preferred), _size(server.log_path)
        guarded = server.command(port)
        if _comes_up(server, guarded, port, detached=detached):
            return guarded
        said = _last_word(server.log_path, already_logged)
        if _PORT_TAKEN not in said and _STILL_ENDING not in said:
            break
        preferred = None if _PORT_TAKEN in said else port
        time.sleep(_PAUSE_S if _STILL_ENDING in said else 0)
    raise ServiceError(f"{server.name} does not start: {_line(said)} (log: {server.log_path})")


def _comes_up(server: Server, guarded: Guarded, port: int, *, detached: bool) -> bool:
    pid: int | None = None
    try:
        # Of one that is interrupted before its pid is known nothing could be stopped.
        with interrupts_put_off():
            pid = guarded.start_detached() if detached else guarded.start()
        if _answers(server, Running(pid, port)):
            return True
        guarded.stop()
    except BaseException:
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, guarded.stop_signal)
            process.wait_until_gone(pid, _STOP_S)
        guarded.stop()
        raise
    return False


def _answers(server: Server, started: Running) -> bool:
    """Wait until it answers; False when it ended instead."""
    deadline = time.monotonic() + _READY_TIMEOUT_S
    while process.is_alive(started.pid):
        if server.is_ready(started):
            return True
        if time.monotonic() > deadline:
            raise ServiceError(
                f"{server.name} did not answer within {_READY_TIMEOUT_S:.0f} s: "
                f"read {server.log_path}"
            )
        time.sleep(_POLL_S)
    return False


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _last_word(log: Path, since: int) -> str:
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(since)
        return file.read().decode(errors="replace")


def _line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    fatal = [line for line in lines if "FATAL" in line or "PANIC" in line]
    # Valkey marks what matters with "#".
    warned = [line for line in lines if " # " in line and "WARNING" not in line]
    return (fatal or warned or lines or ["it wrote nothing to its log"])[-1]
