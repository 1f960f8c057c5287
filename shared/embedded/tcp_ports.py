"""Loopback ports."""

import random
import socket
import time

from shared.errors import ServiceError

# Below the ranges from which Linux and macOS take ports for outgoing connections.
_RANGE = range(20_000, 30_000)
_TRIES = 200
# The last thread of a killed server may hold its port for a moment after the process is gone.
_ENDING_S = 2.0
_POLL_S = 0.02


def is_free(port: int) -> bool:
    """True when a server could listen on this TCP port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do: connections in TIME_WAIT from the last run do not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None) -> int:
    """Return `preferred` when it is free or becomes so within two seconds, else a random free port.

    Raises ServiceError when none is found.
    """
    if preferred is not None and _becomes_free(preferred):
        return preferred
    chooser = random.SystemRandom()
    for _ in range(_TRIES):
        port = chooser.choice(_RANGE)
        if is_free(port):
            return port
    raise ServiceError(
        f"No free port on 127.0.0.1 between {_RANGE.start} and {_RANGE.stop - 1}: "
        "stop another server or set DATABASE_URL and REDIS_URL"
    )


def _becomes_free(port: int) -> bool:
    deadline = time.monotonic() + _ENDING_S
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True
