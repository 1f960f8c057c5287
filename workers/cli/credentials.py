"""`capliquify credentials`."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from schedules.reactions import react
from shared.domain.credential import KeptCredential
from shared.domain.foreign_money import what_follows
from shared.domain.tenant import Tenant
from shared.errors import CapLiquifyError, GiveUp, InvalidInput, VaultError
from shared.persistence.repositories.credentials import CredentialRepository
from shared.persistence.repositories.syncing import RejectionRepository
from shared.persistence.unit_of_work import TenantUnitOfWork, tenant_transaction
from shared.security.sealed import sealing_key
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from shared.use_cases.ports.vault import Vault
from shared.use_cases.rotate_keys import open_all, rotate_keys
from shared.use_cases.store_credential import remove_credential, store_credential
from workers.cli.console import make_console
from workers.cli.terminal_tables import Column, print_table
from workers.keys import check_keys
from workers.platform import open_platform
from workers.wiring import Wiring

app = typer.Typer(no_args_is_help=True, help="Vendor credentials, sealed before they are stored.")
console = make_console()

Slug = Annotated[str, typer.Option(help="The tenant's slug")]


@app.command(name="set")
def set_credential(
    tenant: Slug,
    service: Annotated[str, typer.Option(help="Such as shopify_uk")] = "shopify_uk",
    ask: Annotated[
        bool | None,
        typer.Option(help="Ask the vendor at once; left out: if a person looks on"),
    ] = None,
) -> None:
    """Seal and store a credential; its JSON is read from standard input.

    For Shopify: {"shop_domain": "acme.myshopify.com", "access_token": "…"}, or, with tokens that expire,
    {"shop_domain": …, "client_id": …, "client_secret": …, "refresh_token": …}
    """
    from workers.vendors.services import find_service  # noqa: PLC0415 - loads every connector

    found = find_service(service)
    secret = _read_secret(sys.stdin.read())
    found.check(service, secret)
    with open_platform() as wiring:
        check_keys(wiring)
        tenant_found = wiring.registry().find(tenant)
        opener = wiring.unit_of_work(tenant_found.id, actor="operator")
        store_credential(opener, wiring.vault, service, found.type, secret)
        console.print(f"{service}: stored for {tenant}")
        if sys.stdout.isatty() if ask is None else ask:
            # It is stored whatever the vendor says: a job meets the same answer, and reports it.
            _ask_one(wiring, tenant_found, service)


@app.command(name="list")
def list_all(tenant: Slug) -> None:
    """Show a tenant's credentials and the keys that sealed them, never a secret."""
    with open_platform() as wiring:
        found = wiring.registry().find(tenant)
        kept, aside = _kept(wiring, found), _set_aside(wiring, found)
    titles = ("service", "type", "active", "needs reconnect", "last sync", "set aside", "key")
    rows = []
    for each in kept:
        synced = "never"
        if each.last_sync_at:
            synced = f"{each.last_sync_at.isoformat(' ', 'seconds')} {each.last_sync_status or ''}"
        state = (_yes(each.is_active), _yes(each.needs_reconnect), synced)
        reported = (*state, str(aside.get(each.service_name, 0)), _keys_of(each))
        rows.append((each.service_name, each.service_type, *reported))
    print_table(console, [Column(title) for title in titles], rows)
    for each in kept:
        for stream, problem in each.stream_problems.items():
            _say(
                f"{each.service_name}: {stream} stopped on {problem['since'][:10]}: {problem['reason']}"
            )


@app.command()
def verify(
    tenant: Slug,
    service: Annotated[str | None, typer.Option(help="Only this one")] = None,
    ask: Annotated[bool, typer.Option(help="Ask the vendors too whether they let us in")] = False,
) -> None:
    """Open each of a tenant's secrets with the key ring; exit status 1 if one does not open.

    With --ask also if a vendor does not let us in.
    """
    with open_platform() as wiring:
        found, vault = wiring.registry().find(tenant), wiring.vault
        kept = _kept(wiring, found)
        if service is not None:
            kept = [each for each in kept if each.service_name == service]
            if not kept:
                raise InvalidInput(f"service: {tenant} has no credential of {service!r}")
        if not kept:
            _say(f"{tenant}: holds no credential")
        failed = sum(_verify_one(vault, found, each) for each in kept)
        active = [each.service_name for each in kept if each.is_active] if ask else []
        refused = sum(not _ask_one(wiring, found, each) for each in active)
    if failed:
        raise VaultError(f"vault: {failed} of {tenant}'s secrets cannot be opened; see above")
    if refused:
        raise GiveUp(
            f"vendors: {refused} of {tenant}'s services did not let us in or answer; see above"
        )


