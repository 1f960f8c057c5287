"""`capliquify rejected`."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from shared.domain.rejections import RejectionGroup
from shared.domain.set_aside_advice import advise
from shared.errors import InvalidInput
from shared.persistence.repositories.credentials import CredentialRepository
from shared.persistence.repositories.syncing import RejectionRepository
from workers.cli.console import echo_json, make_console
from workers.cli.tenant_scope import read_tenant
from workers.cli.terminal_tables import print_facts

console = make_console()
OWN = "(our figures)"


def rejected(
    tenant: Annotated[str, typer.Argument(help="The tenant's slug")],
    service: Annotated[str | None, typer.Option(help="Only this one, such as shopify_uk")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line")] = False,
) -> None:
    """Show which records were set aside, grouped by reason, and what to do about them."""
    with read_tenant(tenant) as (_, connection):
        known = [each.service_name for each in CredentialRepository(connection).list_kept()]
        if service is not None and service not in known:
            raise InvalidInput(
                f"service: {tenant} has none of the name {service!r} ({', '.join(known) or 'none at all'})"
            )
        groups = RejectionRepository(connection).groups(service)
    if as_json:
        for group in groups:
            reported = {**asdict(group), "what_to_do": advise(group.field, group.example_reason)}
            echo_json(reported, default=_as_text)
        return
    if not groups:
        console.print(f"{tenant}: nothing is set aside" + (f" of {service}" if service else ""))
        return
    for group in groups:
        _print_group(group)
    total = sum(group.records for group in groups)
    console.print(f"{_count(total, 'record')} {'is' if total == 1 else 'are'} set aside")


def _print_group(group: RejectionGroup) -> None:
    times = f"{_count(group.records, 'record')}, seen {_count(group.times_seen, 'time')}"
    facts = [
        (f"{group.service or OWN} {group.stream}", times),
        ("reason", f"{group.field}: {group.reason}"),
        ("for example", f"{group.example}: {group.example_reason}"),
        ("first, last", f"{_day(group.first_seen_at)}, {_day(group.last_seen_at)} (UTC)"),
        ("what to do", advise(group.field, group.example_reason)),
    ]
    print_facts(console, facts)
    console.print()


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _day(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M}"
