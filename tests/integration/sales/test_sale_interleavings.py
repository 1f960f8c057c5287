"""Pages may come in any order, twice, and be cut off in the middle: the tables end the same."""

import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.credential import StoredCredential
from shared.domain.sales import FeeRule, SaleFee
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.keep_sales import keep_page, keep_posted
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from shared.use_cases.vendors import SalePage
from tests.fixtures.shops import CutOff, sale
from workers.wiring import Wiring

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = date(2026, 3, 1)
RULE = FeeRule(Decimal("0.02"), Decimal(0))
UK = "shopify_uk"
Opener = Callable[[UUID], OpenUnitOfWork]

# Every example has orders of its own, so that the tables need not be emptied between them.
numbers = itertools.count(1)

STATE = """
SELECT channel_line_id, quantity, total_amount, commission_amount, fee_estimated, source_updated_at
FROM sales WHERE channel_order_id = ANY(%s) ORDER BY channel_order_id, channel_line_id
"""


def versions(order: str, count: int) -> list[SalePage]:
    """The order as a page reported it at each of its changes: a line grows, a refund comes, a fee comes."""
    pages = []
    for version in range(count):
        changed = NOW + timedelta(hours=version)
        lines = [sale(1, "MUG", 1 + version, DAY), sale(1, "TEA", 2, DAY)]
        if version > 1:
            lines.append(sale(1, "TEA", -1, DAY + timedelta(days=1)))
        current = [
            line._replace(channel_order_id=order, channel_line_id=f"{number}", source_updated_at=changed)
            for number, line in enumerate(lines)
        ]  # fmt: skip
        fees = (fee(order, "with the order", "0.77", None),) if version > 0 else ()
        pages.append(SalePage(tuple(current), (), None, fees=fees))
    return pages


def fee(order: str, key: str, amount: str, sku: str | None, *, final: bool = True) -> SaleFee:
    posted = NOW + timedelta(days=20 if final else 2)
    return SaleFee(UK, order, f"{order} {key}", sku, Decimal(amount), "GBP", final, posted)


def fee_pages(order: str) -> list[SalePage]:
    """A fee of one SKU that is deferred and then final, with another amount."""
    early = fee(order, "late", "1.10", "TEA", final=False)
    late = fee(order, "late", "1.20", "TEA")
    return [SalePage((), (), None, fees=(early,)), SalePage((), (), None, fees=(late,))]


def keep(opener: OpenUnitOfWork, page: SalePage, killed: bool) -> None:
    def write(work: UnitOfWork) -> None:
        credential = StoredCredential(uuid4(), work.companies.get().id, UK, "ecommerce", "sealed")
        write_page = keep_page if page.records else keep_posted
        write_page(work, page, {UK: credential}, RULE)

    with suppress(CutOff), opener() as work:
        write(work)
        if killed:
            raise CutOff


def state(wiring: Wiring, tenant: UUID, orders: Sequence[str]) -> list[tuple[object, ...]]:
    with tenant_transaction(wiring.database, tenant) as connection:
        return [tuple(row.values()) for row in connection.execute(STATE, (list(orders),))]


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), separate=st.booleans())
def test_any_interleaving_of_pages_replays_and_kills_ends_in_the_same_tables(
    wiring: Wiring,
    acme: UUID,
    globex: UUID,
    unit_of_work_of: Opener,
    data: st.DataObject,
    separate: bool,
) -> None:
    number = next(numbers)
    orders = [f"{number}-a", f"{number}-b"]
    ours, theirs = unit_of_work_of(acme), unit_of_work_of(globex)
    pages: list[SalePage] = []
    for order in orders:
        whole = versions(order, 4)
        # A vendor reports fees with its orders or apart from them.
        pages += [replace(page, fees=()) for page in whole] if separate else whole
        pages += fee_pages(order) if separate else []
    # In order, once, by one who is never killed.
    for page in pages:
        keep(theirs, page, killed=False)
    delivered = data.draw(st.permutations(pages + data.draw(st.lists(st.sampled_from(pages)))))
    for page in delivered:
        if data.draw(st.booleans()):
            keep(ours, page, killed=True)
        keep(ours, page, killed=False)
    expected = state(wiring, globex, orders)
    assert len(expected) == 6
    assert state(wiring, acme, orders) == expected
