"""A seller's account: one ledger a site, and how the account is set up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sandbox.amazon.account_ledger import Ledger, Order, Site

ItemT = TypeVar("ItemT")


@dataclass(slots=True)
class SellerAccount:
    """All sites that the seller sells on. Reports and transactions hold them all, whichever is asked for.

    `has_fba`: whether Amazon stores goods. `language`: that of report headers. `skipped`: SKUs that stock
    pages leave out unless they are asked for by name. `forbidden`: operations that the application may not use.
    """

    ledgers: tuple[Ledger, ...]
    has_fba: bool = True
    language: str = "en"
    skipped: set[str] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)

    def of(self, marketplace_id: str) -> Ledger | None:
        """The ledger of a site, if the seller sells there."""
        found = (each for each in self.ledgers if each.site.marketplace_id == marketplace_id)
        return next(found, None)

    def orders(self) -> Iterator[tuple[Site, Order]]:
        """All orders with the sites where they were placed."""
        for ledger in self.ledgers:
            for order in ledger.orders:
                yield ledger.site, order


def mixed(sequences: Sequence[Sequence[ItemT]]) -> list[ItemT]:
    """The items of several sequences, one of each in turn, as one file holds several sites."""
    longest = max((len(each) for each in sequences), default=0)
    return [each[n] for n in range(longest) for each in sequences if n < len(each)]
