"""Where a ledger's orders came from, and what was agreed on when: in the vendor's shape."""

from collections.abc import Callable, Iterable
from datetime import datetime

from sandbox.shop_events import OrderLine, OrderPlaced, ShippingCharge
from sandbox.shop_ledger import OrderState
from sandbox.shopify.nodes import Connection, Node, gid, instant


def source_of(placed: OrderPlaced) -> Node:
    """What an order says of its source: the shop itself, or the app of a marketplace, each in its own way."""
    if placed.marketplace is None:
        return {}
    if placed.marketplace == "amazon":
        number = f"205-{placed.order % 10_000_000:07}-{placed.order % 9_999_991:07}"
        return {"sourceName": "amazon-us", "sourceIdentifier": number}
    definition = {"handle": f"{placed.marketplace}-app", "isMarketplace": True}
    channel = {"channelDefinition": definition}
    return {"sourceName": "1424624", "channelInformation": channel}


class AgreementWriter:
    """Writes the agreements of one order: when it was placed, edited, exchanged and given back."""

    def __init__(
        self,
        state: OrderState,
        write_line: Callable[[OrderLine], Node],
        write_shipping: Callable[[ShippingCharge], Node],
    ) -> None:
        self._state, self._write_line, self._write_shipping = state, write_line, write_shipping

    def all(self) -> list[Node]:
        """The agreements by their instants."""
        state = self._state
        sales = [self._sale(line, line.quantity) for line in state.placed.lines]
        sales += [self._shipping_sale(charge) for charge in state.placed.shipping]
        found = [_agreement("OrderAgreement", "ORDER", state.placed.at, sales, 1)]
        for place, added in enumerate(state.added, start=2):
            kind = "ReturnAgreement" if added.exchange else "OrderEditAgreement"
            reason = "RETURN" if added.exchange else "ORDER_EDIT"
            sales = [self._sale(line, line.quantity) for line in added.lines]
            found.append(_agreement(kind, reason, added.at, sales, place))
        lines = {line.number: line for line in state.lines}
        for refund in state.refunds:
            sales = [self._sale(lines[each.line], -each.quantity) for each in refund.units]
            number = refund.number * 100
            found.append(_agreement("RefundAgreement", "REFUND", refund.at, sales, number))
        return sorted(found, key=lambda each: str(each["happenedAt"]))

    def _sale(self, line: OrderLine, quantity: int) -> Node:
        kind, name = "PRODUCT", "ProductSale"
        if line.tip:
            kind, name = "TIP", "TipSale"
        if line.gift_card:
            kind, name = "GIFT_CARD", "GiftCardSale"
        return {
            "__typename": name,
            "id": gid(name, line.number),
            "actionType": "ORDER" if quantity > 0 else "RETURN",
            "lineType": kind,
            "quantity": quantity,
            "lineItem": self._write_line(line),
        }

    def _shipping_sale(self, charge: ShippingCharge) -> Node:
        return {
            "__typename": "ShippingLineSale",
            "id": gid("ShippingLineSale", charge.number),
            "actionType": "ORDER",
            "lineType": "SHIPPING",
            "quantity": None,
            "shippingLine": self._write_shipping(charge),
        }


def _agreement(kind: str, reason: str, at: datetime, sales: Iterable[Node], number: int) -> Node:
    return {
        "__typename": kind,
        "id": gid(kind, number),
        "happenedAt": instant(at),
        "reason": reason,
        "sales": Connection(list(sales)),
    }
