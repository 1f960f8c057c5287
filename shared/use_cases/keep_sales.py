"""Write a page of orders, or of fees that come after them, with each line's share of what the channel took."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from shared.domain.fees import share_fees
from shared.domain.sales import FeeRule, SaleFee, SaleLine
from shared.use_cases.ports import UnitOfWork
from shared.use_cases.vendors import Page


def keep_orders(
    work: UnitOfWork, company_id: UUID, channel: str, page: Page[SaleLine], rule: FeeRule
) -> int:
    """Writes whole orders; returns the lines that changed. Fees told before the order are found again."""
    if not page.records:
        return 0
    work.fees.lock(channel)
    orders = sorted({line.channel_order_id for line in page.records})
    told = getattr(page, "fees", ())
    fees = [*work.fees.of_orders(channel, orders), *told]
    return work.sales.upsert(company_id, _share(page.records, fees, rule))


def keep_fees(
    work: UnitOfWork, company_id: UUID, channel: str, page: Page[SaleFee], rule: FeeRule
) -> int:
    """Writes fees and corrects the lines of their orders; returns the lines that changed."""
    if not page.records:
        return 0
    work.fees.lock(channel)
    work.fees.upsert(page.records)
    orders = sorted({fee.channel_order_id for fee in page.records})
    lines = work.fees.lines_of(channel, orders)
    return work.sales.upsert(company_id, _share(lines, work.fees.of_orders(channel, orders), rule))


def _share(lines: Iterable[SaleLine], fees: Iterable[SaleFee], rule: FeeRule) -> Sequence[SaleLine]:
    by_order: dict[str, list[SaleLine]] = defaultdict(list)
    fees_of: dict[str, list[SaleFee]] = defaultdict(list)
    for line in lines:
        by_order[line.channel_order_id].append(line)
    for fee in fees:
        fees_of[fee.channel_order_id].append(fee)
    return [
        shared
        for order, each in by_order.items()
        for shared in share_fees(each, fees_of[order], rule)
    ]
