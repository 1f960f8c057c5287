"""The chart of accounts: what each account counts as. Names are never looked at: they are in any language.

What the chart tells is `Type`, `Class`, `SystemAccount` and `BankAccountType`, and no more is guessed:

- the system's DEBTORS and CREDITORS are receivables and payables; its other accounts (taxes, wages, expense
  claims, rounding, transfers under way) are none of the five;
- BANK is cash, and short-term debt as far as it is overdrawn; a credit card is always short-term debt;
- INVENTORY is inventory; goods kept on a plain CURRENT account cannot be told from other claims;
- CURRLIAB that is no system account is short-term debt: it is owed within a year and to no supplier. The
  chart does not tell a loan from a tax set aside by hand; of the two mistakes this one is the prudent one;
- TERMLIAB, LIABILITY and PAYG are not counted: long-term, of no known term, or tax.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain.working_capital import AccountClass
from shared.errors import VendorUnavailable

SYSTEM_CLASSES = {
    "DEBTORS": AccountClass.ACCOUNTS_RECEIVABLE,
    "CREDITORS": AccountClass.ACCOUNTS_PAYABLE,
}
TYPE_CLASSES = {
    "BANK": AccountClass.CASH,
    "INVENTORY": AccountClass.INVENTORY,
    "CURRLIAB": AccountClass.SHORT_TERM_DEBT,
}
LIABILITY_TYPES = frozenset({"CURRLIAB", "TERMLIAB", "LIABILITY", "PAYG"})


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """An account as the chart has it; `counts_as` is None for what is no part of working capital."""

    account_id: str
    counts_as: AccountClass | None
    is_bank: bool
    is_card: bool
    is_liability: bool


class Chart:
    """All accounts by their id."""

    def __init__(self, nodes: Iterable[Mapping[str, Any]]) -> None:
        accounts = [read_account(node) for node in nodes]
        self.accounts = {each.account_id: each for each in accounts}

    def get(self, account_id: str) -> LedgerAccount | None:
        """The account, or None for an id that the chart does not have, such as that of a computed row."""
        return self.accounts.get(account_id)


def read_account(node: Mapping[str, Any]) -> LedgerAccount:
    """One account; the chart cannot be used where one of them cannot be read."""
    account_id, kind = node.get("AccountID"), node.get("Type")
    if not isinstance(account_id, str) or not isinstance(kind, str):
        raise VendorUnavailable("xero: an account has no AccountID or no Type")
    system = str(node.get("SystemAccount") or "")
    is_bank = kind == "BANK"
    is_card = is_bank and node.get("BankAccountType") == "CREDITCARD"
    counts_as = SYSTEM_CLASSES.get(system) if system else TYPE_CLASSES.get(kind)
    return LedgerAccount(
        account_id=account_id.lower(),
        counts_as=AccountClass.SHORT_TERM_DEBT if is_card else counts_as,
        is_bank=is_bank,
        is_card=is_card,
        is_liability=not is_bank
        and (node.get("Class") == "LIABILITY" or kind in LIABILITY_TYPES or system == "CREDITORS"),
    )
