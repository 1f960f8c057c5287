"""The vendor's shapes that all records are built of: ids, money, instants, pages."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from graphql import GraphQLError

from sandbox.shop_events import Presentment

Node = dict[str, Any]
LARGEST_PAGE = 250
PENNY = Decimal("0.01")


class Connection:
    """Nodes that are asked for in pages; the cursor is the number of nodes before the page."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes

    def select(self, **_arguments: object) -> Sequence[Node]:
        """The nodes that match the arguments."""
        return self.nodes

    def __call__(
        self, _info: object, first: int | None = None, after: str | None = None, **rest: object
    ) -> Node:
        size = require_page_size(first)
        start = int(after) if after else 0
        nodes = self.select(**rest)
        page = nodes[start : start + size]
        cursors = [str(start + place) for place in range(1, len(page) + 1)]
        return page_node(page, cursors, more=start + size < len(nodes))


class ShippingLines(Connection):
    """The shipping of an order; what an edit took out is hidden unless it is asked for."""

    def select(self, **arguments: object) -> Sequence[Node]:
        """The nodes that match the arguments."""
        if arguments.get("includeRemovals"):
            return self.nodes
        return [node for node in self.nodes if not node["isRemoved"]]


def page_node(nodes: Sequence[Node], cursors: Sequence[str], *, more: bool) -> Node:
    """A page of a connection; `cursors` stand behind each node."""
    edges = [{"node": node, "cursor": at} for node, at in zip(nodes, cursors, strict=True)]
    end = cursors[-1] if cursors else None
    return {"nodes": nodes, "edges": edges, "pageInfo": {"hasNextPage": more, "endCursor": end}}


def require_page_size(first: int | None) -> int:
    """The page size; raises `GraphQLError` as the vendor does where it is missing or too large."""
    if first is None:
        raise GraphQLError("you must provide one of first or last")
    if not 0 < first <= LARGEST_PAGE:
        raise GraphQLError(f"first must be between 1 and {LARGEST_PAGE}")
    return first


def gid(kind: str, number: int) -> str:
    """A global id, as the vendor writes it."""
    return f"gid://shopify/{kind}/{number}"


def number_of(global_id: str) -> int:
    """The number at the end of a global id; -1 where there is none."""
    number = global_id.rpartition("/")[2]
    return int(number) if number.isdecimal() else -1


def amount_text(amount: Decimal) -> str:
    """An amount as the vendor writes it: no zeros at the end, but one digit after the point."""
    text = format(amount.normalize(), "f") if amount else "0"
    return text if "." in text else f"{text}.0"


def money(amount: Decimal, currency: str) -> Node:
    """An amount in a currency."""
    return {"amount": amount_text(amount), "currencyCode": currency}


def money_bag(amount: Decimal, currency: str, presentment: Presentment | None = None) -> Node:
    """The amount to the shop, and to the customer in the customer's own money."""
    shop = money(amount, currency)
    if presentment is None:
        return {"shopMoney": shop, "presentmentMoney": shop}
    theirs = (amount * presentment.rate).quantize(PENNY, rounding=ROUND_HALF_UP)
    return {"shopMoney": shop, "presentmentMoney": money(theirs, presentment.currency)}


def instant(moment: datetime) -> str:
    """ISO 8601 in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain_order(at: datetime, currency: str) -> Node:
    """What an order says that is out of the ordinary in nothing."""
    return {
        "createdAt": instant(at),
        "processedAt": instant(at),
        "dutiesIncluded": False,
        "edited": False,
        "returnStatus": "NO_RETURN",
        "totalTipReceivedSet": money_bag(Decimal(0), currency),
        "sourceName": "web",
        "sourceIdentifier": None,
        "attribution": None,
        "channelInformation": None,
        "additionalFees": [],
        "agreements": Connection([]),
    }


def stock_node(item: Node, number: int, location: int, name: str, units: tuple[int, int]) -> Node:
    """The stock of an article at a location; `units` are those on hand and those reserved."""
    on_hand, reserved = units
    quantities = {
        "on_hand": on_hand,
        "reserved": 0,
        "available": on_hand - reserved,
        "committed": reserved,
    }

    def stock(_info: object, names: list[str]) -> list[Node]:
        return [{"name": name, "quantity": quantities[name]} for name in names]

    return {
        "id": gid("InventoryLevel", number),
        "location": {"id": gid("Location", location), "name": name},
        "quantities": stock,
        "item": lambda _info: item,
    }
