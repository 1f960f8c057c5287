"""Bulk operations: the vendor runs a query over all records and leaves the result as a file of lines.

The file is spooled to disk, counted against what the vendor says it holds, and only then read, in
buckets of whole records, so that memory stays flat and no cut-off file passes for a whole one.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, Any

from shared.connectors.shopify import documents
from shared.connectors.shopify.client import ShopifyClient
from shared.connectors.shopify.spool import NO_RECORD, Spool, name_of, parent_at_the_end_of, parse
from shared.domain.fields import Node, part
from shared.domain.rejections import reject
from shared.domain.sales import RejectedRecord
from shared.errors import (
    AccessForbidden,
    CursorExpired,
    GiveUp,
    SkipRecord,
    VendorBusy,
    VendorUnavailable,
    WindowTooLarge,
)
from shared.use_cases.vendors import VendorApi

POLL_S, POLL_HERE_S, COME_BACK_S = 1.0, 8.0, 15.0
RECORDS_A_BUCKET = 500
# Each bucket is an open file while the result is split.
MOST_BUCKETS = 256
LONGEST_LINE_BYTES = 32 * 1024 * 1024
# A file that is cut off is fetched once more.
DOWNLOADS = 2
WORKING = ("CREATED", "RUNNING", "CANCELING")


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished operation: where its file is and what it must hold. An empty result has no file."""

    url: str | None
    objects: int
    roots: int
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Bucket:
    """Some records whole: the roots, their children by the id of the parent, and the lines that are no JSON."""

    number: int
    is_last: bool
    roots: list[Node]
    children: dict[str, list[Node]]
    malformed: list[RejectedRecord]

    def take(self, *parents: object) -> list[Node]:
        """The children of a record, by each id that they may name; nobody else gets them."""
        found: list[Node] = []
        for each in parents:
            found += self.children.pop(name_of(each), ())
        return found

    def orphans(self) -> list[RejectedRecord]:
        """Those that nobody has taken: their record is not in the file."""
        left = [child for children in self.children.values() for child in children]
        alone = SkipRecord("__parentId: names a record that is not in the file")
        return [reject(child.get("id") or child.get("__parentId"), alone) for child in left]


