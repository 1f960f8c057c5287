"""Refunds of which the channel gives one sum for several SKUs: shared by what each SKU brought."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from shared.domain.fees import allocate
from shared.domain.sales import LineKind, SaleLine
from shared.use_cases.ports.unit_of_work import UnitOfWork


def share_refunds(work: UnitOfWork, channel: str, lines: Sequence[SaleLine]) -> Sequence[SaleLine]:
    """The lines, those that share a sum by the sales of their order, to the penny; what is a line's own stays.

    Where a SKU's sale is not known the shares stay as they were read: by units.
    """
    shared: dict[tuple[str, str], list[SaleLine]] = defaultdict(list)
    for line in lines:
        if line.shared_total or line.shared_tax:
            refund = line.channel_line_id.removesuffix(f":{line.sku}")
            shared[line.channel_order_id, refund].append(line)
    if not shared:
        return lines
    brought = _brought(work, channel, sorted({order for order, _ in shared}))
    parts = {
        (part.channel_order_id, part.channel_line_id): part
        for (order, _), group in shared.items()
        for part in _share(group, [brought[order, line.sku] for line in group])
    }
    return [parts.get((line.channel_order_id, line.channel_line_id), line) for line in lines]


def _brought(
    work: UnitOfWork, channel: str, orders: Sequence[str]
) -> defaultdict[tuple[str, str | None], Decimal]:
    found: defaultdict[tuple[str, str | None], Decimal] = defaultdict(Decimal)
    for line in work.fees.lines_of(channel, orders):
        if line.kind is LineKind.SALE:
            found[line.channel_order_id, line.sku] += line.total_amount
    return found


def _share(lines: Sequence[SaleLine], weights: Sequence[Decimal]) -> list[SaleLine]:
    if not all(weight > 0 for weight in weights):
        return list(lines)
    totals = allocate(sum((line.shared_total for line in lines), Decimal(0)), weights)
    taxes = allocate(sum((line.shared_tax for line in lines), Decimal(0)), weights)
    return [
        line._replace(
            total_amount=line.total_amount - line.shared_total + total,
            tax_amount=line.tax_amount - line.shared_tax + tax,
        )
        for line, total, tax in zip(lines, totals, taxes, strict=True)
    ]
