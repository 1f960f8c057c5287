"""Pages of transactions: fees of orders, and refunds, which Amazon reports nowhere else."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta

from shared.connectors.amazon.client import (
    AmazonClient,
    next_token,
    refuse_repetition,
    require_list,
    write_instant,
)
from shared.connectors.amazon.cursor import check_age, read_place, write_place
from shared.connectors.amazon.finances import (
    read_fees,
    read_refunds,
    read_transaction,
)
from shared.connectors.amazon.order_pages import OTHER_SITE
from shared.connectors.amazon.sites import Sites
from shared.connectors.amazon.transactions import is_of_an_order
from shared.domain.fields import require_node
from shared.domain.rejections import collect
from shared.domain.sales import SaleFee, SaleLine
from shared.domain.window_steps import SyncWindow
from shared.errors import WindowTooLarge
from shared.use_cases.vendors import SalePage

TRANSACTIONS = "/finances/2024-06-19/transactions"
# Amazon answers a longer window with nothing, as if there were no transactions.
LONGEST = timedelta(days=180)
# Subscriptions, storage, transfers: no fee of a sale.
OF_NO_ORDER = "of_no_order"
# A payment without a fee: the order itself has its money.
NOTHING_TAKEN = "nothing_taken"
Found = tuple[tuple[SaleLine, ...], tuple[SaleFee, ...]] | str


class FinancePages:
    """The transactions of all connected sites of an account. They are asked for without naming a site:
    Amazon would leave out orders of the USA that the merchant sends himself."""

    def __init__(self, client: AmazonClient, sites: Sites) -> None:
        self._client, self._sites = client, sites

    def pages(self, window: SyncWindow, cursor: str | None) -> Iterator[SalePage]:
        """What was taken for orders and given back to customers, by when it was posted."""
        if window.until - window.since > LONGEST:
            raise WindowTooLarge("amazon: transactions are reported for 180 days at most")
        place = read_place(cursor)
        if place:
            check_age(place, self._client.now())
        token = str(place["token"]) if "token" in place else None
        params = _parameters(window)
        while True:
            body = self._client.get_page(
                "listTransactions", TRANSACTIONS, params, {"nextToken": token}
            )
            nodes = require_list(body, "payload", "transactions", null_is_empty=True)
            before, token = token, next_token(body, "payload", "nextToken")
            refuse_repetition(token, before)
            at = self._client.now().isoformat()
            following = None if token is None else write_place(token=token, at=at)
            yield self._read_all(nodes, following)
            if token is None:
                return

    def _read_all(self, nodes: list[object], following: str | None) -> SalePage:
        found, rejected = collect(nodes, _key, self._read)
        left_out = Counter(each for each in found if isinstance(each, str))
        read = [each for each in found if not isinstance(each, str)]
        lines = tuple(line for each, _ in read for line in each)
        fees = tuple(fee for _, each in read for fee in each)
        return SalePage(lines, tuple(rejected), following, fees=fees, left_out=left_out)

    def _read(self, node: object) -> Found:
        reported = require_node(node, "transactions")
        if not is_of_an_order(reported):
            return OF_NO_ORDER
        market = self._sites.of_transaction(reported)
        transaction = None if market is None else read_transaction(reported, market)
        if market is None or transaction is None:
            return OTHER_SITE
        lines, fees = read_refunds(transaction, market), read_fees(transaction, market)
        return (lines, fees) if lines or fees else NOTHING_TAKEN


def _key(node: object) -> object:
    return node.get("transactionId", "?") if isinstance(node, Mapping) else "?"


def _parameters(window: SyncWindow) -> dict[str, str]:
    """The same for every page. `postedBefore` leaves its own second out, so it is the next one."""
    return {
        "postedAfter": write_instant(window.since),
        "postedBefore": write_instant(window.until + timedelta(seconds=1)),
    }
