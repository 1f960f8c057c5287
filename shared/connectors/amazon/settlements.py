"""V2 settlement reports, which Amazon makes by itself: what was paid out, to check the fees against."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from shared.connectors.amazon.amounts import parse_amount, parse_posted
from shared.connectors.amazon.client import (
    AmazonClient,
    next_token,
    refuse_repetition,
    require,
    require_list,
    write_instant,
)
from shared.connectors.amazon.flat_files import Row
from shared.connectors.amazon.marketplaces import Marketplace
from shared.connectors.amazon.report_files import REPORTS, document_rows
from shared.connectors.amazon.sites import site_of_name
from shared.domain.fields import LONGEST_ID, read_text
from shared.domain.money import NOTHING
from shared.domain.rejections import collect
from shared.domain.settlements import SettledOrder, Settlement, add_up
from shared.errors import SkipRecord

KIND = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
REQUIRED = ("order-id", "amount-type", "amount-description", "amount", "posted-date")
PRINCIPAL = {"principal", "goodwill"}


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


def read_settlement(client: AmazonClient, document_id: str, market: Marketplace) -> Settlement:
    """What one settlement paid out for a site, added up by order."""
    return settle_rows(document_rows(client, document_id, REQUIRED), market)


def settle_rows(rows: Iterable[Row], market: Marketplace | None = None) -> Settlement:
    """The rows of a settlement by order; the row of its total and those of no order are left out.

    Rows of other sites than `market` too: an account is settled as a whole.
    """
    orders, rejected = collect(
        enumerate(rows, start=2),
        lambda numbered: numbered[1].get("order-id") or f"row {numbered[0]}",
        lambda numbered: _read_row(numbered[1], market),
    )
    return Settlement(add_up([each for each in orders if each is not None]), tuple(rejected))


def _read_row(row: Row, market: Marketplace | None) -> SettledOrder | None:
    if "?" in row:
        raise SkipRecord("columns: the row has another number of columns than the header")
    if not row.get("order-id", "").strip() or not row.get("amount", "").strip():
        return None
    name = row.get("marketplace-name", "").strip()
    if market is not None and name and site_of_name(name) != market:
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
