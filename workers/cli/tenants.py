"""`capliquify tenants`: the registry and the lifecycle."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from shared.domain.quota import UNLIMITED, Overrides, Tier
from shared.persistence.tenants.lifecycle import TenantDetails, TenantLifecycle
from shared.use_cases.register_tenant import NewTenant, register_tenant
from workers.cli.console import make_console
from workers.cli.tenant_data import backup, export, restore_backup
from workers.cli.terminal_tables import Column, print_table, words
from workers.platform import open_platform

app = typer.Typer(no_args_is_help=True, help="Customers, each with a schema of their own.")
console = make_console(soft_wrap=True)

Slug = Annotated[str, typer.Argument(help="The tenant's short name")]
Limit = Annotated[
    int | None, typer.Option(min=UNLIMITED, help="-1 is unlimited; the tier's if left out")
]


@contextmanager
def _lifecycle() -> Iterator[TenantLifecycle]:
    with open_platform() as wiring:
        yield wiring.lifecycle("operator")


@app.command()
def create(
    slug: Annotated[str, typer.Argument(help="Short name for URLs: a-z, 0-9, hyphens")],
    name: Annotated[str, typer.Option(help="Name to display")] = "",
    tier: Annotated[Tier, typer.Option(case_sensitive=False)] = Tier.STARTER,
    timezone: Annotated[str, typer.Option(help="IANA name")] = "Europe/London",
    currency: Annotated[str, typer.Option(help="ISO 4217 code")] = "GBP",
    organization: Annotated[str | None, typer.Option(help="Clerk organisation id")] = None,
) -> None:
    """Register a tenant and create its role and schema."""
    with open_platform() as wiring:
        new = NewTenant(slug, name or slug, tier, timezone, currency, organization)
        tenant_id = register_tenant(wiring.registry(), new)
    console.print(f"tenant {slug} is {tenant_id}")


@app.command(name="list")
def list_all(
    deleted: Annotated[bool, typer.Option(help="Those that are soft-deleted instead")] = False,
) -> None:
    """Show every tenant, and of deleted ones from when and by whose word they are purged."""
    with _lifecycle() as lifecycle:
        tenants = lifecycle.list(deleted=deleted)
    last = ("purge from", "approved by") if deleted else ("SKUs", "MB")
    titles = ("tier", "status", "revision", *last)
    rows = []
    for each in tenants:
        ends = _purge(each) if deleted else (f"{each.entities:,}", f"{each.storage_mb:,}")
        facts = (each.tier, each.status, each.schema_revision or "", *ends)
        rows.append((each.slug, each.name, *facts, str(each.id)))
    columns = (Column("slug"), words("name"), *map(Column, titles), Column("id"))
    print_table(console, columns, rows)


@app.command()
def show(slug: Slug) -> None:
    """Show all that the registry knows of a tenant."""
    with _lifecycle() as lifecycle:
        found = lifecycle.show(slug)
    for name in TenantDetails.__dataclass_fields__:
        value = getattr(found, name)
        console.print(
            f"{name.replace('_', ' '):<18} {'' if value is None else value}", highlight=False
        )


@app.command()
def set_tier(
    slug: Slug,
    tier: Annotated[Tier, typer.Argument(case_sensitive=False)],
    users: Limit = None,
    entities: Limit = None,
    storage_mb: Limit = None,
) -> None:
    """Change the tier, and the tenant's own limits where it has any."""
    with _lifecycle() as lifecycle:
        lifecycle.set_tier(slug, tier, Overrides(users, entities, storage_mb))
    console.print(f"{slug} is {tier.lower()} now")


@app.command()
def suspend(slug: Slug) -> None:
    """Let a tenant run nothing; its data stay."""
    with _lifecycle() as lifecycle:
        lifecycle.suspend(slug)
    console.print(f"{slug} is suspended")


@app.command()
def resume(slug: Slug) -> None:
    """Let a suspended tenant run again."""
    with _lifecycle() as lifecycle:
        lifecycle.resume(slug)
    console.print(f"{slug} is active")


@app.command()
def delete(slug: Slug) -> None:
    """Soft-delete a tenant: its schema is kept for 30 days."""
    with _lifecycle() as lifecycle:
        lifecycle.delete(slug)
        from_when = lifecycle.show(slug).purge_from
    console.print(
        f"{slug} is deleted; it can be restored, and be purged from {from_when:%Y-%m-%d} on"
    )


@app.command()
def restore(slug: Slug) -> None:
    """Take a soft delete back."""
    with _lifecycle() as lifecycle:
        lifecycle.restore(slug)
    console.print(f"{slug} is restored")


@app.command()
def approve_purge(
    slug: Slug, approver: Annotated[str, typer.Option(help="The person who approves")]
) -> None:
    """Allow a soft-deleted tenant to be purged once its 30 days are over."""
    with _lifecycle() as lifecycle:
        lifecycle.approve_purge(slug, approver)
    console.print(f"the purge of {slug} is approved by {approver}")


@app.command()
def purge(slug: Slug) -> None:
    """Drop a soft-deleted tenant for good: approved, and 30 days over."""
    with _lifecycle() as lifecycle:
        lifecycle.purge(slug)
    console.print(f"{slug} is purged")


app.command()(export)
app.command()(backup)
app.command()(restore_backup)


def _purge(tenant: TenantDetails) -> tuple[str, str]:
    return f"{tenant.purge_from:%Y-%m-%d}", tenant.purge_approved_by or "nobody yet"
