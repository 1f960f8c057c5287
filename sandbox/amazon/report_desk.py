"""Reports that are asked for, prepared over some looks, and fetched for five minutes."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.amazon import documents
from sandbox.amazon.account import SellerAccount, mixed
from sandbox.amazon.account_ledger import Order
from sandbox.amazon.clock import SandboxClock
from sandbox.amazon.faults import Faults
from sandbox.amazon.order_nodes import instant

URL_LIVES = timedelta(minutes=5)
PREPARING = ("IN_QUEUE", "IN_PROGRESS")


@dataclass(slots=True)
class Prepared:
    """One report. `looks` are left until it has ended as `outcome`."""

    report_id: str
    kind: str
    created_at: datetime
    since: datetime | None
    until: datetime | None
    outcome: str
    text: str
    looks: int

    @property
    def status(self) -> str:
        """Where it stands."""
        return PREPARING[-min(self.looks, 2)] if self.looks else self.outcome


@dataclass(slots=True)
class ReportDesk:
    """The reports of a seller. `looks` says how often a report is not ready yet."""

    account: SellerAccount
    clock: SandboxClock
    faults: Faults
    looks: int = 2
    reports: dict[str, Prepared] = field(default_factory=dict)
    _urls: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def create(
        self, kind: str, marketplaces: Sequence[str], since: datetime | None, until: datetime | None
    ) -> str:
        """The number of a new report; one of orders holds every site, whichever was asked for."""
        number = f"{50000 + len(self.reports)}"
        text = self._write(kind, marketplaces, since, until)
        outcome = "DONE"
        if self.faults.strikes("report_fatal"):
            outcome = "FATAL"
        elif text.count("\r\n") < 2 or self.faults.strikes("report_cancelled"):
            outcome = "CANCELLED"
        now = self.clock.now()
        self.reports[number] = Prepared(number, kind, now, since, until, outcome, text, self.looks)
        return number

    def settle(self, since: datetime, until: datetime) -> str:
        """A settlement report, which the vendor makes by itself."""
        number = f"{50000 + len(self.reports)}"
        text = documents.settlement_document(self.account.ledgers, since, until)
        now = self.clock.now()
        self.reports[number] = Prepared(
            number, documents.SETTLEMENT, now, since, until, "DONE", text, 0
        )
        return number

    def look(self, number: str) -> dict[str, Any] | None:
        """A report's node; each look brings it nearer to its end."""
        report = self.reports.get(number)
        if report is None:
            return None
        node = report_node(report)
        report.looks = max(0, report.looks - 1)
        return node

    def open_document(self, document_id: str) -> str | None:
        """The name behind which the document can be fetched for five minutes."""
        if document_id.removeprefix("doc-") not in self.reports:
            return None
        name = f"{document_id}-{len(self._urls)}"
        self._urls[name] = (document_id.removeprefix("doc-"), self.clock.now() + URL_LIVES)
        return name

    def fetch(self, name: str) -> bytes | None:
        """The zipped document, or None for a name that has ended."""
        number, ends_at = self._urls.get(name, ("", self.clock.now()))
        if number not in self.reports or self.clock.now() >= ends_at:
            return None
        content = gzip.compress(self.reports[number].text.encode("utf-8"), mtime=0)
        if self.faults.strikes("document_truncated"):
            return content[: len(content) * 2 // 3]
        return content

    def _write(
        self, kind: str, marketplaces: Sequence[str], since: datetime | None, until: datetime | None
    ) -> str:
        now = self.clock.now()
        if kind == documents.LISTINGS:
            ledger = self.account.of(marketplaces[0])
            articles = () if ledger is None else ledger.articles
            return documents.listing_document(articles, self.account.language)
        orders = [
            [
                (ledger.site, order)
                for order in ledger.orders
                if order.created_at <= now
                and (since or now) <= self._instant(kind, order) <= (until or now)
            ]
            for ledger in self.account.ledgers
        ]
        return documents.order_document(mixed(orders), now)

    def _instant(self, kind: str, order: Order) -> datetime:
        by_update = kind == documents.BY_LAST_UPDATE
        return order.updated_at(self.clock.now()) if by_update else order.created_at


def report_node(report: Prepared) -> dict[str, Any]:
    """A report in the vendor's shape."""
    node: dict[str, Any] = {
        "reportId": report.report_id,
        "reportType": report.kind,
        "createdTime": instant(report.created_at),
        "processingStatus": report.status,
    }
    if report.since is not None:
        node["dataStartTime"] = instant(report.since)
    if report.until is not None:
        node["dataEndTime"] = instant(report.until)
    if report.status == "DONE":
        node["reportDocumentId"] = f"doc-{report.report_id}"
    return node
