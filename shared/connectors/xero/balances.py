"""Balances of the accounts that count, from a balance sheet and the chart of accounts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from shared.connectors.xero.chart import Chart, LedgerAccount
from shared.connectors.xero.fields import Node
from shared.connectors.xero.report_rows import read_report
from shared.connectors.xero.sheet import Sheet
from shared.domain.accounts import AccountBalance, BankCheck, BankDifference, DayBalances
from shared.domain.fields import fit_money
from shared.domain.money import NOTHING
from shared.domain.rejections import reject
from shared.domain.sales import RejectedRecord
from shared.domain.working_capital import AccountClass
from shared.errors import SkipRecord

OWED = frozenset({AccountClass.ACCOUNTS_PAYABLE, AccountClass.SHORT_TERM_DEBT})


@dataclass(slots=True)
class BankSummary:
    """The closing balance of each bank account; less than nothing where it is overdrawn."""

    closing: Mapping[str, Decimal]
    rejected: list[RejectedRecord] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    whole: bool = True

    def reports(self, account_id: str) -> bool:
        """Whether it says something of an account, if only that it is not there."""
        return account_id not in self.unread and (self.whole or account_id in self.closing)


def sum_balances(sheet: Sheet, chart: Chart, currency: str) -> DayBalances:
    """Each account that counts, with zero where the sheet leaves it out: an older balance must not stand on.

    What the sheet does not report is not zero: such accounts are `unread`, and their older balance stands.
    """
    balances: list[AccountBalance] = []
    rejected = [*chart.rejected, *sheet.rejected]
    unread = {*chart.unread, *sheet.unread}
    for account in chart.accounts.values():
        had = sheet.had(account.account_id)
        if had is None:
            unread.add(account.account_id)
            continue
        try:
            # First as a whole: a bank account is two balances.
            fit_money(had, "Value")
            balances += _balances(account, had, currency)
        except SkipRecord as error:
            rejected.append(reject(account.account_id, error))
            unread.add(account.account_id)
    whole = chart.whole and sheet.whole
    return DayBalances(tuple(balances), tuple(rejected), frozenset(unread), whole)


def read_bank_summary(body: Node) -> BankSummary:
    """The last column of the bank summary."""
    report = read_report(body, "BankSummary", -1)
    rows = [row for section in report.sections for row in section.rows]
    closing = {
        row.account_id: row.amount for row in rows if row.account_id and row.amount is not None
    }
    return BankSummary(closing, report.rejected, report.unread, report.whole)


def compare_banks(sheet: Sheet, chart: Chart, summary: BankSummary) -> BankCheck:
    """The bank accounts whose balance is another in the bank summary, among those that both reports have."""
    differences = []
    for account in chart.accounts.values():
        books = sheet.had(account.account_id)
        if account.is_bank and books is not None and summary.reports(account.account_id):
            bank = summary.closing.get(account.account_id)
            if books != (bank or NOTHING):
                differences.append(BankDifference(account.account_id, books, bank))
    return BankCheck(tuple(differences), tuple(summary.rejected))


def _balances(account: LedgerAccount, had: Decimal, currency: str) -> Iterator[AccountBalance]:
    for account_class, amount in _classes(account, had):
        reported = fit_money(amount, "Value")
        yield AccountBalance(account_class, account.account_id, reported, currency)


def _classes(account: LedgerAccount, had: Decimal) -> Iterator[tuple[AccountClass, Decimal]]:
    if account.counts_as is None:
        return
    if account.is_bank and not account.is_card:
        # Both each day: the one that is over ends with a zero.
        yield AccountClass.CASH, max(had, NOTHING)
        yield AccountClass.SHORT_TERM_DEBT, max(-had, NOTHING)
    else:
        yield account.counts_as, (-had if account.counts_as in OWED else had) + NOTHING
