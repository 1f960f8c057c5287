"""The shipped deployment: docker-compose.yml is valid, and what it describes works under its own logins."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import yaml

from shared.embedded.tcp_ports import free_port
from tests.conftest import EMBEDDED_POSTGRESQL
from tests.fixtures.fleet import until
from tests.fixtures.topology import (
    COMPOSE,
    ONCE,
    PATIENCE_S,
    SERVERS,
    Topology,
    enqueue_as_api,
    read_compose,
    topology,
)
from workers.cli.secrets import make_secrets
from workers.settings import Settings

pytestmark = pytest.mark.acceptance

WORKERS = ("worker-interactive", "worker-sync", "worker-forecast", "worker-maintenance")


def compose_config(folder: Path, *options: str) -> dict[str, Any]:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed")
    ended = subprocess.run(
        [program, *options, "config"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = yaml.safe_load(ended.stdout)
    return found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copy(COMPOSE, tmp_path)
    (tmp_path / "secrets").mkdir()
    for name, text in make_secrets("p:1", "b:2", "v:3").items():
        (tmp_path / "secrets" / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_docker_compose_reads_the_whole_topology(project: Path) -> None:
    services = compose_config(project, "--profile", "sandbox")["services"]
    assert set(services) == {
        *SERVERS, *ONCE, *WORKERS, "dispatcher", "beat", "flower", "sandbox",
    }  # fmt: skip
    assert services["sandbox"]["profiles"] == ["sandbox"]
    assert services["dispatcher"]["deploy"]["replicas"] == 2
    for name in SERVERS:
        assert services[name]["healthcheck"]["test"]
    soft_s = Settings.model_fields["soft_shutdown_s"].default
    for name in (*WORKERS, "dispatcher", "beat", "flower"):
        assert grace_s(services[name]["stop_grace_period"]) > soft_s
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["read_only"] is True
        assert "migrate" in services[name]["depends_on"]
    assert not re.search(r"://\S*@", str(services))


def test_docker_compose_refuses_what_is_no_compose_file(project: Path) -> None:
    broken = COMPOSE.read_text(encoding="utf-8").replace("stop_grace_period", "stop_graze_period")
    (project / COMPOSE.name).write_text(broken, encoding="utf-8")
    with pytest.raises(AssertionError, match="stop_graze_period"):
        compose_config(project)


def grace_s(text: str) -> int:
    """Docker writes `30s` and `2m0s`."""
    found = re.fullmatch(r"(?:(\d+)m)?(\d+)s", text)
    assert found is not None
    return 60 * int(found[1] or 0) + int(found[2])


@pytest.fixture(scope="module")
def running(home: Path) -> Iterator[Topology]:
    """Everything that the file starts, on servers that were empty a moment ago."""
    folder = home / "topology"
    folder.mkdir(mode=0o755)
    with topology(folder) as made:
        migrated = made.run("migrate", *read_compose()["services"]["migrate"]["command"])
        assert migrated.returncode == 0, migrated.stderr
        flower_port, sandbox_port = free_port(), free_port()
        made.start("flower", port=flower_port)
        made.start("sandbox", port=sandbox_port)
        for service in (*WORKERS, "beat"):
            made.start(service)
        for number in (1, 2):
            made.start("dispatcher", number)
        made.secrets["flower_address"] = f"127.0.0.1:{flower_port}"
        yield made


def tenant_named(running: Topology, slug: str) -> str:
    created = running.run("migrate", "tenants", "create", slug)
    assert created.returncode == 0, created.stderr
    with psycopg.connect(running.secrets["owner_url"]) as owner:
        row = owner.execute("SELECT id FROM public.tenants WHERE slug = %s", (slug,)).fetchone()
        assert row is not None
        return str(row[0])


def state_of(running: Topology, job: str) -> str:
    with psycopg.connect(running.secrets["owner_url"]) as owner:
        row = owner.execute(
            "SELECT concat_ws(' ', state, error_message) FROM public.jobs WHERE id = %s", (job,)
        ).fetchone()
        assert row is not None
        return str(row[0])


def test_jobs_of_two_tenants_run_on_every_queue_through_the_pooler(running: Topology) -> None:
    tenants = [tenant_named(running, slug) for slug in ("acme", "globex")]
    # One of each queue: maintenance, sync, forecast, interactive.
    tasks = ("usage.sample", "services.pull", "forecasts.score", "working_capital.roll_up")
    jobs = [
        enqueue_as_api(running.secrets["api_url"], tenant, task)
        for tenant in tenants
        for task in tasks
    ]
    for job in jobs:
        until(
            lambda job=job: (
                not state_of(running, job).startswith(("queued", "dispatched", "running"))
            ),  # type: ignore[misc]
            PATIENCE_S,
            f"job {job} ends",
        )
        assert state_of(running, job) == "succeeded"


def test_the_beat_starts_scans_that_only_the_maintenance_worker_can_do(running: Topology) -> None:
    until(
        lambda: all(
            f'"scan": "{scan}"' in running.log_of("worker-maintenance")
            for scan in ("schedules.materialise", "tenants.purge_due", "jobs.retire")
        ),
        PATIENCE_S,
        "the scans are done",
    )
    assert '"level": "error"' not in running.log_of("worker-maintenance")


def test_flower_shows_a_worker_for_every_queue_to_who_has_the_password(running: Topology) -> None:
    url = f"http://{running.secrets['flower_address']}/api/workers?refresh=1"
    user, password = running.secrets["flower_auth"].split(":")

    def seen() -> set[str]:
        try:
            answer = httpx.get(url, auth=(user, password), timeout=PATIENCE_S)
        except httpx.TransportError:
            return set()
        return {name.partition("@")[0] for name in answer.json()} if answer.is_success else set()

    until(
        lambda: seen() >= {"interactive", "sync", "forecast", "maintenance"},
        PATIENCE_S,
        "Flower shows four workers",
    )
    assert httpx.get(url, timeout=PATIENCE_S).status_code == 401


def test_doctor_and_status_find_nothing_bad(running: Topology) -> None:
    checked = running.run("migrate", "doctor", "--json")
    found = {each["check"]: each["verdict"] for each in json.loads(checked.stdout)["checks"]}
    # The embedded server that an old Python has is named: degraded, not down.
    behind = {"version"} if EMBEDDED_POSTGRESQL == "18.1" else set()
    assert {name for name, verdict in found.items() if verdict != "good"} == behind, found
    assert checked.returncode == (1 if behind else 0)
    until(
        lambda: running.run("migrate", "status", "--json").returncode == 0,
        PATIENCE_S,
        "everybody gives signs of life",
    )
    said = json.loads(running.run("migrate", "status", "--json").stdout)
    assert {each["check"] for each in said["health"]} >= {"dispatcher", "beat", "queue sync"}


def test_no_program_logs_in_as_the_owner(running: Topology) -> None:
    def logins() -> set[str]:
        with psycopg.connect(running.secrets["owner_url"]) as owner:
            rows = owner.execute(
                "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = 'capliquify' AND pid <> pg_backend_pid()"
            ).fetchall()
        return {row[0] for row in rows}

    until(
        lambda: logins() >= {"capliquify_worker", "capliquify_dispatcher"},
        PATIENCE_S,
        "workers and dispatchers are logged in",
    )
    assert "capliquify_owner" not in logins()


def test_everything_is_alive_and_ends_within_its_grace(running: Topology) -> None:
    assert {name: each.is_running() for name, each in running.programs.items()} == dict.fromkeys(
        running.programs, True
    )
    for name in ("dispatcher", "dispatcher-2", "beat", *WORKERS):
        # 137 is a process that had to be killed after its grace.
        assert running.programs[name].stop() in {0, 143}
