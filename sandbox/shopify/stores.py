"""Where a sandbox shop has its records from."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from sandbox.shop_events import OrderLine, Refunded, RefundedUnits
from sandbox.shop_ledger import Change, Ledger
from sandbox.shopify.ledger_nodes import OrderWriter, variant_node
from sandbox.shopify.nodes import Node

# Numbers of refunds that a fault makes: beyond all that the ledger gives out.
FIRST_DISTURBANCE = 900_000_001


class Store(Protocol):
    """A shop's records as of its now; `version` changes whenever one of them may have changed."""

    @property
    def version(self) -> int: ...
    def now(self) -> datetime: ...
    def shop_node(self) -> Node: ...
    def variants(self) -> Sequence[Node]: ...
    def changes(self) -> Sequence[Change]: ...
    def order_node(self, number: int) -> Node | None: ...
    def refund_node(self, number: int) -> Node | None: ...


class LedgerStore:
    """The records of a ledger, as of its clock."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._next_number = FIRST_DISTURBANCE

    @property
    def version(self) -> int:
        """The ledger's."""
        return self.ledger.version

    def now(self) -> datetime:
        """The ledger's clock."""
        return self.ledger.clock

    def shop_node(self) -> Node:
        """The shop itself."""
        shop = self.ledger.shop
        return {"name": shop.name, "currencyCode": shop.currency, "ianaTimezone": shop.timezone}

    def variants(self) -> Sequence[Node]:
        """All articles that are not deleted."""
        currency = self.ledger.shop.currency
        return [variant_node(each, currency) for each in self.ledger.articles if not each.deleted]

    def changes(self) -> Sequence[Change]:
        """The orders that are to be seen."""
        return self.ledger.changes()

    def order_node(self, number: int) -> Node | None:
        """One order."""
        state = self.ledger.state(number)
        return OrderWriter(self.ledger.shop, state).order() if state is not None else None

    def refund_node(self, number: int) -> Node | None:
        """One refund."""
        found = self.ledger.find_refund(number)
        return OrderWriter(self.ledger.shop, found[0]).refund(found[1]) if found else None

    def disturb(self, orders: Sequence[int]) -> bool:
        """Gives one unit of the first of these orders back that has one left; False where none has."""
        for number in orders:
            state = self.ledger.state(number)
            if state is None or state.placed.test or state.cancelled_at is not None:
                continue
            line = next((each for each in state.lines if state.current(each) > 0), None)
            if line is not None:
                self._give_back(number, line)
                return True
        return False

    def _give_back(self, order: int, line: OrderLine) -> None:
        cents = Decimal("0.01")
        paid = line.unit_price * line.quantity - sum(line.discounts, Decimal(0))
        subtotal = (paid / line.quantity).quantize(cents)
        tax = (sum(line.taxes, Decimal(0)) / line.quantity).quantize(cents)
        number = self._next_number
        self._next_number += 2
        units = RefundedUnits(number + 1, line.number, 1, subtotal, tax)
        self.ledger.record(Refunded(order, self.ledger.clock, number, (units,)))
