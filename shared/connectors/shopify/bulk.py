"""Bulk operations: the vendor runs a query over all records and leaves the result as a file of lines.

The file is spooled to disk, counted against what the vendor says it holds, and only then read, in
buckets of whole records, so that memory stays flat and no cut-off file passes for a whole one.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO, Any
from zlib import crc32

import orjson

from shared.connectors.shopify import documents
from shared.connectors.shopify.client import ShopifyClient
from shared.connectors.shopify.fields import Node
from shared.domain.sales import RejectedRecord
from shared.errors import (
    CredentialRejected,
    CursorExpired,
    GiveUp,
    VendorBusy,
    WindowTooLarge,
)
from shared.use_cases.vendors import VendorApi

POLL_S, POLL_HERE_S, COME_BACK_S = 1.0, 8.0, 15.0
RECORDS_A_BUCKET = 500
# Each bucket is an open file while the result is split.
MOST_BUCKETS = 256
# A file that is cut off is fetched once more.
DOWNLOADS = 2
WORKING = {"CREATED", "RUNNING", "CANCELING"}


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


@dataclass(slots=True)
class Spool:
    """A result on disk: its good lines, what the ids of a product are dealt by, and the bad lines."""

    file: IO[bytes]
    owners: dict[str, str] = field(default_factory=dict)
    malformed: list[RejectedRecord] = field(default_factory=list)

    def add(self, line: bytes, node: Node) -> None:
        """Writes a line down, behind the id that says whose it is: no line need be parsed to be dealt."""
        item = node.get("inventoryItem")
        if isinstance(item, dict) and "id" in item:
            # Variants of one SKU come together: their stock adds up.
            shelf = str(node.get("sku") or node["id"]).strip()
            self.owners |= {item["id"]: shelf, node["id"]: shelf}
        key = str(node.get("__parentId") or node["id"]).replace("\t", " ")
        self.file.write(f"{key}\t".encode() + line + b"\n")

    def deal(self, buckets: Sequence[IO[bytes]]) -> None:
        """Deals the lines to buckets, those of one root to one of them."""
        self.file.seek(0)
        for row in self.file:
            key, _, line = row.partition(b"\t")
            owner = self.owners.get(key.decode())
            root = key if owner is None else owner.encode("utf-8", "replace")
            buckets[crc32(root) % len(buckets)].write(line)

    def set_aside(self, number: int) -> None:
        """Remembers a line that nobody can read."""
        reason = "is not a JSON object with an id"
        self.malformed.append(RejectedRecord(f"bulk line {number}", "line", reason))

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_error: object) -> None:
        self.file.close()


class BulkRunner:
    """Starts operations, waits for them and reads their files."""

    def __init__(
        self, client: ShopifyClient, api: VendorApi, sleep: Callable[[float], None]
    ) -> None:
        self._client, self._api, self._sleep = client, api, sleep

    def start(self, query: str) -> str:
        """The id of a new operation. Raises `VendorBusy` while the shop's five places are taken."""
        payload = self._client.query(documents.BULK_RUN, {"query": query})["bulkOperationRunQuery"]
        for error in payload["userErrors"]:
            if error.get("code") in {"OPERATION_IN_PROGRESS", "LIMIT_REACHED"}:
                raise VendorBusy("shopify: other bulk operations of the shop run", COME_BACK_S * 2)
            raise GiveUp(f"shopify: the bulk query is refused: {str(error.get('message'))[:200]}")
        return str(payload["bulkOperation"]["id"])

    def wait(self, operation_id: str) -> Finished:
        """The operation once it has ended well.

        Raises `VendorBusy` when it takes long, `WindowTooLarge` when it was too much for the vendor, and
        `CursorExpired` when it must be asked for again. What a failed one has written is not used.
        """
        waited_s = 0.0
        while True:
            found = self._client.query(documents.BULK_POLL, {"id": operation_id})["bulkOperation"]
            if found is None:
                raise CursorExpired("shopify: the bulk operation is not known any more")
            if found["status"] not in WORKING:
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
        ended_well = True
        for line, bytes_read in self._lines(finished.url or ""):
            lines, size = lines + 1, bytes_read
            node = _parse(line)
            ended_well = node is not None
            if node is None:
                spool.set_aside(lines)
            else:
                spool.add(line, node)
        return ended_well and lines == finished.objects and finished.bytes in {None, size}

    def _lines(self, url: str) -> Iterator[tuple[bytes, int]]:
        """Each line, and how many bytes were read until then."""
        rest, size = b"", 0
        with self._api.download(url) as pieces:
            for piece in pieces:
                size += len(piece)
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    yield line, size
        if rest:
            yield rest, size


def _finished(found: dict[str, Any]) -> Finished:
    status, error = found["status"], found.get("errorCode")
    if status == "COMPLETED":
        size = found.get("fileSize")
        return Finished(
            found.get("url"),
            int(found["objectCount"]),
            int(found["rootObjectCount"]),
            None if size is None else int(size),
        )
    if error == "ACCESS_DENIED":
        raise CredentialRejected(
            "shopify: access denied to the bulk operation; add the scopes and connect again"
        )
    if status == "FAILED" and error == "TIMEOUT":
        raise WindowTooLarge("shopify: the bulk operation took the vendor too long")
    raise CursorExpired(f"shopify: the bulk operation ended as {status} ({error})")


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        node = _read(line)
    except ValueError:
        return None
    return node if isinstance(node, dict) and ("id" in node or "__parentId" in node) else None


def _load(file: IO[bytes], number: int, count: int, malformed: list[RejectedRecord]) -> Bucket:
    file.seek(0)
    roots: list[Node] = []
    children: dict[str, list[Node]] = {}
    for line in file:
        node = _read(line)
        parent = node.get("__parentId")
        if parent is None:
            roots.append(node)
        else:
            children.setdefault(parent, []).append(node)
    is_last = number == count - 1
    return Bucket(number, is_last, roots, children, malformed if is_last else [])


def _read(line: bytes) -> Any:
    """A line's JSON. orjson is fast; what it refuses may be half of a surrogate pair, which json can read."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return json.loads(line)
