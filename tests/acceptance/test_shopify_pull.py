"""A real worker process against a shop: killed in the middle it goes on, and its memory stays flat."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from uuid import UUID

import pytest
from starlette.applications import Starlette

from sandbox.app import ledger_shop
from sandbox.shopify.api import ShopifySandbox
from sandbox.shopify.large_store import LargeStore
from shared.embedded.urls import ServiceUrls
from tests.conftest import environment_of
from tests.fixtures.sandbox import SandboxClient
from tests.fixtures.served_shop import ledger_of
from tests.fixtures.shop_scene import ShopScene
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance

UK, EU = "shopify_uk", "shopify_eu"
DOMAIN = "uk-3.myshopify.com"
DEADLINE_S = 60.0


@pytest.fixture
def environment(
    database_url: str, services: ServiceUrls, served: tuple[Starlette, str]
) -> dict[str, str]:
    servers = environment_of(database_url, services.redis_url)
    base_url = f"{served[1]}/shops/{{shop_domain}}"
    return {**os.environ, **servers, "SHOPIFY_BASE_URL": base_url}


def start(environment: dict[str, str], task: str, service: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "workers", "run", task, "--tenant", "acme", f"service={service}"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def peak_memory_mb(process: subprocess.Popen[bytes]) -> float:
    """Waits for the end; the most memory that the process has held."""
    guard = threading.Timer(DEADLINE_S * 3, process.kill)
    guard.start()
    _, status, usage = os.wait4(process.pid, 0)
    guard.cancel()
    assert status == 0, (process.stderr.read() if process.stderr else b"").decode()[-2000:]
    process.returncode = 0
    return usage.ru_maxrss / 1024


def test_a_backfill_killed_in_the_middle_goes_on_and_ends_equal_to_the_ledger(
    wiring: Wiring,
    acme: UUID,
    globex: UUID,
    environment: dict[str, str],
    served: tuple[Starlette, str],
) -> None:
    app, url = served
    ledger = ledger_of(3, UK, 60, datetime(2026, 11, 20, tzinfo=UTC))
    app.state.reception.open(ledger_shop(DOMAIN, ledger))
    shop = SandboxClient(url, DOMAIN)
    scene = ShopScene.build(wiring, acme, url)
    scene.connect(UK, {"shop_domain": DOMAIN, "access_token": shop.token})
    peak_memory_mb(start(environment, "sales.pull", UK))
    shop.set(latency_s=0.15)
    victim = start(environment, "sales.backfill", UK)
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline and len(scene.figures()) < 10:
        time.sleep(0.05)
    victim.send_signal(signal.SIGKILL)
    assert victim.wait() == -signal.SIGKILL
    truth = ledger.truth()
    assert 10 <= len(scene.figures()) < len(truth.figures)
    shop.set(latency_s=0)
    peak_memory_mb(start(environment, "sales.backfill", UK))
    assert scene.figures() == truth.figures
    found = scene.commissions()
    assert {order: found[order] for order in truth.commissions} == truth.commissions


def test_the_memory_of_a_backfill_does_not_grow_with_the_shop(
    wiring: Wiring,
    acme: UUID,
    globex: UUID,
    environment: dict[str, str],
    served: tuple[Starlette, str],
) -> None:
    app, url = served
    scene = ShopScene.build(wiring, acme, url)
    peaks = {}
    for channel, orders in ((UK, 300), (EU, 6_000)):
        store, domain = LargeStore(1, orders), f"large-{orders}.myshopify.com"
        app.state.reception.open(ShopifySandbox(store, f"token-{domain}", domain=domain))
        scene.connect(channel, {"shop_domain": domain, "access_token": f"token-{domain}"})
        peak_memory_mb(start(environment, "sales.pull", channel))
        peaks[orders] = peak_memory_mb(start(environment, "sales.backfill", channel))
        sold, given_back, revenue = store.totals()
        query = (
            "SELECT sum(quantity) FILTER (WHERE line_kind = 'SALE') AS sold, "
            "-sum(quantity) FILTER (WHERE line_kind = 'REFUND') AS given_back, "
            "sum(total_amount) AS revenue "
            f"FROM sales WHERE channel = '{channel}'"
        )
        assert scene.rows(query) == [(sold, given_back, revenue)]
    assert peaks[6_000] - peaks[300] < 40