class BulkRunner:
    """Starts operations, waits for them and reads their files."""

    def __init__(
        self, client: ShopifyClient, api: VendorApi, sleep: Callable[[float], None]
    ) -> None:
        self._client, self._api, self._sleep = client, api, sleep

    def start(self, query: str) -> str:
        """The id of a new operation. Raises `VendorBusy` while the shop's five places are taken."""
        answer = self._client.query(documents.BULK_RUN, {"query": query})
        payload = part(answer, "bulkOperationRunQuery")
        for error in payload.get("userErrors") or ():
            if error.get("code") in {"OPERATION_IN_PROGRESS", "LIMIT_REACHED"}:
                raise VendorBusy("shopify: other bulk operations of the shop run", COME_BACK_S * 2)
            raise GiveUp(f"shopify: the bulk query is refused: {str(error.get('message'))[:200]}")
        started = part(payload, "bulkOperation").get("id")
        if not isinstance(started, str):
            raise VendorUnavailable("shopify: the bulk operation that was started has no id")
        return started

    def wait(self, operation_id: str) -> Finished:
        """The operation once it has ended well.

        Raises `VendorBusy` when it takes long, `WindowTooLarge` when it was too much for the vendor, and
        `CursorExpired` when it must be asked for again. What a failed one has written is not used.
        """
        waited_s = 0.0
        while True:
            found = self._client.query(documents.BULK_POLL, {"id": operation_id}).get(
                "bulkOperation"
            )
            if found is None:
                raise CursorExpired("shopify: the bulk operation is not known any more")
            if not isinstance(found, dict):
                raise VendorUnavailable("shopify: the answer says nothing of the bulk operation")
            if found.get("status") not in WORKING:
                return _finished(found)
            if waited_s >= POLL_HERE_S:
                raise VendorBusy("shopify: the bulk operation still runs", COME_BACK_S)
            self._sleep(POLL_S)
            waited_s += POLL_S

    def read(self, finished: Finished, first: int) -> Iterator[Bucket]:
        """The file's buckets from number `first` on, the same ones each time it is read."""
        count = min(MOST_BUCKETS, max(1, -(-finished.roots // RECORDS_A_BUCKET)))
        with ExitStack() as files:
            buckets = [files.enter_context(tempfile.TemporaryFile()) for _ in range(count)]
            malformed: list[RejectedRecord] = []
            if finished.url is not None:
                with self._spool(finished) as spool:
                    malformed = spool.malformed
                    spool.deal(buckets)
            for number in range(first, count):
                yield _load(buckets[number], number, count, malformed)

    def _spool(self, finished: Finished) -> "Spool":
        """The file on disk. Cut off twice, it is the operation that is not whole: another is asked for."""
        for _ in range(DOWNLOADS):
            with ExitStack() as undo:
                spool = Spool(undo.enter_context(tempfile.TemporaryFile()))
                if self._fill(spool, finished):
                    undo.pop_all()
                    return spool
        raise CursorExpired("shopify: the bulk file is cut off; the operation is run again")

    def _fill(self, spool: "Spool", finished: Finished) -> bool:
        """Writes the file's good lines down; False if it does not hold what it must."""
        lines = size = 0
        last = b"{}"
        for line, bytes_read in self._lines(finished.url or ""):
            lines, size, last = lines + 1, bytes_read, line
            # Most lines end with the id of their record: they need not be parsed twice.
            parent = parent_at_the_end_of(line)
            node = parse(line) if parent is None else None
            if parent is not None:
                spool.add_child(parent, line)
            elif node is None:
                spool.set_aside(lines)
            else:
                spool.add(line, node)
        # Where the vendor does not say how long the file is, a last line that is no JSON was cut off.
        as_long = size == finished.bytes if finished.bytes is not None else last.endswith(b"}")
        return as_long and lines == finished.objects

    def _lines(self, url: str) -> Iterator[tuple[bytes, int]]:
        """Each line, and how many bytes were read until then."""
        rest, size = b"", 0
        with self._api.download(url) as pieces:
            for piece in pieces:
                size += len(piece)
                *whole, rest = (rest + piece).split(b"\n")
                if len(rest) > LONGEST_LINE_BYTES:
                    raise GiveUp("shopify: a line of the bulk file is longer than any record")
                for line in whole:
                    yield line, size
        if rest:
            yield rest, size


def _finished(found: dict[str, Any]) -> Finished:
    status, error = found.get("status"), found.get("errorCode")
    if status == "COMPLETED":
        return _completed(found)
    if error == "ACCESS_DENIED":
        raise AccessForbidden(
            "shopify: access denied to the bulk operation; add the scopes and connect again"
        )
    if status == "FAILED" and error == "TIMEOUT":
        raise WindowTooLarge("shopify: the bulk operation took the vendor too long")
    raise CursorExpired(f"shopify: the bulk operation ended as {status} ({error})")


def _completed(found: dict[str, Any]) -> Finished:
    url, size = found.get("url"), found.get("fileSize")
    try:
        objects, roots = int(found["objectCount"]), int(found["rootObjectCount"])
        finished = Finished(url, objects, roots, None if size is None else int(size))
    except (KeyError, TypeError, ValueError):
        raise VendorUnavailable("shopify: the bulk operation does not say what it holds") from None
    # Objects without a file are no empty result.
    if objects > 0 and not isinstance(url, str):
        raise CursorExpired(f"shopify: the bulk operation has {objects} objects and no file")
    return finished


def _load(file: IO[bytes], number: int, count: int, malformed: list[RejectedRecord]) -> Bucket:
    file.seek(0)
    roots: list[Node] = []
    children: dict[str, list[Node]] = {}
    unread: list[RejectedRecord] = []
    for line in file:
        node = parse(line)
        if node is None:
            named = (parent_at_the_end_of(line.rstrip()) or b"?").decode()
            unread.append(RejectedRecord(f"bulk line of {named}"[:255], "line", NO_RECORD))
            continue
        parent = node.get("__parentId")
        if parent is None:
            roots.append(node)
        else:
            siblings = children.get(parent) if type(parent) is str else None
            if siblings is None:
                siblings = children.setdefault(name_of(parent), [])
            siblings.append(node)
    is_last = number == count - 1
    return Bucket(number, is_last, roots, children, unread + (malformed if is_last else []))
