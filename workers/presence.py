"""Under which name a process signs in, and which process of that name it is."""

import os
import socket
from uuid import uuid4

import structlog

log = structlog.get_logger(__name__)
# In the place of a queue: no job is ever sent there.
BEAT = "(beat)"
# By then a process that was killed without a word is forgotten: it was heard of every third of a lease.
MOST_REFUSALS = 6


def full_name(kind: str, name: str | None) -> str:
    """`name@host`, as workers have it; without a name `kind@host:pid`."""
    host = socket.gethostname()
    return f"{kind}@{host}:{os.getpid()}" if name is None else f"{name}@{host}"


def own_instance() -> str:
    """`host/pid/number`: another process, on another machine or after a restart, is another instance."""
    return f"{socket.gethostname()[:100]}/{os.getpid()}/{uuid4().hex}"


class Name:
    """A name that another process may have already."""

    def __init__(self, name: str) -> None:
        self._name, self._refused = name, 0

    def is_taken(self, signed_in: bool) -> bool:
        """Whether it is another's for good, once; says so. `signed_in` is how the last signing in went."""
        self._refused = 0 if signed_in else self._refused + 1
        if self._refused != MOST_REFUSALS:
            return False
        log.error("name_taken", name=self._name, fix="another process has this name: give --name")
        return True
