"""The vendors' stand-in of the demo."""

import time

import httpx

from shared.embedded.tcp_ports import free_port
from shared.errors import ServiceError
from workers.supervisor import Program, Supervisor

START_DEADLINE_S = 30.0
# What the neighbour has connected; Amazon's own rates would take a quarter of an hour for two years.
SEED, ORDERS = 5, 60
TOWN = ("--seed", str(SEED), "--orders", str(ORDERS), "--speed", "1000")


def start_sandbox(supervisor: Supervisor) -> str:
    """Starts the sandbox, waits until it answers and returns its URL; raises `ServiceError`."""
    port = free_port()
    supervisor.start(Program("sandbox", ("sandbox", "--port", str(port), *TOWN)))
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
