"""`capliquify figures`: balances that a person enters, and what comes of them."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from shared.domain.money import LARGEST, round_money
from shared.domain.working_capital import AccountClass
from shared.errors import InvalidInput
from shared.persistence.operations.stock_reads import read_capital
from shared.use_cases.enter_balances import enter_balances
from workers.cli.console import echo_json, make_console
from workers.cli.tenant_scope import open_tenant, read_tenant
from workers.cli.terminal_tables import Column, print_table

app = typer.Typer(
    no_args_is_help=True, help="Working capital, and balances that no accounting system reports."
)
console = make_console()
SHOWN = (
    "revenue", "cost_of_goods_sold", "cash", "accounts_receivable", "inventory", "accounts_payable",
    "working_capital", "current_ratio", "days_sales_outstanding", "days_inventory_outstanding",
    "days_payables_outstanding", "cash_conversion_cycle",
)  # fmt: skip


@app.command()
def show(
    tenant: Annotated[str, typer.Argument(help="The tenant's slug")],
    until: Annotated[
        str | None, typer.Option(help="Periods that begin by this day, YYYY-MM-DD")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line")] = False,
) -> None:
    """Show the newest day, week and month of working capital; an unknown figure says its reason."""
    with read_tenant(tenant) as (wiring, connection):
        day = wiring.clock.now().date() if until is None else read_day("until", until)
        rows = read_capital(connection, day)
    if as_json:
        for row in rows:
            echo_json(row, default=str)
        return
    if not rows:
        console.print(
            f"{tenant}: no figures yet; the first roll-up follows the first pull"
            if until is None
            else f"{tenant}: no figures by {day}; leave --until out for the newest"
        )
        return
    _print_capital(rows)


def _print_capital(rows: list[dict[str, Any]]) -> None:
    titles = ("figure", *(f"{row['period_type'].lower()} {row['period_date']}" for row in rows))
    lines = []
    reasons = [row.get("reasons") or {} for row in rows]
    for name in SHOWN:
        cells = (
            _cell(row.get(name), why.get(name)) for row, why in zip(rows, reasons, strict=True)
        )
        lines.append((name.replace("_", " "), *cells))
    print_table(console, [Column(title) for title in titles], lines)


def _cell(value: object, reason: str | None) -> str:
    if value is None:
        return f"unknown: {reason}" if reason else "unknown"
    return f"{Decimal(str(value)):,.2f}"


@app.command()
def enter(
    tenant: Annotated[str, typer.Option(help="The tenant's slug")],
    day: Annotated[str, typer.Option(help="Closing balances of this day, YYYY-MM-DD")],
    cash: Annotated[str | None, typer.Option()] = None,
    receivables: Annotated[str | None, typer.Option()] = None,
    payables: Annotated[str | None, typer.Option()] = None,
    short_term_debt: Annotated[str | None, typer.Option()] = None,
) -> None:
    """Enter closing balances of a day, in the company's currency."""
    given = {
        AccountClass.CASH: ("cash", cash),
        AccountClass.ACCOUNTS_RECEIVABLE: ("receivables", receivables),
        AccountClass.ACCOUNTS_PAYABLE: ("payables", payables),
        AccountClass.SHORT_TERM_DEBT: ("short-term-debt", short_term_debt),
    }
    amounts = {
        name: read_amount(option, text)
        for name, (option, text) in given.items()
        if text is not None
    }
    on = read_day("day", day)
    if not amounts:
        raise InvalidInput("amounts: none is given; give at least one, such as --cash 1000.00")
    with open_tenant(tenant) as (wiring, found):
        changed = enter_balances(wiring.unit_of_work(found.id, actor="operator"), on, amounts)
    console.print(f"{changed} balance(s) changed")


def read_day(field: str, text: str) -> date:
    """A date; raises `InvalidInput` naming the option."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{field}: {text!r} is not a date; write YYYY-MM-DD") from None


def read_amount(field: str, text: str) -> Decimal:
    """An amount at two places; raises `InvalidInput` naming the option."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise InvalidInput(f"{field}: {text!r} is not an amount; write one like 1234.50") from None
    if not amount.is_finite() or abs(amount) > LARGEST:
        raise InvalidInput(f"{field}: {text!r} is not an amount that can be kept")
    return round_money(amount)
