"""`capliquify audit`."""

import json
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import Annotated

import typer

from shared.errors import TenantMissing
from shared.persistence.operations.audit_log import (
    AuditEntry,
    AuditFilter,
    is_known,
    search_audit_log,
)
from workers.cli.console import echo_json, make_console
from workers.cli.figures import read_day
from workers.cli.terminal_tables import Column, print_table, words
from workers.platform import open_platform

console = make_console()


class Severity(StrEnum):
    """How grave an entry is."""

    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


def audit(
    tenant: Annotated[str | None, typer.Option(help="Slug, or the id of one that is gone")] = None,
    action: Annotated[
        str | None, typer.Option(help="Such as tenant.deleted, or credential.*")
    ] = None,
    actor: Annotated[str | None, typer.Option(help="A user's id, job:<id>, operator")] = None,
    severity: Annotated[
        Severity | None, typer.Option(help="This and above", case_sensitive=False)
    ] = None,
    since: Annotated[str | None, typer.Option(help="From this day on (UTC), YYYY-MM-DD")] = None,
    until: Annotated[str | None, typer.Option(help="Before this day (UTC), YYYY-MM-DD")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line")] = False,
) -> None:
    """Show what happened: who changed what, when, from what to what."""
    first, last = (_midnight(name, day) for name, day in (("since", since), ("until", until)))
    wanted = AuditFilter(tenant, action, actor, severity, first, last, limit)
    with open_platform() as wiring, wiring.admin.transaction() as connection:
        if tenant is not None and not is_known(connection, tenant):
            raise TenantMissing(f"there is no tenant {tenant!r}; see `capliquify tenants list`")
        entries = search_audit_log(connection, wanted)
    if as_json:
        for entry in entries:
            fields = {name: getattr(entry, name) for name in AuditEntry.__dataclass_fields__}
            echo_json(fields, default=str)
        return
    titles = ("when (UTC)", "tenant", "action", "severity", "actor", "login")
    rows = []
    for entry in entries:
        when = f"{entry.created_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        name = entry.tenant or str(entry.tenant_id or "")
        login = (entry.login or "").removeprefix("capliquify_")
        changes = json.dumps(entry.changes, ensure_ascii=False) if entry.changes else ""
        rows.append((when, name, entry.action, entry.severity, entry.actor, login, changes))
    print_table(console, [*map(Column, titles), words("changes")], rows)


def _midnight(field: str, day: str | None) -> datetime | None:
    return None if day is None else datetime.combine(read_day(field, day), time(), UTC)
