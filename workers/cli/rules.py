"""`capliquify rules`: what a tenant decides about its figures where the vendors do not say."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Annotated

import typer

from shared.connectors.shopify.marketplaces import MARKETPLACES
from shared.errors import InvalidInput
from shared.persistence.repositories.companies import CompanyRepository
from shared.persistence.repositories.products import ProductRepository
from shared.persistence.tenants.registry import set_counted_copies
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.ports.unit_of_work import UnitOfWork
from workers.cli.console import echo_json, make_console
from workers.cli.tenant_scope import open_tenant
from workers.cli.terminal_tables import Column, print_table

app = typer.Typer(
    no_args_is_help=True, help="How figures are counted where a vendor leaves it open."
)
console = make_console()

REGISTERED = "registered for VAT: a price holds VAT where its channel does not say so"
NOT_REGISTERED = "not registered for VAT: no price holds any where its channel does not say so"

Slug = Annotated[str, typer.Option(help="The tenant's slug")]


@app.command()
def show(
    tenant: Slug, as_json: Annotated[bool, typer.Option("--json", help="One JSON object")] = False
) -> None:
    """Show the rules of a tenant."""
    with (
        open_tenant(tenant) as (wiring, found),
        tenant_transaction(wiring.database, found.id) as connection,
    ):
        registered = CompanyRepository(connection).get().vat_registered
        rates = ProductRepository(connection).own_tax_rates()
    if as_json:
        reported = {
            "vat_registered": registered,
            "count_copies_of": sorted(found.count_copies_of),
            "vat_rates": {sku: f"{rate.normalize():f}" for sku, rate in rates.items()},
        }
        echo_json(reported)
        return
    counted = ", ".join(sorted(found.count_copies_of)) or "none"
    rows = [
        ("prices include VAT where a channel does not say", "yes" if registered else "no"),
        ("orders that a marketplace copied into a shop count", counted),
        *((f"VAT on {sku}", f"{rate.normalize():f}") for sku, rate in rates.items()),
    ]
    print_table(console, [Column("rule"), Column("is")], rows)


@app.command()
def vat(
    tenant: Slug,
    registered: Annotated[bool, typer.Option("--registered/--not-registered")],
) -> None:
    """Say whether the company is registered for VAT, so that prices include it."""
    with _work(tenant) as work:
        before = work.companies.get().vat_registered
        work.companies.set_vat_registered(registered)
        changed = {"vat_registered": registered, "before": before}
        work.audit.write("rules.changed", "company", None, changed)
    console.print(f"{tenant}: {REGISTERED if registered else NOT_REGISTERED}")


@app.command(name="vat-rate")
def vat_rate(
    tenant: Slug,
    sku: Annotated[str, typer.Option(help="The product")],
    rate: Annotated[
        str | None, typer.Option(help="Such as 0.07; the country's standard rate if left out")
    ] = None,
) -> None:
    """Set a product's own rate of VAT; orders that are read from then on are split by it."""
    wanted = None if rate is None else read_rate(rate)
    with _work(tenant) as work:
        before = work.products.own_tax_rates().get(sku)
        if not work.products.set_tax_rate(sku, wanted):
            raise InvalidInput(f"sku: {tenant} has no product {sku!r}")
        changed = {"sku": sku, "tax_rate": _text(wanted), "before": _text(before)}
        work.audit.write("rules.changed", "product", None, changed)
    console.print(f"{sku}: VAT is {rate or 'the standard rate of the country'}")


@app.command(name="marketplace-orders")
def marketplace_orders(
    tenant: Slug,
    count: Annotated[
        list[str] | None,
        typer.Option(help="A marketplace whose copies count, such as ebay; none if left out"),
    ] = None,
) -> None:
    """Say which marketplaces' orders count where a shop has copies of them and they are not connected themselves."""
    names = sorted(set(count or ()))
    unknown = [name for name in names if name not in MARKETPLACES]
    if unknown:
        known = ", ".join(sorted(MARKETPLACES))
        raise InvalidInput(f"count: {unknown[0][:40]!r} is no marketplace; there are {known}")
    with open_tenant(tenant) as (wiring, found), wiring.admin.transaction() as connection:
        set_counted_copies(connection, found.id, names)
    console.print(f"{tenant}: copies count of {', '.join(names) or 'no marketplace'}")
    with _work(tenant) as work:
        changed = {"count_copies_of": names, "before": sorted(found.count_copies_of)}
        work.audit.write("rules.changed", "tenant", found.id, changed)
        kept = {each.service_name.partition("_")[0] for each in work.credentials.list_kept()}
    for name in kept.intersection(names):
        console.print(f"{name} is or was connected itself, so its copies do not count all the same")


def _text(rate: Decimal | None) -> str | None:
    return None if rate is None else f"{rate.normalize():f}"


def read_rate(text: str) -> Decimal:
    """A rate from 0 to below 1 at four places; raises `InvalidInput` naming the option."""
    try:
        rate = Decimal(text)
    except ArithmeticError:
        raise InvalidInput(f"rate: {text!r} is not a rate; write one like 0.07") from None
    if not (rate.is_finite() and 0 <= rate < 1 and rate == round(rate, 4)):
        raise InvalidInput(
            f"rate: {text!r} is not a rate from 0 to below 1 with at most four decimals; write one like 0.07"
        )
    return rate


@contextmanager
def _work(slug: str) -> Iterator[UnitOfWork]:
    with (
        open_tenant(slug) as (wiring, found),
        wiring.unit_of_work(found.id, actor="operator")() as work,
    ):
        yield work
