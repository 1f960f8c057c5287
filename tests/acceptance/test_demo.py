"""The demo: from nothing, again, and after a kill in the middle."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from shared.embedded.services import running_services

pytestmark = pytest.mark.acceptance

TABLES = (
    "products", "sales", "inventory", "forecasts", "cumulative_forecasts", "working_capital_metrics",
)  # fmt: skip
TOTALS = ("3,971", "60,271", "95,713.93")
DEADLINE_S = 900


@pytest.fixture(scope="module")
def demo_home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="capliquify-demo-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def start_demo(home: Path) -> subprocess.Popen[str]:
    keep = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    return subprocess.Popen(
        [sys.executable, "-m", "workers", "demo"],
        env={**keep, "CAPLIQUIFY_HOME": str(home), "COLUMNS": "160"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run_demo(home: Path) -> str:
    process = start_demo(home)
    output, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, output
    return output


def processes_of(home: Path) -> list[psutil.Process]:
    """What still runs on the folder: servers and workers carry it on their command line or environment."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), process.environ().get("CAPLIQUIFY_HOME", "")]
        except psutil.Error:
            continue
        if process.pid != os.getpid() and any(str(home) in word for word in words):
            found.append(process)
    return found


def fingerprint(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row's version, table by table."""
    with running_services(home) as urls, psycopg.connect(urls.database_url) as connection:
        found = connection.execute("SELECT schema_name FROM public.tenants").fetchone()
        assert found is not None
        return {
            table: connection.execute(
                f'SELECT id, xmin::text FROM "{found[0]}".{table} ORDER BY id'
            ).fetchall()
            for table in TABLES
        }


def assert_summary(output: str) -> None:
    for total in TOTALS:
        assert len(re.findall(re.escape(total), output)) >= 2, total
    assert "equal the count made from the CSV" in output
    assert "DIFFER" not in output
    assert "units, next 28 days" in output
    assert "no process ended, jobs of both tenants went on" in output
    assert "of another shop: shop: " in output
    assert re.search(r"status names it after \d+ s, and ends with 1:", output)
    assert "none gives a sign: no night begins" in output


def test_a_demo_killed_in_the_middle_is_finished_by_the_next_and_a_third_changes_nothing(
    demo_home: Path,
) -> None:
    killed = start_demo(demo_home)
    wait_for_sales(demo_home)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert_summary(run_demo(demo_home))
    assert processes_of(demo_home) == []
    before = fingerprint(demo_home)
    assert {table: len(rows) > 0 for table, rows in before.items()} == dict.fromkeys(TABLES, True)
    assert len(before["sales"]) == 5698
    output = run_demo(demo_home)
    assert_summary(output)
    assert "The models went on from what they had learnt" in output
    assert fingerprint(demo_home) == before
    assert_commands_work(demo_home, output)


def assert_commands_work(home: Path, output: str) -> None:
    """Each command that the demo suggests does what it says, typed as it is printed."""
    # Fixes that `status` names are commands as well, for whoever has that fault.
    suggested = [each for each in re.findall(r"`([^`]+)`", output) if " -m workers " in each]
    assert [each.rpartition(" -m workers ")[2] for each in suggested[-5:]] == [
        "services start",
        "tenants list",
        "jobs list --tenant demo-gifts",
        "figures show demo-gifts --until 2011-11-30",
        "services stop",
    ]
    for command in suggested:
        ended = subprocess.run(
            ["sh", "-c", command],
            env={**os.environ, "CAPLIQUIFY_HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        assert ended.returncode == 0, (command, ended.stderr)
    assert processes_of(home) == []


def wait_for_sales(home: Path) -> None:
    """Until the killed demo's worker has kept some pages, and not all."""
    worker_log = home / "logs" / "worker-sync.log"
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if worker_log.exists() and "sales.backfill" in worker_log.read_text(encoding="utf-8"):
            time.sleep(1.0)
            return
        time.sleep(0.1)
    raise AssertionError("the demo did not begin to pull")
