"""The chart of accounts: what each account counts as. Names are never looked at: they are in any language.

The chart gives `Type`, `Class`, `SystemAccount` and `BankAccountType`, and no more is guessed:

- the system's DEBTORS and CREDITORS are receivables and payables; its other accounts (taxes, wages, expense
  claims, rounding, transfers under way) are none of the five;
- BANK is cash, and short-term debt as far as it is overdrawn; a credit card is always short-term debt;
- INVENTORY is inventory; goods kept on a plain CURRENT account cannot be separated from other claims;
- CURRLIAB that is no system account is short-term debt: it is owed within a year and to no supplier. The
  chart does not distinguish a loan from a tax set aside by hand; of the two mistakes this one is the prudent one;
- TERMLIAB, LIABILITY and PAYG are not counted: long-term, of no known term, or tax.

A type, system account or kind of bank account that is none of the vendor's list is never taken for one that
does not count: that account is set aside, and its balance stays what it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.connectors.xero.fields import Node
from shared.domain.fields import read_text, require_node, show
from shared.domain.rejections import reject
from shared.domain.sales import RejectedRecord
from shared.domain.working_capital import AccountClass
from shared.errors import SkipRecord

SYSTEM_CLASSES = {
    "DEBTORS": AccountClass.ACCOUNTS_RECEIVABLE,
    "CREDITORS": AccountClass.ACCOUNTS_PAYABLE,
}
OTHER_SYSTEM = frozenset(
    {
        "BANKCURRENCYGAIN", "CISASSET", "CISASSETS", "CISLABOUR", "CISLABOUREXPENSE", "CISLABOURINCOME",
        "CISLIABILITY", "CISMATERIALS", "GST", "GSTONIMPORTS", "HISTORICAL", "REALISEDCURRENCYGAIN",
        "RETAINEDEARNINGS", "ROUNDING", "TRACKINGTRANSFERS", "UNPAIDEXPCLM", "UNREALISEDCURRENCYGAIN",
        "WAGEPAYABLES",
    }
)  # fmt: skip
TYPE_CLASSES = {
    "BANK": AccountClass.CASH,
    "INVENTORY": AccountClass.INVENTORY,
    "CURRLIAB": AccountClass.SHORT_TERM_DEBT,
}
LIABILITY_TYPES = frozenset({"CURRLIAB", "TERMLIAB", "LIABILITY", "PAYG"})
OTHER_TYPES = frozenset(
    {
        "CURRENT", "DEPRECIATN", "DIRECTCOSTS", "EQUITY", "EXPENSE", "FIXED", "NONCURRENT", "OTHERINCOME",
        "OVERHEADS", "PREPAYMENT", "REVENUE", "SALES",
    }
)  # fmt: skip
BANK_KINDS = frozenset({"", "BANK", "PAYPAL", "NONE", "CREDITCARD"})
# What the tables keep of an account's id.
LONGEST_CODE = 100


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """An account as the chart has it; `counts_as` is None for what is no part of working capital."""

    account_id: str
    counts_as: AccountClass | None
    is_bank: bool
    is_card: bool
    is_liability: bool
    is_equity: bool = False


class Chart:
    """All accounts by their id; `unread` are the ids of those that could not be read.

    `whole` is False where not even the id could be: then nobody knows which account is missing.
    """

    def __init__(self, nodes: Iterable[object]) -> None:
        self.accounts: dict[str, LedgerAccount] = {}
        self.rejected: list[RejectedRecord] = []
        self.unread: set[str] = set()
        self.whole = True
        for node in nodes:
            self._read(node)

    def get(self, account_id: str) -> LedgerAccount | None:
        """The account, or None for an id that the chart does not have, such as that of a computed row."""
        return self.accounts.get(account_id)

    def _read(self, node: object) -> None:
        account_id = "?"
        try:
            account_id = read_account_id(require_node(node, "account").get("AccountID"))
            self.accounts[account_id] = read_account(require_node(node, "account"), account_id)
        except SkipRecord as error:
            self.rejected.append(reject(account_id, error))
            if account_id == "?":
                self.whole = False
            else:
                self.unread.add(account_id)


def read_account_id(reported: object, field: str = "AccountID") -> str:
    """An account's id, as the tables keep it."""
    return read_text(reported, field, LONGEST_CODE).lower()


def read_account(node: Node, account_id: str) -> LedgerAccount:
    """One account; raises `SkipRecord` where nobody can say what it counts as."""
    system = _one_of(node, "SystemAccount", {"", *SYSTEM_CLASSES, *OTHER_SYSTEM})
    types = {*TYPE_CLASSES, *LIABILITY_TYPES, *OTHER_TYPES}
    kind = _one_of(node, "Type", types)
    is_bank = kind == "BANK"
    is_card = is_bank and _one_of(node, "BankAccountType", BANK_KINDS) == "CREDITCARD"
    counts_as = SYSTEM_CLASSES.get(system) if system else TYPE_CLASSES.get(kind)
    return LedgerAccount(
        account_id=account_id,
        counts_as=AccountClass.SHORT_TERM_DEBT if is_card else counts_as,
        is_bank=is_bank,
        is_card=is_card,
        is_liability=not is_bank
        and (node.get("Class") == "LIABILITY" or kind in LIABILITY_TYPES or system == "CREDITORS"),
        is_equity=kind == "EQUITY",
    )


def _one_of(node: Node, field: str, known: Iterable[str]) -> str:
    """A word of the vendor's list, which may have the empty one for a field that is not there."""
    reported = node.get(field)
    word = "" if reported is None else reported
    if not isinstance(word, str) or word not in known:
        raise SkipRecord(
            f"{field}: {show(reported)} is none that is known; the account is not counted"
        )
    return word
