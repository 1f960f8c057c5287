"""Shopify's orders to our sale lines and fees; pure.

A sale line is net of discounts and tax and dated on the day of the order; a refund is a negative line on
the day of the refund. Units that an edit removed were never sold; cancelled orders count nothing; shipping
stands on lines of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

from shared.connectors.shopify.amounts import NOTHING
from shared.connectors.shopify.fields import Node, collect, short_id
from shared.connectors.shopify.lines import LineReader
from shared.domain.rejections import reject
from shared.domain.sales import RejectedRecord, SaleFee, SaleLine
from shared.errors import SkipRecord

# The documents ask for one more, since there is no next page of them.
MOST_TRANSACTIONS = 20


@dataclass(frozen=True, slots=True)
class WholeRefund:
    """A refund with all its lines."""

    node: Node
    lines: list[Node]
    shipping: list[Node]
    adjustments: list[Node]


@dataclass(frozen=True, slots=True)
class WholeOrder:
    """An order with all that belongs to it, however it came."""

    node: Node
    lines: list[Node]
    shipping: list[Node]
    refunds: list[WholeRefund]


@dataclass(frozen=True, slots=True)
class OrderRecords:
    """What orders come to."""

    lines: tuple[SaleLine, ...]
    fees: tuple[SaleFee, ...]
    rejected: tuple[RejectedRecord, ...]


def read_orders(orders: Iterable[WholeOrder], channel: str, zone: ZoneInfo) -> OrderRecords:
    """All lines, fees and rejections of the orders; test orders have none."""
    lines: list[SaleLine] = []
    fees: list[SaleFee] = []
    rejected: list[RejectedRecord] = []
    for order in orders:
        if order.node.get("test"):
            continue
        reader = LineReader(order.node, channel, zone, _refunded_units(order))
        cancelled = order.node.get("cancelledAt") is not None
        for each, aside in _read_lines(reader, order):
            lines += [_void(line) for line in each] if cancelled else each
            rejected += aside
        told, aside = _read_fees(reader, order.node)
        fees += [] if cancelled else told
        rejected += aside
    return OrderRecords(tuple(lines), tuple(fees), tuple(rejected))


def _read_lines(
    reader: LineReader, order: WholeOrder
) -> Iterable[tuple[list[SaleLine], list[RejectedRecord]]]:
    yield collect(order.lines, reader.sale)
    yield collect(order.shipping, reader.shipping)
    for refund in order.refunds:
        yield collect(refund.lines, partial(reader.refunded_line, refund=refund.node))
        yield collect(refund.shipping, partial(reader.refunded_shipping, refund=refund.node))
        yield collect(refund.adjustments, partial(reader.adjustment, refund=refund.node))


def _refunded_units(order: WholeOrder) -> dict[str, int]:
    """Units given back, by the id of the line item."""
    units: dict[str, int] = {}
    for refund in order.refunds:
        for line in refund.lines:
            item, quantity = (line.get("lineItem") or {}).get("id"), line.get("quantity")
            if isinstance(item, str) and isinstance(quantity, int):
                units[short_id(item)] = units.get(short_id(item), 0) + quantity
    return units


def _read_fees(reader: LineReader, order: Node) -> tuple[list[SaleFee], list[RejectedRecord]]:
    """What the payments cost. Where not all of them are told, none is taken over: a part is not the fee."""
    if len(order.get("transactions") or ()) > MOST_TRANSACTIONS:
        many = SkipRecord(f"transactions: more than {MOST_TRANSACTIONS}; its fees are not all told")
        return [], [reject(order.get("id"), many)]
    return collect(_fee_nodes(order), reader.fee)


def _fee_nodes(order: Node) -> Iterable[Node]:
    for transaction in order.get("transactions") or ():
        if transaction.get("status") == "SUCCESS":
            yield from transaction.get("fees") or ()


def _void(line: SaleLine) -> SaleLine:
    """The line of a cancelled order: it stays, and counts nothing."""
    return line._replace(
        quantity=0,
        total_amount=NOTHING,
        tax_amount=NOTHING,
        shipping_amount=NOTHING,
        presentment_amount=None if line.presentment_amount is None else NOTHING,
    )