@app.command()
def remove(tenant: Slug, service: Annotated[str, typer.Option(help="Such as shopify_uk")]) -> None:
    """Forget a service's secrets; what it brought stays, and nothing new comes."""
    with open_platform() as wiring:
        remove_credential(_as_operator(wiring, wiring.registry().find(tenant)), service)
    console.print(f"{service}: removed from {tenant}")


@app.command(name="rotate-keys")
def rotate(
    tenant: Annotated[str | None, typer.Option(help="The tenant's slug; all if left out")] = None,
) -> None:
    """Seal again, with the first key of the ring, what another key sealed; a second run is harmless."""
    with open_platform() as wiring:
        vault = wiring.vault
        tenants = wiring.registry().list() if tenant is None else [wiring.registry().find(tenant)]
        failed = [each.slug for each in tenants if not _rotate_one(wiring, vault, each)]
    if failed:
        raise VaultError(
            f"vault: not all is sealed with {vault.active_key_id!r} at {', '.join(failed)}; see above, "
            "and keep the old keys on the ring"
        )


def _verify_one(vault: Vault, tenant: Tenant, credential: KeptCredential) -> int:
    opened, refused = open_all(vault, tenant.id, credential)
    for column in opened:
        key = vault.key_id(credential.sealed[column])
        _say(f"{credential.service_name} {column}: opens, key {key}")
    for line in refused:
        _say(line)
    if not credential.sealed:
        _say(f"{credential.service_name}: holds no secret")
    return len(refused)


def _ask_one(wiring: Wiring, tenant: Tenant, service: str) -> bool:
    from workers.vendors.services import describe, find_service  # noqa: PLC0415 - loads every connector

    opener = wiring.unit_of_work(tenant.id, actor="operator")
    with opener() as work:
        own = work.companies.get().currency
    try:
        reported = describe(wiring.vendor_room(tenant.id, opener, lambda: None), service)
    except CapLiquifyError as error:
        vendor = service.partition("_")[0]
        _say(f"{service}: {error.message.removeprefix(f'{vendor}: ')}")
        return False
    _say(f"{service}: lets us in; {reported.name}, {reported.currency}, {reported.timezone}")
    if reported.currency != own:
        kind = find_service(service).type
        _say(f"{service}: {what_follows(kind, reported.currency, own)}")
    return True


def _rotate_one(wiring: Wiring, vault: Vault, tenant: Tenant) -> bool:
    try:
        done = rotate_keys(_as_operator(wiring, tenant), vault, lambda *_: None)
    except CapLiquifyError as error:
        _say(f"{tenant.slug}: not finished: {error.message}")
        return False
    _say(
        f"{tenant.slug}: {done.resealed} sealed again with {vault.active_key_id}, {done.current} were "
        f"current, {done.overtaken} stored by others meanwhile, {done.unopenable} cannot be opened"
    )
    for problem in done.problems:
        _say(f"{tenant.slug}: {problem}")
    return not (done.overtaken or done.problems)


def _as_operator(wiring: Wiring, tenant: Tenant) -> OpenUnitOfWork:
    """Units of work of the operator, not of the tenant: they open for a suspended one too."""

    @contextmanager
    def open_unit_of_work() -> Iterator[UnitOfWork]:
        with tenant_transaction(wiring.database, tenant.id) as connection:
            yield TenantUnitOfWork(connection, tenant, None, "operator", react)

    return open_unit_of_work


def _kept(wiring: Wiring, tenant: Tenant) -> list[KeptCredential]:
    with tenant_transaction(wiring.database, tenant.id) as connection:
        return CredentialRepository(connection).list_kept()


def _set_aside(wiring: Wiring, tenant: Tenant) -> dict[str, int]:
    with tenant_transaction(wiring.database, tenant.id) as connection:
        return RejectionRepository(connection).counts()


def _keys_of(credential: KeptCredential) -> str:
    def name(sealed: str) -> str:
        try:
            return sealing_key(sealed)
        except VaultError:
            return "not sealed"

    return ", ".join(sorted({name(each) for each in credential.sealed.values()})) or "no secret"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _say(line: str) -> None:
    console.print(line, soft_wrap=True, highlight=False)


def _read_secret(text: str) -> dict[str, str]:
    try:
        secret = json.loads(text)
    except ValueError:
        raise InvalidInput("standard input: is not JSON; give one object of texts") from None
    if not isinstance(secret, dict) or not all(isinstance(each, str) for each in secret.values()):
        raise InvalidInput("standard input: give one JSON object whose values are texts")
    return secret
