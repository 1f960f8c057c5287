"""Under which name a process signs in, and which process of that name it is."""

import os
import socket
from uuid import uuid4

# In the place of a queue: no job is ever sent there.
BEAT = "(beat)"


def full_name(kind: str, name: str | None) -> str:
    """`name@host`, as workers have it; without a name `kind@host:pid`."""
    host = socket.gethostname()
    return f"{kind}@{host}:{os.getpid()}" if name is None else f"{name}@{host}"


def own_instance() -> str:
    """`host/pid/number`: another process, on another machine or after a restart, is another instance."""
    return f"{socket.gethostname()[:100]}/{os.getpid()}/{uuid4().hex}"
