"""The faults of a night on call: `status`, `doctor` or `up` names each and what to do; the exit code says so."""

import json
import os
import re
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from shared.embedded.guarded import Guarded
from shared.embedded.services import EmbeddedServices
from shared.embedded.tcp_ports import free_port
from shared.security.vault import KeyRing
from tests.acceptance.test_demo import processes_of
from tests.acceptance.test_up import Up, attempted, capliquify, up_home

pytestmark = pytest.mark.acceptance
__all__ = ["up_home"]

# An operator need not wait longer to read what is wrong. What heals may take its time.
NAMED_WITHIN_S = 60.0
PATIENCE_S = 180.0
# By the command line of each program that `up` starts.
PROGRAMS = {
    "worker-interactive": "worker --queues interactive",
    "worker-sync": "worker --queues sync",
    "worker-forecast": "worker --queues forecast",
    "worker-maintenance": "worker --queues maintenance",
    "dispatcher": "dispatcher",
    "beat": "beat",
    "flower": "flower",
}
JOBS = 5_000


@pytest.fixture
def up(up_home: Path) -> Iterator[Up]:
    """The whole system in a terminal, its shops a stand-in; it has come up and all is well."""
    port = free_port()
    sandbox = Guarded(
        [sys.executable, "-m", "workers", "sandbox", "--port", str(port)],
        env=dict(os.environ),
        cwd=Path.cwd(),
        log_path=up_home.parent / f"{up_home.name}.sandbox",
        stop_signal=signal.SIGTERM,
        grace_s=5.0,
    )
    sandbox.start()
    started = Up(up_home, SHOPIFY_BASE_URL=f"http://127.0.0.1:{port}")
    try:
        is_well(up_home)
        yield started
    finally:
        started.kill()
        sandbox.stop()


def looked(home: Path, *command: str, **settings: str) -> tuple[int, str]:
    """The exit status of a command that looks, and its findings as `check: found: fix`, a line each."""
    ended = attempted(home, *command, "--json", **settings)
    if ended.returncode not in {0, 1, 2} or not ended.stdout:
        raise AssertionError(ended.stderr)
    said = json.loads(ended.stdout)
    assert said["exit_code"] == ended.returncode
    faults = [
        f"{each['check']}: {each['found']}: {each['fix']}"
        for each in said.get("health", said.get("checks"))
        if each["verdict"] != "good"
    ]
    return ended.returncode, "\n".join(faults)


def named(holds: Callable[[], object], what: str, within_s: float = NAMED_WITHIN_S) -> None:
    """Waits until a fault is named, and prints how long that took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < within_s, f"not within {within_s:.0f} s: {what}"
        time.sleep(0.2)
    # For whom runs it with -rP.
    print(f"{time.monotonic() - began:6.1f} s  {what}")  # noqa: T201


def is_well(home: Path) -> None:
    """Waits until nothing is wrong."""
    named(lambda: looked(home, "status")[0] == 0, "all is well", PATIENCE_S)


def says(up: Up, *patterns: str) -> None:
    """That `up` prints each of the patterns."""
    for pattern in patterns:
        named(
            lambda pattern=pattern: re.search(pattern, up.output.read_text(encoding="utf-8")),  # type: ignore[misc]
            f"up: {pattern}",
        )


def finds(home: Path, code: int, pattern: str, *command: str, **settings: str) -> None:
    """That a command that looks ends with `code` and finds the pattern."""

    def holds() -> bool:
        found, faults = looked(home, *command, **settings)
        return found == code and re.search(pattern, faults) is not None

    named(holds, f"{' '.join(command)} ends with {code}: {pattern}")


def program_of(home: Path, words: str) -> psutil.Process:
    """The main process of a program; a worker's children have its command line too."""
    found = [
        each
        for each in processes_of(home)
        if " ".join(each.cmdline()[1:]).startswith(f"-m workers {words}")
    ]
    mains = [each for each in found if each.parent() not in found]
    assert len(mains) == 1, (words, found)
    return mains[0]


@contextmanager
def frozen_server(home: Path, name: str, *, whole: bool = False) -> Iterator[int]:
    """A server that runs and does nothing; `whole` with all its processes."""
    [pid] = [each.pid for each in EmbeddedServices(home).status() if each.name == name and each.pid]
    children = psutil.Process(pid).children(recursive=True) if whole else []
    frozen = [pid, *(each.pid for each in children)]
    for each in frozen:
        os.kill(each, signal.SIGSTOP)
    try:
        yield pid
    finally:
        for each in frozen:
            os.kill(each, signal.SIGCONT)


