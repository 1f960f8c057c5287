"""Write a page of orders, or of fees that come after them, with each line's share of what the channel took."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from shared.domain.credential import StoredCredential
from shared.domain.fees import share_fees
from shared.domain.rejections import Kept
from shared.domain.sales import FeeRule, SaleFee, SaleLine
from shared.domain.vat import split_tax
from shared.use_cases.ports.unit_of_work import UnitOfWork
from shared.use_cases.share_refunds import share_refunds
from shared.use_cases.vendors import SalePage

Channels = Mapping[str, StoredCredential]
RecordT = TypeVar("RecordT", SaleLine, SaleFee)


def keep_page(work: UnitOfWork, page: SalePage, channels: Channels, rule: FeeRule) -> Kept:
    """Writes a page of whole orders with the fees beside them; a channel that nobody has connected counts nowhere."""
    _lock(work, page, channels)
    kept = Kept()
    lines, fees = _by_channel(page.records), _by_channel(page.fees)
    for channel, credential in channels.items():
        kept += _keep_orders(work, credential, lines[channel], rule, fees[channel])
        if page.gone and len(channels) == 1:
            kept += Kept(work.sales.void_orders(channel, page.gone))
    return kept


def keep_posted(work: UnitOfWork, page: SalePage, channels: Channels, rule: FeeRule) -> Kept:
    """Writes refunds and fees that come after their orders, and corrects the lines of those orders."""
    _lock(work, page, channels)
    kept = Kept()
    lines, fees = _by_channel(page.records), _by_channel(page.fees)
    for channel, credential in channels.items():
        kept += _keep_orders(work, credential, lines[channel], rule, ())
        kept += _keep_fees(work, channel, fees[channel], rule)
    return kept


def _lock(work: UnitOfWork, page: SalePage, channels: Channels) -> None:
    """In one order, so that two transactions never wait for each other."""
    named = {line.channel for line in page.records} | {fee.channel for fee in page.fees}
    for channel in sorted(channels):
        if channel in named or page.gone:
            work.fees.lock(channel)


def _keep_orders(
    work: UnitOfWork,
    credential: StoredCredential,
    lines: Sequence[SaleLine],
    rule: FeeRule,
    reported: Sequence[SaleFee],
) -> Kept:
    if not lines:
        return Kept()
    channel = credential.service_name
    orders = sorted({line.channel_order_id for line in lines})
    fees = [*work.fees.of_orders(channel, orders), *reported]
    net = _split_taxes(work, channel, share_refunds(work, channel, lines))
    return work.sales.upsert(credential.company_id, _share(net, fees, rule))


def _keep_fees(work: UnitOfWork, channel: str, fees: Sequence[SaleFee], rule: FeeRule) -> Kept:
    if not fees:
        return Kept()
    kept = work.fees.upsert(fees)
    orders = sorted({fee.channel_order_id for fee in fees})
    lines = work.fees.lines_of(channel, orders)
    shared = _share(lines, work.fees.of_orders(channel, orders), rule)
    corrected = work.fees.set_commissions(shared)
    return Kept(corrected.changed, kept.rejected + corrected.rejected)


def _split_taxes(work: UnitOfWork, channel: str, lines: Sequence[SaleLine]) -> Sequence[SaleLine]:
    """Prices whose tax the channel does not report, split by the stated rule."""
    estimated = {line.sku for line in lines if line.tax_estimated}
    if not estimated:
        return lines
    rates = work.products.tax_rates(channel, [sku for sku in estimated if sku is not None])
    registered = work.companies.get().vat_registered
    return [split_tax(line, rates.get(line.sku or ""), registered=registered) for line in lines]


def _by_channel(records: Iterable[RecordT]) -> defaultdict[str, list[RecordT]]:
    found: defaultdict[str, list[RecordT]] = defaultdict(list)
    for record in records:
        found[record.channel].append(record)
    return found


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
