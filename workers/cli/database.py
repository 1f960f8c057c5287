"""`capliquify migrate`."""

from rich.console import Console

from shared.errors import ServiceError
from workers.platform import open_platform

console = Console()


def migrate() -> None:
    """Bring the public schema and every tenant's schema to the newest revision."""
    from workers.migrate import migrate_everything  # noqa: PLC0415 - imports Alembic

    with open_platform() as wiring:
        done = migrate_everything(wiring)
    console.print(
        f"public schema at {done.public_revision}; {len(done.tenants)} tenant schemas checked"
    )
    for failed in done.failed:
        console.print(f"[red]{failed.slug}[/red] stays at {failed.revision}: {failed.error}")
    if done.failed:
        raise ServiceError(f"migrate: {len(done.failed)} tenant(s) stayed behind; run it again")
