"""Reports 2021-06-30: asked for, waited for, fetched. The number of a report survives the job that asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.connectors.amazon.client import AmazonClient, require, write_instant
from shared.connectors.amazon.flat_files import Row, read_rows
from shared.errors import CursorExpired, VendorBusy

REPORTS = "/reports/2021-06-30/reports"
DOCUMENTS = "/reports/2021-06-30/documents"
# Reports of a day take minutes; a look costs next to nothing.
LOOK_AGAIN_S = 30.0


class Outcome(StrEnum):
    """How a report ended."""

    DONE = "DONE"
    # No data, or somebody cancelled it: the state does not say which.
    CANCELLED = "CANCELLED"
    # Something broke, or the account asked for too many.
    FATAL = "FATAL"


@dataclass(frozen=True, slots=True)
class Report:
    """A report that has ended, and its document if it is done."""

    outcome: Outcome
    document_id: str | None


def request_report(
    client: AmazonClient,
    marketplace_ids: Sequence[str],
    kind: str,
    since: datetime | None = None,
    until: datetime | None = None,
) -> str:
    """The number of a report that Amazon now prepares."""
    body: dict[str, object] = {"reportType": kind, "marketplaceIds": list(marketplace_ids)}
    if since is not None:
        body["dataStartTime"] = write_instant(since)
    if until is not None:
        body["dataEndTime"] = write_instant(until)
    return str(require(client.post("createReport", REPORTS, body).body, "reportId"))


def look_at_report(client: AmazonClient, report_id: str) -> Report:
    """The report once it has ended. Raises `VendorBusy` before, `CursorExpired` for one that is gone."""
    answer = client.get("getReport", f"{REPORTS}/{report_id}", {}, accepted=404)
    if answer.status == 404:
        raise CursorExpired("amazon: the report is gone; it is asked for again")
    status = require(answer.body, "processingStatus")
    if status not in list(Outcome):
        raise VendorBusy("amazon: the report is being prepared", LOOK_AGAIN_S)
    outcome = Outcome(status)
    if outcome is not Outcome.DONE:
        return Report(outcome, None)
    return Report(outcome, str(require(answer.body, "reportDocumentId")))


def document_rows(
    client: AmazonClient, document_id: str, required: Sequence[str] = ()
) -> Iterator[Row]:
    """The rows of a report's document; its URL lives five minutes and is asked for each time."""
    answer = client.get("getReportDocument", f"{DOCUMENTS}/{document_id}", {}, accepted=404)
    if answer.status == 404:
        raise CursorExpired("amazon: the report's file is gone; the report is asked for again")
    with client.download(str(require(answer.body, "url"))) as pieces:
        yield from read_rows(pieces, required)
