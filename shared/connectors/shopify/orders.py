"""Shopify's orders to our sale lines and fees; pure.

A sale line is net of discounts and tax and dated on the day of the order, or on the day it was added later; a
refund is a negative line on the day of the refund. Units that an edit removed were never sold; cancelled orders
count nothing; shipping stands on lines of its own.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from shared.connectors.shopify.agreements import NOTHING_AGREED, WholeAgreement, read_agreements
from shared.connectors.shopify.fees import read_fees
from shared.connectors.shopify.fields import collect, key_of, read_units, short_id
from shared.connectors.shopify.lines import LineReader, OrderFacts, ordered_on
from shared.connectors.shopify.net_sales import LeftOut, order_rule, tips_among
from shared.domain import rejections
from shared.domain.fields import Node, part, read_instant, require_node
from shared.domain.money import NOTHING
from shared.domain.sales import RejectedRecord, SaleFee, SaleLine
from shared.errors import SkipRecord


@dataclass(frozen=True, slots=True)
class WholeRefund:
    """A refund with all its lines."""

    node: Any
    lines: list[Any]
    shipping: list[Any]
    adjustments: list[Any]


@dataclass(frozen=True, slots=True)
class WholeOrder:
    """An order with all that belongs to it, however it came.

    `agreements` are None where they were not asked for. `problem` is why not all of it could be read.
    """

    node: Any
    lines: list[Any]
    shipping: list[Any]
    refunds: list[WholeRefund]
    agreements: list[WholeAgreement] | None = None
    problem: SkipRecord | None = None


@dataclass(frozen=True, slots=True)
class OrderRecords:
    """What orders come to; `gone` are the ids of those that are no sales of the shop."""

    lines: tuple[SaleLine, ...]
    fees: tuple[SaleFee, ...]
    rejected: tuple[RejectedRecord, ...]
    left_out: dict[str, int] = field(default_factory=dict)
    gone: tuple[str, ...] = ()


@dataclass(slots=True)
class _Found:
    """What has been read so far."""

    lines: list[SaleLine] = field(default_factory=list)
    fees: list[SaleFee] = field(default_factory=list)
    rejected: list[RejectedRecord] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    gone: list[str] = field(default_factory=list)


def read_orders(
    orders: Iterable[WholeOrder],
    channel: str,
    zone: ZoneInfo,
    *,
    count_copies_of: frozenset[str] = frozenset(),
) -> OrderRecords:
    """All lines, fees and rejections of the orders.

    `count_copies_of` are the marketplaces whose orders count also where they were copied into the shop.
    """
    found = _Found()
    _, rejected = rejections.collect(
        orders,
        lambda order: key_of(order.node),
        lambda order: _read_order(order, channel, zone, count_copies_of, found),
    )
    return OrderRecords(
        tuple(found.lines),
        tuple(found.fees),
        (*found.rejected, *rejected),
        {str(rule): count for rule, count in found.left_out.items()},
        tuple(found.gone),
    )


def _read_order(
    order: WholeOrder,
    channel: str,
    zone: ZoneInfo,
    count_copies_of: frozenset[str],
    found: _Found,
) -> None:
    node = require_node(order.node, "order")
    rule = order_rule(node, count_copies_of)
    if rule is not None:
        if rule is LeftOut.MARKETPLACE_COPY:
            found.gone.append(short_id(node.get("id")))
        found.left_out[rule] += 1
        return
    if order.problem is not None:
        raise order.problem
    reader = LineReader(_facts_of(order, zone), channel, zone)
    cancelled = _is_cancelled(node)
    parts = list(_read_lines(reader, order, key_of(node)))
    fees, aside = read_fees(reader.fee, node)
    # From here on nothing can go wrong: an order is in it as a whole or not at all.
    for lines, unread in parts:
        found.lines += [_void(line) for line in lines] if cancelled else lines
        found.rejected += unread
    found.fees += [] if cancelled else fees
    found.rejected += aside
    found.left_out += reader.left_out


def _facts_of(order: WholeOrder, zone: ZoneInfo) -> OrderFacts:
    node, day, agreed = order.node, ordered_on(order.node, zone), NOTHING_AGREED
    if order.agreements is not None:
        agreed = read_agreements(order.agreements, zone, day)
    return OrderFacts(
        node=node,
        order_id=short_id(node.get("id")),
        ordered_on=day,
        updated_at=read_instant(node.get("updatedAt"), "updatedAt"),
        days=agreed.days,
        tips=tips_among(node, order.lines, agreed.tips),
        refunded=_refunded_units(order.refunds),
        lines=order.lines,
    )


def _read_lines(
    reader: LineReader, order: WholeOrder, key: str
) -> Iterable[tuple[list[SaleLine], list[RejectedRecord]]]:
    yield collect(order.lines, reader.sale, key)
    if order.shipping:
        yield collect(order.shipping, reader.shipping, key)
    for each in order.refunds:
        refund, name = each.node, key_of(each.node, key)
        yield collect(each.lines, partial(reader.refunded_line, refund=refund), name)
        yield collect(each.shipping, partial(reader.refunded_shipping, refund=refund), name)
        yield collect(each.adjustments, partial(reader.adjustment, refund=refund), name)


def _refunded_units(refunds: Iterable[WholeRefund]) -> dict[str, int] | None:
    """Units given back, by the global id of the line; None where one refund does not say it."""
    units: dict[str, int] = {}
    for refund in refunds:
        for line in refund.lines:
            item = part(line, "lineItem").get("id")
            if not isinstance(item, str):
                return None
            try:
                units[item] = units.get(item, 0) + read_units(line)
            except SkipRecord:
                return None
    return units


def _is_cancelled(order: Node) -> bool:
    cancelled = order.get("cancelledAt")
    return cancelled is not None and bool(read_instant(cancelled, "cancelledAt"))


def _void(line: SaleLine) -> SaleLine:
    """The line of a cancelled order: it stays, and counts nothing."""
    return line._replace(
        quantity=0,
        total_amount=NOTHING,
        tax_amount=NOTHING,
        shipping_amount=NOTHING,
        presentment_amount=None if line.presentment_amount is None else NOTHING,
    )
