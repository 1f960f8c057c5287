"""`capliquify events`: what a tenant plans, so that forecasts count with it."""

from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from shared.domain.planned_events import EventKind, PlannedEvent
from shared.errors import InvalidInput
from shared.persistence.repositories.companies import CompanyRepository
from shared.persistence.repositories.planned_events import PlannedEventRepository
from shared.use_cases.plan_events import plan_event, remove_event
from workers.cli.console import echo_json, make_console
from workers.cli.figures import read_day
from workers.cli.tenant_scope import open_tenant, read_tenant
from workers.cli.terminal_tables import Column, print_table

app = typer.Typer(
    no_args_is_help=True, help="Promotions, prices, closed days, launches and ends of sale."
)
console = make_console()

Slug = Annotated[str, typer.Argument(help="The tenant's slug")]
Kind = Annotated[str, typer.Argument(help="promotion, price_change, closed, launch or end_of_sale")]
Sku = Annotated[str | None, typer.Option(help="One product; all if left out")]
FirstDay = Annotated[str, typer.Option(help="First day of it, YYYY-MM-DD")]


@app.command()
def add(
    tenant: Slug,
    kind: Kind,
    first_day: FirstDay,
    last_day: Annotated[str | None, typer.Option(help="Last day of it, YYYY-MM-DD")] = None,
    sku: Sku = None,
    discount: Annotated[
        str | None, typer.Option(help="Of a promotion: 0.2 takes 20 % off the price")
    ] = None,
    price: Annotated[str | None, typer.Option(help="Of a price change: money a unit, net")] = None,
    note: Annotated[str | None, typer.Option(help="What people call it")] = None,
) -> None:
    """Plan an event, or change the one with the same kind, product and first day. Past ones teach the models."""
    event = PlannedEvent(
        read_kind(kind),
        sku,
        read_day("first-day", first_day),
        None if last_day is None else read_day("last-day", last_day),
        read_number("discount", discount),
        read_number("price", price),
        note,
    )
    with open_tenant(tenant) as (wiring, found):
        plan_event(wiring.unit_of_work(found.id, actor="operator"), event)
    scope = "all products" if sku is None else sku
    until = "" if event.last_day is None else f" to {event.last_day}"
    console.print(
        f"{event.kind.lower()} of {scope} from {event.first_day}{until}: planned; "
        "the next forecast counts with it",
        soft_wrap=True,
    )


@app.command()
def remove(tenant: Slug, kind: Kind, first_day: FirstDay, sku: Sku = None) -> None:
    """Take an event back."""
    day = read_day("first-day", first_day)
    with open_tenant(tenant) as (wiring, found):
        opener = wiring.unit_of_work(found.id, actor="operator")
        remove_event(opener, read_kind(kind), sku, day)
    console.print(f"{tenant}: removed; the next forecast counts without it")


@app.command(name="list")
def list_events(
    tenant: Slug,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line")] = False,
) -> None:
    """List what is planned and what was."""
    with read_tenant(tenant) as (_, connection):
        company_id = CompanyRepository(connection).get().id
        events = PlannedEventRepository(connection).list(company_id)
    if as_json:
        for event in events:
            echo_json(as_row(event), default=str)
    elif not events:
        console.print(f"{tenant}: nothing is planned")
    else:
        titles = ("first day", "last day", "kind", "product", "discount", "price", "note")
        rows = [tuple(_text(*each) for each in as_row(event).items()) for event in events]
        print_table(console, [Column(title) for title in titles], rows)


def as_row(event: PlannedEvent) -> dict[str, object]:
    """An event by the names of its columns."""
    return {
        "first_day": event.first_day,
        "last_day": event.last_day,
        "kind": event.kind.lower(),
        "sku": event.sku,
        "discount": event.discount,
        "price": event.price,
        "note": event.note,
    }


def read_kind(text: str) -> EventKind:
    """A kind of event; raises `InvalidInput` naming those there are."""
    try:
        return EventKind(text.upper().replace("-", "_"))
    except ValueError:
        known = ", ".join(kind.lower() for kind in EventKind)
        raise InvalidInput(f"kind: {text[:40]!r} is none; there are {known}") from None


def read_number(field: str, text: str | None) -> Decimal | None:
    """A number, or None; raises `InvalidInput` naming the option."""
    if text is None:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise InvalidInput(f"{field}: {text[:40]!r} is no number; write one like 0.2 or 12.50")
    return number


def _text(name: str, value: object) -> str:
    if name == "sku" and value is None:
        return "all products"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "" if value is None else str(value)
