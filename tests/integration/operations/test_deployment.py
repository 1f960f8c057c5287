"""The shipped deployment: a password a login, secrets as files, and a broker that does no more than it must."""

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg.errors import InsufficientPrivilege

from shared.embedded.binaries import valkey_binary
from shared.embedded.tcp_ports import free_port
from shared.errors import InvalidInput
from shared.persistence.tenants.logins import LOGINS, login_url, password_of, set_passwords
from shared.security.vault import AesGcmVault, KeyRing
from tests.acceptance.test_command_line import assert_one_line, run
from tests.conftest import PASSWORD
from workers.app import build_app
from workers.cli.secrets import make_secrets
from workers.messages import read_carefully
from workers.settings import Settings

COMPOSE = Path(__file__).resolve().parents[3] / "docker-compose.yml"


def services() -> dict[str, str]:
    text = COMPOSE.read_text(encoding="utf-8").split("\nservices:\n")[1].split("\nsecrets:\n")[0]
    parts = re.split(r"^  ([a-z-]+):\n", text, flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def mounted(service: str) -> set[str]:
    found = re.search(r"^    secrets: \[(.*)\]", services()[service], re.M)
    return set(found[1].split(", ")) if found else set()


def test_each_program_mounts_what_it_may_know_and_no_more() -> None:
    workers = {"worker_url", "redis_url", "vault_keys"}
    assert {name: mounted(name) for name in services()} == {
        "postgresql": {"owner_password"},
        "pgbouncer": {"pgbouncer_users"},
        "valkey": {"valkey_acl"},
        "migrate": {"owner_url", "worker_url", "dispatcher_url", "admin_url", "api_url", "redis_url", "vault_keys"},
        "worker-interactive": workers,
        "worker-sync": workers,
        "worker-forecast": workers,
        "worker-maintenance": workers | {"dispatcher_url", "admin_url"},
        "dispatcher": {"worker_url", "dispatcher_url", "listen_url", "redis_url"},
        "beat": {"worker_url", "redis_url"},
        "flower": {"worker_url", "redis_url", "flower_auth"},
        "sandbox": set(),
    }  # fmt: skip
    text = COMPOSE.read_text(encoding="utf-8")
    assert set(re.findall(r"file: \./secrets/(\w+)", text)) == set(make_secrets("p", "b", "v"))
    # Nothing secret stands in an environment, and every server says when it is well.
    assert "PASSWORD:" not in text
    assert not re.search(r"://\S*@", text)
    for name in ("postgresql", "pgbouncer", "valkey"):
        assert "healthcheck:" in services()[name]
    grace_s = int(re.search(r"stop_grace_period: (\d+)s", text)[1])  # type: ignore[index]
    assert grace_s > Settings.model_fields["soft_shutdown_s"].default


def test_the_secrets_are_made_once_for_their_owners_eyes(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    assert run({}, "secrets", "make", str(folder)).returncode == 0
    assert {oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {"0o444"}
    assert folder.stat().st_mode & 0o777 == 0o700
    made = {path.name: path.read_text() for path in folder.iterdir()}
    passwords = {made[f"{login}_url"].split(":")[2].split("@")[0] for login in LOGINS}
    assert len(passwords | {made["owner_password"]}) == len(LOGINS) + 1
    assert_one_line(run({}, "secrets", "make", str(folder)), 2, "exists; secrets are never")


def test_secrets_are_renewed_and_what_must_last_stays(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    assert run({}, "secrets", "make", str(folder)).returncode == 0
    before = {path.name: path.read_text() for path in folder.iterdir()}
    assert run({}, "secrets", "renew", str(folder)).returncode == 0
    after = {path.name: path.read_text() for path in folder.iterdir()}
    assert {name for name in before if before[name] == after[name]} == {
        "owner_url", "owner_password", "vault_keys",
    }  # fmt: skip
    assert {name: url.rpartition("@")[2] for name, url in after.items() if "url" in name} == {
        name: url.rpartition("@")[2] for name, url in before.items() if "url" in name
    }
    # What is sealed with the old key must open still, beside what the new one seals.
    sealed = AesGcmVault(KeyRing.parse(before["vault_keys"])).seal(b"kept", "place")
    for _ in range(2):
        assert run({}, "secrets", "renew", str(folder), "--key").returncode == 0
    ring = KeyRing.parse((folder / "vault_keys").read_text())
    assert (ring.active_id, ring.ids) == ("k3", {"k1", "k2", "k3"})
    assert AesGcmVault(ring).open(sealed, "place") == b"kept"
    other = tmp_path / "other"
    other.mkdir()
    assert_one_line(run({}, "secrets", "renew", str(other)), 2, "is not what `secrets make`")


def test_each_login_has_the_password_of_its_url_and_opens_no_other(database_url: str) -> None:
    passwords = {login: password_of("a secret that is kept", login) for login in LOGINS}
    assert len(set(passwords.values())) == len(LOGINS)
    urls = {login: login_url(database_url, login, passwords[login]) for login in LOGINS}
    before = {login: login_url(database_url, login, PASSWORD) for login in LOGINS}
    try:
        assert set_passwords(database_url, [*urls.values(), database_url]) == sorted(LOGINS)
        for login, url in urls.items():
            psycopg.connect(url).close()
            for other in set(LOGINS) - {login}:
                with pytest.raises(psycopg.OperationalError):
                    psycopg.connect(login_url(database_url, other, passwords[login]))
    finally:
        set_passwords(database_url, before.values())


def test_a_secret_is_read_from_the_file_that_its_setting_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "url"
    path.write_text("postgresql://w:p@h/d\n", encoding="utf-8")
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("DATABASE_URL_FILE", str(path))
    assert Settings.read().url_of("worker") == "postgresql://w:p@h/d"
    # What is set itself comes first.
    monkeypatch.setenv("DATABASE_URL", "postgresql://w:p@other/d")
    assert Settings.read().url_of("worker") == "postgresql://w:p@other/d"
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "none"))
    with pytest.raises(InvalidInput, match=r"DATABASE_URL_FILE: .* cannot be read: No such file"):
        Settings.read()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[str]:
    """Valkey as it is shipped, with the ACL that is made for it; the URL."""
    port = free_port()
    made = make_secrets("p", "b", f"127.0.0.1:{port}")
    acl = tmp_path / "acl"
    acl.write_text(made["valkey_acl"], encoding="ascii")
    command = [
        str(valkey_binary()),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--aclfile",
        str(acl),
    ]
    with subprocess.Popen(
        [*command, "--save", ""], cwd=tmp_path, stdout=subprocess.DEVNULL
    ) as server:
        try:
            for _ in range(600):
                try:
                    redis.Redis.from_url(made["redis_url"]).ping()
                    break
                except redis.ConnectionError:
                    time.sleep(0.1)
            yield made["redis_url"]
        finally:
            server.terminate()


def test_the_brokers_login_does_what_celery_needs_and_nothing_that_empties_it(valkey: str) -> None:
    with redis.Redis.from_url(valkey) as client:
        for command in (
            "FLUSHALL",
            "CONFIG SET maxmemory 1",
            "SHUTDOWN",
            "ACL LIST",
            "KEYS *",
        ):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command.split())
    address = valkey.rpartition("@")[2]
    with (
        redis.Redis.from_url(f"redis://{address}") as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
    read_carefully()
    app = build_app(Settings(REDIS_URL=valkey))
    app.send_task("jobs.retire", queue="maintenance")
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue("maintenance")
        message = queue.get(timeout=30)
        assert message.headers["task"] == "jobs.retire"
        message.ack()
        queue.close()


def test_a_worker_without_the_admins_login_may_not_do_the_admins_work(database_url: str) -> None:
    url = login_url(database_url, "worker", PASSWORD)
    with psycopg.connect(url) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute("SELECT public.purge_tenant(gen_random_uuid())")


def test_what_is_installed_is_named_by_its_hash_and_the_image_has_no_tools_of_tests() -> None:
    root = COMPOSE.parent
    runtime, development = (
        (root / name).read_text(encoding="utf-8")
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    pins = re.compile(
        r"^([a-z0-9][a-z0-9._-]*)==\S+( ; .*)? \\\n    --hash=sha256:[0-9a-f]{64}", re.M
    )
    for text in (runtime, development):
        named = re.findall(r"^[a-z0-9][a-z0-9._-]*==", text, re.M)
        assert len(pins.findall(text)) == len(named) > 50
        # No package's address stands in it.
        assert "://" not in text
    tools = {"pytest", "mypy", "ruff", "hypothesis", "setuptools"}
    assert tools <= {name for name, _ in pins.findall(development)}
    assert not tools & {name for name, _ in pins.findall(runtime)}
    stages = (root / "Dockerfile").read_text(encoding="utf-8").split("\nFROM ")
    [image] = [stage for stage in stages if "slim-bookworm AS production" in stage]
    assert stages[-1].strip() == "production"
    # What stands in for the vendors is no part of what runs.
    assert not any("COPY demo" in stage for stage in stages)
    assert [n for n, stage in enumerate(stages) if "COPY sandbox" in stage] == [len(stages) - 2]
    assert "--require-hashes -r requirements.lock" in image
    assert "requirements-dev" not in image
