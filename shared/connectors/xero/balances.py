"""Balances of the accounts that count, from a balance sheet and the chart of accounts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from shared.connectors.xero.chart import Chart, LedgerAccount
from shared.connectors.xero.reports import SheetRow
from shared.domain.accounts import AccountBalance, BankDifference
from shared.domain.working_capital import AccountClass

ZERO = Decimal(0)
OWED = frozenset({AccountClass.ACCOUNTS_PAYABLE, AccountClass.SHORT_TERM_DEBT})


def sum_balances(rows: Iterable[SheetRow], chart: Chart, currency: str) -> list[AccountBalance]:
    """Each account that counts, with zero where the sheet leaves it out: an older balance must not stand on."""
    had = _had_by_account(rows)
    balances = []
    for account in chart.accounts.values():
        amount = had[account.account_id]
        for account_class, told in _classes(account, amount):
            balances.append(AccountBalance(account_class, account.account_id, told, currency))
    return balances


def compare_banks(
    rows: Iterable[SheetRow], chart: Chart, closing: Mapping[str, Decimal]
) -> list[BankDifference]:
    """The bank accounts whose balance is another in the bank summary."""
    had = _had_by_account(rows)
    differences = []
    for account in chart.accounts.values():
        if account.is_bank:
            books, bank = had[account.account_id], closing.get(account.account_id)
            if books != (bank or ZERO):
                differences.append(BankDifference(account.account_id, books, bank))
    return differences


def _classes(account: LedgerAccount, had: Decimal) -> Iterator[tuple[AccountClass, Decimal]]:
    if account.counts_as is None:
        return
    if account.is_bank and not account.is_card:
        # Both each day: the one that is over ends with a zero.
        yield AccountClass.CASH, max(had, ZERO)
        yield AccountClass.SHORT_TERM_DEBT, max(-had, ZERO)
    else:
        yield account.counts_as, (-had if account.counts_as in OWED else had) + ZERO


def _had_by_account(rows: Iterable[SheetRow]) -> defaultdict[str, Decimal]:
    had: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        had[row.account_id] += row.had
    return had