def test_each_program_that_is_killed_or_freezes_is_named_and_started_again(
    up: Up, up_home: Path
) -> None:
    for words in PROGRAMS.values():
        program_of(up_home, words).kill()
    says(up, *(rf"{name} has ended; it starts again .*, see .*{name}\.log" for name in PROGRAMS))
    says(up, *(rf"{name} runs again: pid \d+, restart 1" for name in PROGRAMS))
    is_well(up_home)
    restarts = json.loads(attempted(up_home, "jobs", "status", "--json").stdout)["processes"]
    assert [each["restarts"] for each in restarts] == [1] * 6
    for words in PROGRAMS.values():
        os.killpg(program_of(up_home, words).pid, signal.SIGSTOP)
    finds(up_home, 2, "dispatcher: none: nothing is sent: start `capliquify dispatcher`", "status")
    says(
        up, *(rf"{name} \(pid \d+\) gives no sign of life; it is killed and started again" for name in PROGRAMS)
    )  # fmt: skip
    is_well(up_home)
    assert up.interrupt() == 0
    assert processes_of(up_home) == []


def test_a_server_that_freezes_is_named_by_everybody(up: Up, up_home: Path) -> None:
    with frozen_server(up_home, "Valkey") as pid:
        says(
            up,
            rf"broker cannot be used \(does not answer: TimeoutError\); if it hangs, end Valkey \(pid {pid}\)",
        )
        finds(up_home, 2, "broker: does not answer: TimeoutError: start the server", "status")
    says(up, r"broker answers again, after \d+ s")
    with frozen_server(up_home, "PostgreSQL") as pid:
        says(
            up,
            rf"PostgreSQL cannot be used \(.*timeout.*\); if it hangs, end PostgreSQL \(pid {pid}\)",
        )
        for command in (("status",), ("doctor",), ("jobs", "status")):
            finds(
                up_home, 2, "PostgreSQL: .*timeout expired: start the server, or end it", *command
            )
    says(up, r"PostgreSQL answers again, after \d+ s")
    is_well(up_home)
    # Frozen whole: connections stay, and never answer.
    with frozen_server(up_home, "PostgreSQL", whole=True) as pid:
        finds(up_home, 2, "PostgreSQL: .*: start the server, or end it", "status")
        says(up, rf"(?s)answers again.*PostgreSQL cannot be used .*end PostgreSQL \(pid {pid}\)")
    is_well(up_home)
    # Stopped for good: nobody starts them to look.
    assert up.interrupt() == 0
    finds(up_home, 2, "PostgreSQL: does not run on .*: start `capliquify up`", "status")
    assert processes_of(up_home) == []


def test_a_login_or_a_key_that_is_refused_is_named(up: Up, up_home: Path) -> None:
    capliquify(up_home, "tenants", "create", "acme")
    capliquify(up_home, "tenants", "create", "globex")
    refused = json.dumps({"shop_domain": "acme.myshopify.com", "access_token": "no-such-token"})
    set_for_acme = ("credentials", "set", "--tenant", "acme", "--service", "shopify_uk")
    stored = attempted(up_home, *set_for_acme, given=refused)
    assert stored.returncode == 0, stored.stderr
    says(up, r"sales\.pull shopify_uk of acme is failed: .*; see `capliquify jobs show \w{8}`")
    finds(up_home, 1, "acme: shopify_uk takes the login no more: its owner must connect", "status")
    finds(
        up_home,
        1,
        "jobs: [0-9]+ failed or dead within an hour, .*`capliquify jobs retry --error",
        "status",
    )
    other = KeyRing.generate()
    finds(up_home, 2, "vault: .*: .*CAPLIQUIFY_VAULT_KEYS", "doctor", CAPLIQUIFY_VAULT_KEYS=other)
    owner = EmbeddedServices(up_home).running_urls()
    assert owner is not None
    wrong = owner.database_url.replace(
        "capliquify_owner:", f"capliquify_owner:{secrets.token_hex(4)}"
    )
    servers = {"DATABASE_URL": wrong, "REDIS_URL": owner.redis_url}
    finds(
        up_home, 2, "authentication failed.*: correct the password in this URL", "status", **servers
    )


def test_five_thousand_jobs_of_one_tenant_are_named_and_ended_by_one_command(
    up: Up, up_home: Path
) -> None:
    capliquify(up_home, "tenants", "create", "acme")
    capliquify(up_home, "tenants", "create", "globex")
    urls = EmbeddedServices(up_home).running_urls()
    assert urls is not None
    with psycopg.connect(urls.database_url) as owner:
        owner.execute(
            "SELECT public.enqueue_job(t.id, 'sales.pull', '{\"service\": \"shopify_uk\"}', 'flood-' || n) "
            "FROM public.tenants t, generate_series(1, %s) AS n WHERE t.slug = 'acme'",
            (JOBS,),
        )
    finds(
        up_home, 1, "acme: [0-9],[0-9]+ jobs wait in sync, at most 4 at once; .*others are not held up", "status"
    )  # fmt: skip
    job = capliquify(up_home, "jobs", "enqueue", "usage.sample", "--tenant", "globex")
    assert '"users": 0' in capliquify(up_home, "jobs", "watch", job)
    says(up, r"and \d+ more jobs ended badly: `capliquify jobs list --state failed --state dead`")
    ended = capliquify(up_home, "jobs", "cancel", "--tenant", "acme", "--state", "queued", "--yes")
    assert re.search(r"\d,\d+ jobs cancelled", ended), ended
    named(lambda: "acme:" not in looked(up_home, "status")[1], "the flood is over")
