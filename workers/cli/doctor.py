"""`capliquify doctor`."""

from dataclasses import asdict
from typing import Annotated

import typer

from shared.errors import CapLiquifyError, VaultError
from shared.persistence.database import Database
from shared.persistence.operations.doctor import Finding, Verdict, examine, examine_login
from shared.persistence.operations.schema_drift import examine_drift
from shared.persistence.operations.sealed_samples import read_samples
from shared.persistence.operations.vault_keys import read_proofs
from shared.security.sealed import PGCRYPTO, sealing_key
from shared.security.vault import AesGcmVault
from shared.use_cases.store_credential import credential_place
from workers.cli.console import echo_json, make_console
from workers.cli.status import print_findings
from workers.health import examine_broker, exit_code
from workers.keys import FIX, wrong_keys
from workers.observed import observed_platform
from workers.wiring import Wiring, read_key_ring

console = make_console()


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object")] = False,
) -> None:
    """Check database, logins, broker and keys; say what is missing and how to fix it.

    Exit status 0 good, 1 degraded, 2 down. Who runs is `capliquify status`.
    """
    with observed_platform() as seen:
        findings = seen.examine(_look)
    if as_json:
        echo_json(
            {"exit_code": exit_code(findings), "checks": [asdict(each) for each in findings]},
            default=str,
        )
    else:
        print_findings(console, findings)
    raise typer.Exit(exit_code(findings))


def _look(wiring: Wiring) -> list[Finding]:
    return [*_database(wiring), *_logins(wiring), examine_broker(wiring), _keys(wiring)]


def _database(wiring: Wiring) -> list[Finding]:
    url = wiring.settings.url_of("direct") or ""
    with Database(url, pool_max=1) as owner, owner.transaction() as connection:
        return [*examine(connection), *examine_drift(connection, url)]


def _logins(wiring: Wiring) -> list[Finding]:
    """That each kind of work logs in as its own role."""
    findings = []
    given = {
        "DATABASE_DISPATCHER_URL": wiring.settings.database_dispatcher_url,
        "DATABASE_ADMIN_URL": wiring.settings.database_admin_url,
    }
    missing = {name for name, url in given.items() if url is None}
    for name, database in (
        ("DATABASE_URL", wiring.database),
        ("DATABASE_DISPATCHER_URL", wiring.dispatcher),
        ("DATABASE_ADMIN_URL", wiring.admin),
    ):
        if name in missing:
            fix = "set it where operators' commands, scans or dispatchers run"
            found = "not set: the worker's login stands in, which sees no tenant"
            findings.append(Finding(name, Verdict.WARN, found, fix))
            continue
        try:
            with database.transaction() as connection:
                findings.append(examine_login(connection, name))
        except CapLiquifyError as error:
            findings.append(Finding(name, Verdict.BAD, "cannot log in", error.message))
    return findings


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
        samples = read_samples(connection, _key_of)
    closed = []
    for each in samples:
        place = credential_place(each.tenant_id, each.credential_id, "credentials_encrypted")
        try:
            if each.key_id != PGCRYPTO:
                vault.open(each.sealed, place)
        except VaultError:
            closed.append(each.key_id)
    return ", ".join(sorted(closed))


def _key_of(sealed: str) -> str:
    try:
        return sealing_key(sealed)
    except VaultError:
        return "no key of ours"
