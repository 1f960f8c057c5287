"""What the payments of an order cost; pure.

A part of the fees is not the fee: where one of them cannot be read, all of the order's are set aside, and the
commission stays an estimate.
"""

from collections.abc import Callable
from typing import Any

from shared.connectors.shopify.fields import collect, key_of, read_nodes
from shared.domain.fields import Node, require_node, show
from shared.domain.rejections import reject
from shared.domain.sales import RejectedRecord, SaleFee
from shared.errors import SkipRecord

# The documents ask for one more, since there is no next page of them.
MOST_TRANSACTIONS = 20
# What was tried, and moved no money.
NOT_PAID = frozenset({"FAILURE", "PENDING", "ERROR", "AWAITING_RESPONSE"})
ANOTHER = SkipRecord("fees: another fee of the order cannot be read, and a part is not the fee")


def read_fees(
    read: Callable[[Any], SaleFee], order: Node
) -> tuple[list[SaleFee], list[RejectedRecord]]:
    """All fees of the order, or none of them."""
    try:
        nodes = _fee_nodes(order)
    except SkipRecord as error:
        return [], [reject(key_of(order), error)]
    fees, rejected = collect(nodes, read, key_of(order))
    if not rejected:
        return fees, []
    return [], rejected + [reject(fee.fee_key, ANOTHER) for fee in fees]


def _fee_nodes(order: Node) -> list[Any]:
    transactions = read_nodes(order, "transactions")
    if len(transactions) > MOST_TRANSACTIONS:
        raise SkipRecord(f"transactions: more than {MOST_TRANSACTIONS}; its fees are not all there")
    found: list[Any] = []
    for transaction in transactions:
        status = require_node(transaction, "transactions").get("status")
        if status == "SUCCESS":
            found += read_nodes(transaction, "fees")
        elif not isinstance(status, str) or status not in NOT_PAID:
            raise SkipRecord(f"transactions: the status {show(status)} is not known")
    return found
