"""Write a page of orders, or of fees that come after them, with each line's share of what the channel took."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from shared.domain.fees import share_fees
from shared.domain.sales import FeeRule, SaleFee, SaleLine
from shared.use_cases.ports import StoredCredential, UnitOfWork


def keep_orders(
    work: UnitOfWork,
    credential: StoredCredential,
    lines: Sequence[SaleLine],
    rule: FeeRule,
    told: Sequence[SaleFee] = (),
) -> int:
    """Writes lines of whole orders with the fees `told` beside them; returns the lines that changed.

    Fees that were told before the order are found again.
    """
    if not lines:
        return 0
    channel = credential.service_name
    work.fees.lock(channel)
    orders = sorted({line.channel_order_id for line in lines})
    fees = [*work.fees.of_orders(channel, orders), *told]
    return work.sales.upsert(credential.company_id, _share(lines, fees, rule))


def keep_fees(
    work: UnitOfWork, credential: StoredCredential, fees: Sequence[SaleFee], rule: FeeRule
) -> int:
    """Writes fees and corrects the lines of their orders; returns the lines that changed."""
    if not fees:
        return 0
    channel = credential.service_name
    work.fees.lock(channel)
    work.fees.upsert(fees)
    orders = sorted({fee.channel_order_id for fee in fees})
    lines = work.fees.lines_of(channel, orders)
    return work.sales.upsert(
        credential.company_id, _share(lines, work.fees.of_orders(channel, orders), rule)
    )


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
