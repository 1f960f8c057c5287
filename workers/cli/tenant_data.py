"""`capliquify tenants export | backup | restore-backup`: a tenant's data outside the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from shared.errors import ServiceError
from shared.persistence.archives.backup import back_up
from shared.persistence.archives.export import ExportFormat, export_tenant
from shared.persistence.archives.restore import restore
from shared.persistence.archives.secrets import rebind_secrets
from workers.cli.console import make_console
from workers.platform import open_platform
from workers.wiring import Wiring

console = make_console(soft_wrap=True)

Slug = Annotated[str, typer.Argument(help="The tenant's short name")]


def export(
    slug: Slug,
    folder: Annotated[Path, typer.Argument(help="A new folder")],
    form: Annotated[
        ExportFormat, typer.Option("--format", help="How rows are written")
    ] = ExportFormat.CSV,
    raw: Annotated[
        bool,
        typer.Option("--raw", help="CSV to the letter, for programs; a spreadsheet may run it"),
    ] = False,
) -> None:
    """Write all that is kept of a tenant, living or soft-deleted, with a manifest; secrets are left out."""
    with open_platform() as wiring:
        found = wiring.registry().find_also_deleted(slug)
        manifest = export_tenant(wiring.database, found.id, folder, form, raw=raw)
    rows = sum(each["rows"] for each in manifest["files"])
    console.print(f"{slug}: {rows:,} rows in {len(manifest['files'])} files in {folder}")


def backup(slug: Slug, file: Annotated[Path, typer.Argument(help="The file to write")]) -> None:
    """Back up a tenant into one file, as of one instant."""
    with _direct() as (wiring, url):
        manifest = back_up(url, wiring.vault, slug, file)
    console.print(f"{slug}: {manifest.rows:,} rows in {file}")


def restore_backup(
    file: Annotated[Path, typer.Argument(help="A file that `backup` wrote")],
    slug: Annotated[
        str | None, typer.Option(help="Short name of the tenant that it becomes")
    ] = None,
) -> None:
    """Restore a backup: as the same tenant where it is gone, else as a new one; never over one."""
    with _direct() as (wiring, url):
        # Without a key nothing is begun that could not be finished.
        vault = wiring.vault
        restored = restore(url, vault, file, slug)
        lifecycle = wiring.lifecycle("operator")
        # From here on the tenant is there, suspended; cut off, the same command binds what is not bound yet.
        rebind_secrets(wiring.database, vault, restored.original_id, restored.tenant_id)
        lifecycle.resume(restored.slug)
    console.print(f"{restored.slug} is {restored.tenant_id}: {restored.rows:,} rows")
    if restored.left_out:
        console.print(
            f"left in the file, because no table here holds them: {', '.join(restored.left_out)}"
        )


@contextmanager
def _direct() -> Iterator[tuple[Wiring, str]]:
    with open_platform() as wiring:
        url = wiring.settings.database_direct_url
        if url is None:
            raise ServiceError("DATABASE_DIRECT_URL: is not set; backups go straight to PostgreSQL")
        yield wiring, url.get_secret_value()
