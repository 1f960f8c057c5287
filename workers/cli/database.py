"""`capliquify migrate`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from shared.errors import InvalidInput, ServiceError
from shared.persistence.migrations.runner import WORKERS, Migrated, OnDone
from shared.persistence.migrations.schema_versions import PlannedMove
from shared.persistence.tenants.logins import set_passwords
from workers.cli.console import make_console
from workers.platform import open_platform
from workers.settings import Settings
from workers.wiring import Wiring

if TYPE_CHECKING:
    from workers.migrate import MigrationOrder

console = make_console(soft_wrap=True, highlight=False)

# Nobody reads a list of ten thousand.
LONGEST_LIST = 20


def migrate(
    tenant: Annotated[
        list[str] | None, typer.Option(help="Only this tenant's schema, by slug; may be repeated")
    ] = None,
    to: Annotated[
        str | None, typer.Option(help="Revision of the tenant line; an older one is a downgrade")
    ] = None,
    canary: Annotated[
        int, typer.Option(min=0, help="So many tenants first; if one fails, no other is touched")
    ] = 0,
    workers: Annotated[
        int, typer.Option(min=1, max=32, help="Connections that migrate tenants side by side")
    ] = WORKERS,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show what would be done, do nothing")
    ] = False,
    take_over: Annotated[
        bool,
        typer.Option("--adopt", help="Take over a database that Prisma made; differences first"),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before taking over")] = False,
    passwords: Annotated[
        bool,
        typer.Option("--set-passwords", help="First give each login the password of its own URL"),
    ] = False,
) -> None:
    """Bring the public schema and every tenant's schema to the newest revision.

    Cut off, it goes on where it was when run again. With --tenant or --to the public schema is left as it is.
    """
    from workers.migrate import MigrationOrder, plan_migration  # noqa: PLC0415 - imports Alembic

    if passwords and plan:
        raise InvalidInput("plan: changes nothing; leave --set-passwords out")
    if passwords:
        _set_passwords()
    order = MigrationOrder(tuple(tenant) if tenant else None, to, canary, workers)
    with open_platform() as wiring:
        if take_over:
            from workers.cli.adoption import adopt  # noqa: PLC0415 - imports Alembic

            adopt(wiring.settings.url_of("direct") or "", plan=plan, confirmed=yes)
            if plan:
                return
        if plan:
            _show_plan(plan_migration(wiring, order))
        else:
            _run(wiring, order)


def _set_passwords() -> None:
    """The URLs of the settings are the only place that a password is written in."""
    settings = Settings.read()
    if settings.database_direct_url is None:
        raise InvalidInput("DATABASE_DIRECT_URL: is not set; the owner sets the passwords")
    urls = [settings.url_of(login) or "" for login in ("worker", "dispatcher", "admin", "api")]
    changed = set_passwords(settings.database_direct_url.get_secret_value(), urls)
    console.print(f"passwords set: {', '.join(changed) or 'none'}")


def _run(wiring: Wiring, order: "MigrationOrder") -> None:
    from workers.migrate import migrate_everything  # noqa: PLC0415

    try:
        with _progress() as progress:
            done = migrate_everything(wiring, order, _follow(progress))
    except KeyboardInterrupt:
        raise ServiceError("migrate: stopped; run it again and it does the rest") from None
    if done.public_revision is not None:
        console.print(f"public schema at {done.public_revision}")
    _summarise(done.tenants)


def _progress() -> Progress:
    bar = TextColumn("tenant schemas"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    return Progress(*bar, TextColumn("{task.fields[failed]}"), console=console)


def _follow(progress: Progress) -> OnDone:
    """Moves the bar with each tenant that ended."""
    shown = progress.add_task("", total=None, failed="")
    failed: list[str] = []

    def follow(migrated: Migrated, total: int) -> None:
        if migrated.error is not None:
            failed.append(migrated.slug)
        names = f"{len(failed)} failed" if failed else ""
        progress.update(shown, total=total, advance=1, failed=names)

    return follow


def _show_plan(moves: Sequence[PlannedMove]) -> None:
    for move in moves:
        before, after = move.before or "nothing", move.after or "nothing"
        if move.unknown:
            console.print(
                f"{_tenants(move.tenants)} at {before}: unknown to this release, left alone"
            )
        elif before == after:
            console.print(f"{_tenants(move.tenants)} at {after}: nothing to do")
        else:
            console.print(f"{_tenants(move.tenants)}: {before} → {after}")
    if not moves:
        console.print("no tenant has a schema")


def _summarise(ended: Sequence[Migrated]) -> None:
    failed = [each for each in ended if each.error is not None]
    changed = sum(each.changed for each in ended)
    console.print(
        f"{_tenants(len(ended))}: {changed} migrated, {len(ended) - changed - len(failed)} were there already, "
        f"{len(failed)} failed"
    )
    for each in failed[:LONGEST_LIST]:
        place = each.revision or "nothing"
        console.print(f"{each.slug} stays at {place}: {each.error}")
    if len(failed) > LONGEST_LIST:
        console.print(f"… and {len(failed) - LONGEST_LIST} more")
    if failed:
        raise ServiceError(f"migrate: {_tenants(len(failed))} stayed behind; run it again")


def _tenants(count: int) -> str:
    return f"{count:,} tenant{'' if count == 1 else 's'}"
