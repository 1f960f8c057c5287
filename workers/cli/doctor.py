"""`capliquify doctor`."""

import redis
from rich.table import Table
from rich.text import Text

from shared.errors import CapLiquifyError, ServiceError, VaultError
from shared.persistence.database import Database
from shared.persistence.doctor import Finding, Verdict, examine, examine_login
from shared.persistence.sealed_samples import read_samples
from shared.persistence.vault_keys import read_proofs
from shared.security.sealed import PGCRYPTO
from shared.security.vault import AesGcmVault
from shared.use_cases.store_credential import credential_place
from workers.cli.console import make_console
from workers.keys import FIX, wrong_keys
from workers.platform import open_platform
from workers.wiring import Wiring, read_key_ring

console = make_console()
COLOURS = {Verdict.GOOD: "green", Verdict.WARN: "yellow", Verdict.BAD: "red"}


def doctor() -> None:
    """Check database, broker and keys; say what is missing and how to fix it."""
    with open_platform() as wiring:
        findings = [*_database(wiring), *_logins(wiring), _broker(wiring), _keys(wiring)]
    table = Table("check", "", "found", "fix")
    for each in findings:
        table.add_row(
            each.check, Text(each.verdict, style=COLOURS[each.verdict]), each.found, each.fix
        )
    console.print(table)
    bad = sum(each.verdict is Verdict.BAD for each in findings)
    if bad:
        raise ServiceError(f"doctor: {bad} check(s) are bad")


def _database(wiring: Wiring) -> list[Finding]:
    url = wiring.settings.url_of("direct") or ""
    with Database(url, pool_max=1) as owner, owner.transaction() as connection:
        return list(examine(connection))


def _logins(wiring: Wiring) -> list[Finding]:
    """That each kind of work logs in as its own role."""
    findings = []
    for name, database in (
        ("DATABASE_URL", wiring.database),
        ("DATABASE_DISPATCHER_URL", wiring.dispatcher),
        ("DATABASE_ADMIN_URL", wiring.admin),
    ):
        try:
            with database.transaction() as connection:
                findings.append(examine_login(connection, name))
        except CapLiquifyError as error:
            findings.append(Finding(name, Verdict.BAD, "cannot log in", error.message))
    return findings


def _broker(wiring: Wiring) -> Finding:
    url = wiring.settings.broker_url or wiring.settings.redis_url
    if url is None or not url.get_secret_value().startswith(("redis", "unix")):
        return Finding("broker", Verdict.GOOD, "not Redis: not looked at")
    try:
        with redis.Redis.from_url(url.get_secret_value(), socket_connect_timeout=5) as client:
            server = client.info("server")
            durable = client.config_get("appendonly").get("appendonly") == "yes"
    except redis.RedisError as error:
        return Finding(
            "broker", Verdict.BAD, type(error).__name__, "check REDIS_URL; is the server running?"
        )
    found = f"{server.get('server_name', 'redis')} {server.get('valkey_version', server.get('redis_version'))}"
    if durable:
        return Finding("broker", Verdict.GOOD, f"{found}, AOF on")
    return Finding(
        "broker",
        Verdict.WARN,
        f"{found}, AOF off",
        "set appendonly yes: without it a crash loses every message",
    )


def _keys(wiring: Wiring) -> Finding:
    try:
        ring = read_key_ring(wiring.settings)
    except CapLiquifyError as error:
        return Finding("vault", Verdict.BAD, "no key", error.message)
    wrong = wrong_keys(ring, read_proofs(wiring.admin))
    if wrong:
        return Finding("vault", Verdict.BAD, f"wrong: {', '.join(wrong)}", FIX)
    closed = _closed(wiring, AesGcmVault(ring))
    if closed:
        return Finding("vault", Verdict.BAD, f"does not open what is stored: {closed}", FIX)
    return Finding("vault", Verdict.GOOD, f"seals with key {ring.active_id}")


def _closed(wiring: Wiring, vault: AesGcmVault) -> str:
    """The keys of stored secrets that this ring does not open, one secret a key tried."""
    url = wiring.settings.url_of("direct") or ""
    with Database(url, pool_max=1) as owner, owner.transaction() as connection:
        samples = read_samples(connection)
    closed = []
    for each in samples:
        place = credential_place(each.tenant_id, each.credential_id, "credentials_encrypted")
        try:
            if each.key_id != PGCRYPTO:
                vault.open(each.sealed, place)
        except VaultError:
            closed.append(each.key_id)
    return ", ".join(sorted(closed))
