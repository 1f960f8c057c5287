"""The vendors' stand-in of the demo."""

import time

import httpx

from shared.embedded.ports import free_port
from shared.errors import ServiceError
from workers.supervisor import Program, Supervisor

START_DEADLINE_S = 30.0


def start_sandbox(supervisor: Supervisor) -> str:
    """Starts the sandbox, waits until it answers and returns its URL; raises `ServiceError`."""
    port = free_port()
    supervisor.start(Program("sandbox", ("sandbox", "--port", str(port))))
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline:
        supervisor.check()
        try:
            httpx.get(f"{url}/health", timeout=1.0)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return url
    raise ServiceError(f"sandbox: did not answer in time; see {supervisor.log_of('sandbox')}")
