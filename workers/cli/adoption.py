"""`capliquify migrate --adopt`: take over a database that Prisma made."""

from collections.abc import Iterable

import typer

from shared.errors import InvalidInput
from shared.persistence.adoption.adopt import (
    Adopted,
    adopt_public,
    adopt_tenants,
    finish_adoption,
    needs_adoption,
    try_adoption,
)
from workers.cli.console import make_console

console = make_console(soft_wrap=True, highlight=False)


def adopt(url: str, *, plan: bool, confirmed: bool) -> None:
    """Lists the differences, asks, then takes the database over; with `plan` it only lists.

    Cut off after the public schema, the next call takes over the tenants that are left.
    """
    if needs_adoption(url):
        _list(try_adoption(url))
        if plan:
            return
        if not (confirmed or typer.confirm("Take this database over? Make a backup first.")):
            raise InvalidInput("adopt: not confirmed; nothing was changed")
        _show([adopt_public(url)])
    elif plan:
        console.print("nothing to adopt in the public schema")
        return
    _show(adopt_tenants(url))
    finish_adoption(url)


def _list(found: Iterable[Adopted]) -> None:
    for each in found:
        console.print(f"{each.name}: {each.rows:,} rows to bring")
        for line in each.differences:
            console.print(f"  {line}")


def _show(adopted: Iterable[Adopted]) -> None:
    for each in adopted:
        console.print(f"{each.name}: adopted, {each.rows:,} rows")
