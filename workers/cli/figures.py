"""`capliquify figures`: balances that a person enters."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from shared.domain.money import LARGEST, round_money
from shared.domain.working_capital import AccountClass
from shared.errors import InvalidInput
from shared.persistence.tenancy import find_tenant
from shared.use_cases.enter_balances import enter_balances
from workers.cli.console import make_console
from workers.platform import open_platform

app = typer.Typer(no_args_is_help=True, help="Balances that no accounting system tells.")
console = make_console()


@app.callback()
def group() -> None:
    """Keeps `enter` a subcommand."""


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
    with open_platform() as wiring:
        with wiring.admin.transaction() as connection:
            found = find_tenant(connection, tenant)
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
