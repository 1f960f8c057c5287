"""Find orders that the shop has deleted: a search for what changed never reports them.

All ids that the shop lists are held against those that count here. What is missing is asked for once more
by its id, and only what the shop does not know any more stops counting.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from shared.domain.credential import StoredCredential
from shared.errors import InvalidInput
from shared.use_cases.ports.progress import Report
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from shared.use_cases.vendors import ForgettingShop, ShopConnector

# An order may have been sold some days before the shop created it.
MARGIN = timedelta(days=2)
ASKED_AT_ONCE = 100
# Enough to look into, few enough for an entry of the audit log.
SHOWN = 20


@dataclass(frozen=True, slots=True)
class GoneResult:
    """Orders that the shop listed, orders that it has deleted, rows that stopped counting."""

    listed: int
    gone: int
    rows_voided: int


def find_gone_orders(
    open_unit_of_work: OpenUnitOfWork,
    connector: ShopConnector,
    credential: StoredCredential,
    report: Report,
    suspects: Iterable[str] = (),
) -> GoneResult:
    """Holds what counts against what the shop has; `suspects` are the only orders to ask for, where given.

    Raises `InvalidInput` for a channel that never deletes an order.
    """
    if not isinstance(connector, ForgettingShop):
        raise InvalidInput(f"service: orders of {credential.service_name} are never deleted")
    listed = 0
    missing = set(suspects)
    if not missing:
        missing = _counted(open_unit_of_work, credential, connector)
        for ids in connector.listed_orders():
            missing.difference_update(ids)
            listed += len(ids)
            report(listed, None, f"orders: {listed:,} listed")
    gone = _ask_again(connector, sorted(missing))
    with open_unit_of_work() as work:
        work.fees.lock(credential.service_name)
        voided = work.sales.void_orders(credential.service_name, gone)
        if voided:
            facts: dict[str, object] = {"orders": len(gone), "first": gone[:SHOWN]}
            work.audit.write("orders.gone", "credential", credential.id, facts)
    return GoneResult(listed, len(gone), voided)


def _counted(
    open_unit_of_work: OpenUnitOfWork, credential: StoredCredential, connector: ForgettingShop
) -> set[str]:
    """Read before the shop lists its orders: what comes meanwhile is not taken for gone."""
    since = connector.listed_since()
    first: date | None = None if since is None else (since + MARGIN).date()
    with open_unit_of_work() as work:
        return work.sales.counted_orders(credential.service_name, first)


def _ask_again(connector: ForgettingShop, missing: list[str]) -> list[str]:
    gone: list[str] = []
    for start in range(0, len(missing), ASKED_AT_ONCE):
        asked = missing[start : start + ASKED_AT_ONCE]
        there = connector.still_there(asked)
        gone += [order for order in asked if order not in there]
    return gone
