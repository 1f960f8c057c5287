"""Compare the fees that a channel reported with what it settled; differences are listed, nothing is changed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from shared.domain.credential import StoredCredential
from shared.domain.sales import RejectedRecord
from shared.domain.settlements import SettledOrder, add_up, reconcile
from shared.errors import InvalidInput
from shared.use_cases.ports.progress import Report
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from shared.use_cases.set_aside import set_aside
from shared.use_cases.vendors import SettlingShop, ShopConnector

# Amazon keeps its settlements so long.
KEPT = timedelta(days=90)
# Enough to look into, few enough for an entry of the audit log.
SHOWN = 20


@dataclass(frozen=True, slots=True)
class ReconcileResult:
    """Settlements and orders read, rows set aside, orders that differ and by how much together."""

    settlements: int
    orders: int
    rejected: int
    differing: int
    difference: Decimal


def reconcile_fees(
    open_unit_of_work: OpenUnitOfWork,
    connector: ShopConnector,
    credential: StoredCredential,
    report: Report,
    now: datetime,
) -> ReconcileResult:
    """Reads all settlements that are kept. Raises `InvalidInput` for a shop that settles nothing."""
    if not isinstance(connector, SettlingShop):
        raise InvalidInput(f"service: {credential.service_name} has no settlements")
    settled: list[SettledOrder] = []
    rejected: list[RejectedRecord] = []
    number = 0
    for number, settlement in enumerate(connector.settlements(now - KEPT), start=1):
        settled += settlement.orders
        rejected += settlement.rejected
        report(number, None, f"settlements: {number} read")
    orders = add_up(settled)
    with open_unit_of_work() as work:
        ids = [each.channel_order_id for each in orders]
        found = reconcile(orders, work.fees.of_orders(credential.service_name, ids))
        set_aside(work, credential, "settlements", rejected)
        shown = {each.channel_order_id: f"{each.settled} settled" for each in found[:SHOWN]}
        counts = {"settlements": number, "orders": len(orders), "differing": len(found)}
        work.audit.write("fees.reconciled", "credential", credential.id, {**counts, "first": shown})
    difference = sum((each.settled - (each.collected or 0) for each in found), Decimal(0))
    return ReconcileResult(number, len(orders), len(rejected), len(found), difference)
