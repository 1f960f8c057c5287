"""Enter balances that no accounting vendor reports."""

from datetime import date
from decimal import Decimal

from shared.domain.working_capital import AccountClass
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork


def enter_balances(
    open_unit_of_work: OpenUnitOfWork, day: date, amounts: dict[AccountClass, Decimal]
) -> int:
    """Writes the closing balances of one day in the company's currency; returns rows changed."""
    with open_unit_of_work() as work:
        company = work.companies.get()
        changed = work.working_capital.enter(company, day, amounts)
        if changed:
            named = {name.lower(): str(amount) for name, amount in amounts.items()}
            work.audit.write("balances.entered", "company", company.id, {"day": str(day), **named})
    return changed
