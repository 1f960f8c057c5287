"""Bulk operations of one shop: asked for, polled, downloaded as a file."""

import hashlib
import re
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from graphql import DocumentNode, GraphQLSchema

from sandbox.faults import Faults
from sandbox.shopify.bulk_rows import Counts, Roots, shuffle_lines, write_rows
from sandbox.shopify.bulk_rules import read_bulk_query
from sandbox.shopify.nodes import Node, gid, instant

MOST_AT_A_TIME = 5
PRICE = re.compile(rb'"(amount|price)":"(-?[0-9.]+)"')
RUNNING = ("CREATED", "RUNNING")
NONE_YET = Counts(0, 0)


@dataclass(slots=True)
class Operation:
    """One operation; `polls` counts how often somebody asked for it."""

    number: int
    query: str
    document: DocumentNode
    created_at: datetime
    status: str = "CREATED"
    polls: int = 0
    error: str | None = None
    completed_at: datetime | None = None
    counts: Counts = NONE_YET
    size: int | None = None
    path: Path | None = None
    writing: threading.Thread | None = None


@dataclass(slots=True)
class BulkSettings:
    """`polls` is how many of them it takes to the end; `shuffled` puts children anywhere.

    From `threaded_from` root objects on, the file is written beside the polls, which go on until it is there.
    """

    polls: int = 2
    shuffled: bool = False
    last_newline: bool = False
    threaded_from: int = 5_000


class BulkOperations:
    """The operations of one shop, with their files in a folder that ends with the process."""

    def __init__(self, shop: str, schema: GraphQLSchema, now: Callable[[], datetime]) -> None:
        self.settings = BulkSettings()
        self.downloads = 0
        self._shop = shop
        self._schema = schema
        self._now = now
        self._operations: dict[int, Operation] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="sandbox-bulk-")
        # Ids of two shops never meet.
        self._first = int(hashlib.sha256(shop.encode()).hexdigest()[:8], 16) * 1000

    def run(self, query: str) -> Node:
        """Answers `bulkOperationRunQuery`."""
        going = [each for each in self._operations.values() if each.status in RUNNING]
        document, problems = read_bulk_query(self._schema, query)
        errors: list[Node] = [
            {"field": ["query"], "message": each, "code": "INVALID"} for each in problems
        ]
        if not errors and len(going) >= MOST_AT_A_TIME:
            ids = ", ".join(gid("BulkOperation", each.number) for each in going)
            message = f"A bulk query operation for this app and shop is already in progress: {ids}."
            errors = [{"field": None, "message": message, "code": "OPERATION_IN_PROGRESS"}]
        if document is None or errors:
            return {"bulkOperation": None, "userErrors": errors}
        number = self._first + len(self._operations) + 1
        operation = Operation(number, query, document, self._now())
        self._operations[number] = operation
        return {"bulkOperation": self._node(operation, ""), "userErrors": []}

    def poll(
        self, number: int, roots: Roots, faults: Faults, base_url: str, size: int
    ) -> Node | None:
        """Answers `bulkOperation`, one step further than the last time; `size` is the shop's, in orders."""
        operation = self._operations.get(number)
        if operation is None:
            return None
        if operation.status in RUNNING and operation.writing is None:
            operation.polls += 1
            if operation.polls >= self.settings.polls:
                self._finish(operation, roots, faults, size)
            elif operation.polls > 1 or self.settings.polls == 2:
                operation.status = "RUNNING"
        return self._node(operation, base_url)

    def _finish(self, operation: Operation, roots: Roots, faults: Faults, size: int) -> None:
        if size < self.settings.threaded_from:
            self._write(operation, roots, faults)
            return
        operation.status = "RUNNING"
        operation.writing = threading.Thread(
            target=self._write, args=(operation, roots, faults), daemon=True
        )
        operation.writing.start()

    def _write(self, operation: Operation, roots: Roots, faults: Faults) -> None:
        path = Path(self._folder.name) / self._file_name(operation)
        with path.open("wb") as target:
            operation.counts = write_rows(operation.document, roots, target)
        if self.settings.shuffled:
            shuffle_lines(path, operation.number)
        if self.settings.last_newline and operation.counts.objects:
            with path.open("ab") as target:
                target.write(b"\n")
        operation.size = path.stat().st_size
        operation.path = path
        operation.error = spoil(path, faults, self._shop)
        operation.completed_at = self._now()
        operation.status = "FAILED" if operation.error else "COMPLETED"

    def find_file(self, name: str, signature: str) -> Path | None:
        """The file behind a URL that was given out; None where there is none, or the signature is not its own."""
        for operation in self._operations.values():
            if operation.path is not None and self._file_name(operation) == name:
                known = self._sign(operation) == signature
                self.downloads += known
                return operation.path if known else None
        return None

    def _node(self, operation: Operation, base_url: str) -> Node:
        url = None
        # An operation without objects has no file.
        if operation.path is not None and operation.counts.objects:
            name = self._file_name(operation)
            url = f"{base_url}/bulk/{name}?signature={self._sign(operation)}"
        done = operation.completed_at
        failed = operation.status == "FAILED"
        return {
            "__typename": "BulkOperation",
            "id": gid("BulkOperation", operation.number),
            "status": operation.status,
            "type": "QUERY",
            "errorCode": operation.error,
            "createdAt": instant(operation.created_at),
            "completedAt": instant(done) if done is not None else None,
            "query": operation.query,
            "objectCount": str(operation.counts.objects),
            "rootObjectCount": str(operation.counts.roots),
            "fileSize": None if failed or url is None else str(operation.size),
            "url": None if failed else url,
            "partialDataUrl": url if failed else None,
        }

    def _file_name(self, operation: Operation) -> str:
        return f"{operation.number}.jsonl"

    def _sign(self, operation: Operation) -> str:
        return hashlib.sha256(f"{self._shop}:{operation.number}".encode()).hexdigest()[:24]


def spoil(path: Path, faults: Faults, shop: str) -> str | None:
    """Lets the armed faults have the file; the operation's error code where it has failed."""
    if faults.fire(shop, "bulk_failed_timeout"):
        _cut(path, path.stat().st_size // 2)
        return "TIMEOUT"
    if faults.fire(shop, "bulk_failed_internal"):
        _cut(path, path.stat().st_size // 2)
        return "INTERNAL_SERVER_ERROR"
    if faults.fire(shop, "bulk_truncated"):
        _cut(path, _middle_of_a_line(path))
    if faults.fire(shop, "bulk_short"):
        lines = path.read_bytes().split(b"\n")
        path.write_bytes(b"\n".join(lines[: len(lines) - max(1, len(lines) // 10)]))
    if faults.fire(shop, "bulk_malformed_line"):
        lines = path.read_bytes().split(b"\n")
        middle = len(lines) // 2
        # Of the same length: the file is as large as was said, one of its lines is not what it should be.
        half = len(lines[middle]) // 2
        lines[middle] = lines[middle][:half].ljust(len(lines[middle]), b"!")
        path.write_bytes(b"\n".join(lines))
    if faults.fire(shop, "price_as_number"):
        path.write_bytes(PRICE.sub(rb'"\1":\2', path.read_bytes(), count=1))
    return None


def _middle_of_a_line(path: Path) -> int:
    content = path.read_bytes()
    start = content.rfind(b"\n", 0, len(content) * 3 // 4) + 1
    end = content.find(b"\n", start)
    return (start + (end if end > 0 else len(content))) // 2


def _cut(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size)
