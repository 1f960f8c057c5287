"""`capliquify tenants`."""

from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from shared.domain.quota import Tier, effective_limits
from shared.persistence.registry import insert_tenant
from shared.persistence.tenancy import list_tenants, name_actor
from shared.use_cases.create_tenant import NewTenant, create_tenant
from workers.platform import open_platform
from workers.wiring import Wiring

app = typer.Typer(no_args_is_help=True, help="Customers, each with a schema of their own.")
console = Console()


def register(wiring: Wiring, tenant: NewTenant, actor: str = "operator") -> UUID:
    """Creates a tenant with its role, schema and company, or nothing."""

    def insert(new: NewTenant) -> UUID:
        with wiring.admin.transaction(name_actor(actor)) as connection:
            return insert_tenant(connection, new)

    return create_tenant(insert, tenant)


@app.command()
def create(
    slug: Annotated[str, typer.Argument(help="Short name for URLs: a-z, 0-9, hyphens")],
    name: Annotated[str, typer.Option(help="Name to display")] = "",
    tier: Annotated[Tier, typer.Option(case_sensitive=False)] = Tier.STARTER,
    timezone: Annotated[str, typer.Option(help="IANA name")] = "Europe/London",
    currency: Annotated[str, typer.Option(help="ISO 4217 code")] = "GBP",
) -> None:
    """Register a tenant and create its schema."""
    with open_platform() as wiring:
        tenant_id = register(wiring, NewTenant(slug, name or slug, tier, timezone, currency))
    console.print(f"tenant {slug} is {tenant_id}", soft_wrap=True)


@app.command(name="list")
def list_all() -> None:
    """Show every tenant with its tier and limits."""
    with open_platform() as wiring, wiring.admin.transaction() as connection:
        tenants = list_tenants(connection)
    table = Table("slug", "name", "tier", "status", "SKU limit", "time zone", "id")
    for each in tenants:
        limit = effective_limits(each.tier, each.overrides).entities
        shown = "unlimited" if limit == -1 else f"{limit:,}"
        table.add_row(
            each.slug, each.name, each.tier, each.status, shown, each.timezone, str(each.id)
        )
    console.print(table)
