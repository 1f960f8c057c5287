"""V2 settlement reports, which Amazon makes by itself: what was paid out, to check the fees against."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.connectors.amazon.amounts import parse_amount, parse_posted
from shared.connectors.amazon.client import (
    AmazonClient,
    next_token,
    refuse_repetition,
    require,
    require_list,
    write_instant,
)
from shared.connectors.amazon.fields import LONGEST_ID, read_text, reject
from shared.connectors.amazon.reports import REPORTS, document_rows
from shared.connectors.amazon.tables import Row
from shared.domain.sales import RejectedRecord, SaleFee
from shared.errors import SkipRecord

KIND = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
NOTHING = Decimal(0)
REQUIRED = ("order-id", "amount-type", "amount-description", "amount", "posted-date")
PRINCIPAL = {"principal", "goodwill"}


@dataclass(frozen=True, slots=True)
class SettledOrder:
    """What was paid out for one order: the principal, and the fees as a positive amount."""

    channel_order_id: str
    principal: Decimal
    fees: Decimal
    last_posted_at: datetime


@dataclass(frozen=True, slots=True)
class Settlement:
    """The orders of one settlement, and the rows that could not be read."""

    orders: tuple[SettledOrder, ...]
    rejected: tuple[RejectedRecord, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """An order whose fees are not what was paid out; `collected` is None where none were collected."""

    channel_order_id: str
    settled: Decimal
    collected: Decimal | None


def list_settlements(client: AmazonClient, since: datetime) -> Iterator[str]:
    """The document ids of the settlements made since then; Amazon keeps them for 90 days."""
    params = {
        "reportTypes": KIND,
        "processingStatuses": "DONE",
        "createdSince": write_instant(since),
        "pageSize": "100",
    }
    token: str | None = None
    while True:
        asked = params if token is None else {"nextToken": token}
        body = client.get("getReports", REPORTS, asked).body
        for report in require_list(body, "reports"):
            yield str(require(report, "reportDocumentId"))
        before, token = token, next_token(body, "nextToken")
        refuse_repetition(token, before)
        if token is None:
            return


def read_settlement(client: AmazonClient, document_id: str) -> Settlement:
    """One settlement, added up by order."""
    return add_up(document_rows(client, document_id, REQUIRED))


def add_up(rows: Iterable[Row]) -> Settlement:
    """The rows of a settlement by order; the row of its total and those of no order are left out."""
    orders: dict[str, SettledOrder] = {}
    rejected = []
    for number, row in enumerate(rows, start=2):
        try:
            told = _read_row(row)
        except SkipRecord as error:
            rejected.append(reject(row.get("order-id") or f"row {number}", error))
            continue
        if told is not None:
            orders[told.channel_order_id] = _join(orders.get(told.channel_order_id), told)
    return Settlement(tuple(orders.values()), tuple(rejected))


def reconcile(
    settled: Iterable[SettledOrder], fees: Iterable[SaleFee], tolerance: Decimal = Decimal("0.01")
) -> tuple[Difference, ...]:
    """The settled orders whose collected fees differ by more than `tolerance`."""
    collected: dict[str, Decimal] = {}
    for fee in fees:
        known = collected.get(fee.channel_order_id, NOTHING)
        collected[fee.channel_order_id] = known + fee.amount
    found = (
        Difference(each.channel_order_id, each.fees, collected.get(each.channel_order_id))
        for each in settled
    )
    return tuple(
        each for each in found if abs(each.settled - (each.collected or NOTHING)) > tolerance
    )


def _read_row(row: Row) -> SettledOrder | None:
    if "?" in row:
        raise SkipRecord("columns: the row has another number of columns than the header")
    if not row.get("order-id", "").strip() or not row.get("amount", "").strip():
        return None
    amount = parse_amount(row["amount"], "amount")
    kind = row.get("amount-type", "").strip().lower().replace(" ", "")
    detail = row.get("amount-description", "").strip().lower()
    is_goods = kind == "itemprice" and detail in PRINCIPAL
    return SettledOrder(
        read_text(row["order-id"], "order-id", LONGEST_ID),
        amount if is_goods else NOTHING,
        -amount if kind in {"itemfees", "shipmentfees", "orderfees"} else NOTHING,
        parse_posted(row.get("posted-date", ""), row.get("posted-date-time", ""), "posted-date"),
    )


def _join(known: SettledOrder | None, told: SettledOrder) -> SettledOrder:
    if known is None:
        return told
    return SettledOrder(
        known.channel_order_id,
        known.principal + told.principal,
        known.fees + told.fees,
        max(known.last_posted_at, told.last_posted_at),
    )
