"""Balance sheet and bank summary as Xero's JSON, with titles in German: nobody may rely on them."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sandbox.xero.book_events import BookAccount
from sandbox.xero.book_ledger import XeroLedger
from sandbox.xero.journal import Journal

Node = dict[str, Any]
ZERO = Decimal(0)
EARNINGS = frozenset({"REVENUE", "DIRECTCOSTS", "OVERHEADS", "EXPENSE"})
# What Xero gives the row of this year's earnings as its id.
NOBODY = str(UUID(int=0))


class BookReports:
    """The reports of an organisation. `cards_owed` puts credit cards among the liabilities, turned around."""

    def __init__(self, ledger: XeroLedger) -> None:
        self.cards_owed = False
        self._ledger = ledger

    def balance_sheet(self, day: date) -> Node:
        """Two columns as Xero has them: the day, and the same day a year before."""
        journal = self._journal()
        days = (day, day.replace(year=day.year - 1, day=min(day.day, 28)))
        columns = [journal.balances(each) for each in days]
        sides = (
            ("Aktiva", (("Bank", {"BANK"}), ("Umlaufvermögen", {"CURRENT", "PREPAYMENT", "INVENTORY"}),
                        ("Anlagevermögen", {"FIXED"})), 1),
            ("Passiva", (("Kreditkarten", {"CARD"}), ("Kurzfristig", {"CURRLIAB"}),
                         ("Langfristig", {"TERMLIAB"})), -1),
        )  # fmt: skip
        rows: list[Node] = [
            {
                "RowType": "Header",
                "Cells": [{"Value": ""}, *({"Value": str(each)} for each in days)],
            }
        ]
        for heading, sections, sign in sides:
            rows.append({"RowType": "Section", "Title": heading, "Rows": []})
            for title, kinds in sections:
                rows += self._section(title, kinds, columns, sign)
        rows += self._section("Eigenkapital", {"EQUITY"}, columns, -1, self._earnings(columns))
        return _report("BalanceSheet", "Bilanz", day, rows)

    def bank_summary(self, first: date, last: date) -> Node:
        """Opening, received, spent and closing of each bank account."""
        journal = self._journal()
        closing, rows = journal.balances(last), []
        for account in self._of({"BANK", "CARD"}):
            came, went = journal.turnover(account.account_id, first, last)
            end = closing.get(account.account_id, ZERO)
            amounts = (end - came + went, came, went, end)
            name = {
                "Value": account.name,
                "Attributes": [_attribute(account.account_id, "accountID")],
            }
            rows.append(
                {"RowType": "Row", "Cells": [name, *({"Value": f"{each:.2f}"} for each in amounts)]}
            )
        titles = ("Bankkonten", "Anfang", "Eingang", "Ausgang", "Ende")
        header = {"RowType": "Header", "Cells": [{"Value": each} for each in titles]}
        section = {"RowType": "Section", "Title": "", "Rows": rows}
        return _report("BankSummary", "Bankübersicht", last, [header, section])

    def _section(
        self,
        title: str,
        kinds: set[str],
        columns: list[dict[str, Decimal]],
        sign: int,
        more: Iterable[Node] = (),
    ) -> list[Node]:
        rows, sums = [], [ZERO] * len(columns)
        for account in self._of(kinds):
            amounts = [sign * column.get(account.account_id, ZERO) for column in columns]
            if any(amounts):
                rows.append(_row(account.name, account.account_id, amounts))
        rows += more
        for row in rows:
            amounts = [Decimal(cell["Value"]) for cell in row["Cells"][1:]]
            sums = [total + amount for total, amount in zip(sums, amounts, strict=True)]
        if not rows:
            return []
        cells = [{"Value": f"Summe {title}"}, *({"Value": f"{total:.2f}"} for total in sums)]
        total = {"RowType": "SummaryRow", "Cells": cells}
        return [{"RowType": "Section", "Title": title, "Rows": [*rows, total]}]

    def _earnings(self, columns: list[dict[str, Decimal]]) -> list[Node]:
        ids = [each.account_id for each in self._ledger.accounts.values() if each.kind in EARNINGS]
        sums = [-sum((column.get(each, ZERO) for each in ids), ZERO) for column in columns]
        return [_row("Jahresüberschuss", NOBODY, sums)]

    def _of(self, kinds: set[str]) -> list[BookAccount]:
        return [each for each in self._ledger.accounts.values() if self._kind(each) in kinds]

    def _kind(self, account: BookAccount) -> str:
        is_card = self.cards_owed and account.bank_kind == "CREDITCARD"
        return "CARD" if is_card else account.kind

    def _journal(self) -> Journal:
        return Journal(self._ledger.accounts.values(), self._ledger.seen())


def _report(kind: str, name: str, day: date, rows: list[Node]) -> Node:
    report = {
        "ReportID": kind,
        "ReportName": name,
        "ReportType": kind,
        "ReportTitles": [name, "Muster Geschenke GmbH", f"Zum {day:%d.%m.%Y}"],
        "ReportDate": f"{day:%d.%m.%Y}",
        "Rows": rows,
    }
    return {"Reports": [report]}


def _row(name: str, account_id: str, amounts: Iterable[Decimal]) -> Node:
    attributes = [_attribute(account_id, "account")]
    cells = [{"Value": f"{amount:.2f}", "Attributes": attributes} for amount in amounts]
    return {"RowType": "Row", "Cells": [{"Value": name, "Attributes": attributes}, *cells]}


def _attribute(account_id: str, name: str) -> Node:
    return {"Value": account_id, "Id": name}
