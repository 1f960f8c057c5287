"""Pages of transactions: fees of orders, and refunds, which Amazon tells nowhere else."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import chain
from typing import TypeVar

from shared.connectors.amazon.client import (
    AmazonClient,
    next_token,
    refuse_repetition,
    require_list,
    write_instant,
)
from shared.connectors.amazon.cursor import check_age, read_place, write_place
from shared.connectors.amazon.finances import (
    Transaction,
    read_fees,
    read_refunds,
    read_transaction,
)
from shared.connectors.amazon.marketplaces import Marketplace
from shared.domain.rejections import collect
from shared.domain.sales import RejectedRecord, SaleFee, SaleLine
from shared.domain.sync import SyncWindow
from shared.errors import SkipRecord, WindowTooLarge
from shared.use_cases.vendors import Page

TRANSACTIONS = "/finances/2024-06-19/transactions"
# Amazon answers a longer window with nothing, as if there were no transactions.
LONGEST = timedelta(days=180)

RecordT = TypeVar("RecordT", SaleFee, SaleLine)


class FinancePages:
    """The transactions of one marketplace. They are asked for without naming it: Amazon would leave
    out orders of the USA that the merchant sends himself."""

    def __init__(self, client: AmazonClient, market: Marketplace) -> None:
        self._client, self._market = client, market

    def fees(self, window: SyncWindow, cursor: str | None) -> Iterator[Page[SaleFee]]:
        """What was taken for orders, by when it was posted."""
        return self._pages(window, cursor, read_fees)

    def refunds(self, window: SyncWindow, cursor: str | None) -> Iterator[Page[SaleLine]]:
        """What was given back to customers, by when it was posted."""
        return self._pages(window, cursor, read_refunds)

    def _pages(
        self,
        window: SyncWindow,
        cursor: str | None,
        read: Callable[[Transaction, Marketplace], tuple[RecordT, ...]],
    ) -> Iterator[Page[RecordT]]:
        if window.until - window.since > LONGEST:
            raise WindowTooLarge("amazon: transactions are told for 180 days at most")
        place = read_place(cursor)
        if place:
            check_age(place, self._client.now())
        token = str(place["token"]) if "token" in place else None
        params = _parameters(window)
        while True:
            body = self._client.get_page(
                "listTransactions", TRANSACTIONS, params, {"nextToken": token}
            )
            nodes = require_list(body, "payload", "transactions")
            before, token = token, next_token(body, "payload", "nextToken")
            refuse_repetition(token, before)
            at = self._client.now().isoformat()
            following = None if token is None else write_place(token=token, at=at)
            records, rejected = self._read_all(nodes, read)
            yield Page(records, rejected, following)
            if token is None:
                return

    def _read_all(
        self,
        nodes: list[object],
        read: Callable[[Transaction, Marketplace], tuple[RecordT, ...]],
    ) -> tuple[tuple[RecordT, ...], tuple[RejectedRecord, ...]]:
        def read_node(node: object) -> tuple[RecordT, ...]:
            if not isinstance(node, Mapping):
                raise SkipRecord("transactions: holds what is no transaction")
            told = read_transaction(node, self._market)
            return () if told is None else read(told, self._market)

        found, rejected = collect(nodes, _key, read_node)
        return tuple(chain.from_iterable(found)), tuple(rejected)


def _key(node: object) -> object:
    return node.get("transactionId", "?") if isinstance(node, Mapping) else "?"


def _parameters(window: SyncWindow) -> dict[str, str]:
    """The same for every page. `postedBefore` leaves its own second out, so it is the next one."""
    return {
        "postedAfter": write_instant(window.since),
        "postedBefore": write_instant(window.until + timedelta(seconds=1)),
    }
