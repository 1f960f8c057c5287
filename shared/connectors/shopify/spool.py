"""The result of a bulk operation on disk: its lines, each behind the id of the record that it belongs to."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Any
from zlib import crc32

import orjson

from shared.domain.fields import Node, part
from shared.domain.sales import RejectedRecord

# What a line ends with, before the id of the record that it belongs to.
PARENT = b',"__parentId":"'
NO_RECORD = "is not a JSON object with an id"


@dataclass(slots=True)
class Spool:
    """A result on disk: its good lines, what the ids of a product are dealt by, and the bad lines."""

    file: IO[bytes]
    owners: dict[str, str] = field(default_factory=dict)
    malformed: list[RejectedRecord] = field(default_factory=list)

    def add(self, line: bytes, node: Node) -> None:
        """Writes a line down, behind the id that says whose it is: no line need be parsed to be dealt."""
        parent = node.get("__parentId")
        identity = name_of(node.get("id") if parent is None else parent)
        if "inventoryItem" in node:
            # Variants of one SKU come together: their stock adds up.
            shelf = str(node.get("sku") or identity).strip()
            self.owners |= {name_of(part(node, "inventoryItem").get("id")): shelf, identity: shelf}
        self.add_child(identity.encode(), line)

    def add_child(self, parent: bytes, line: bytes) -> None:
        """Writes a line down behind the id of its record."""
        self.file.write(parent + b"\t" + line + b"\n")

    def deal(self, buckets: Sequence[IO[bytes]]) -> None:
        """Deals the lines to buckets, those of one root to one of them."""
        self.file.seek(0)
        for row in self.file:
            root, _, line = row.partition(b"\t")
            owner = self.owners.get(root.decode()) if self.owners else None
            if owner is not None:
                root = owner.encode("utf-8", "replace")
            buckets[crc32(root) % len(buckets)].write(line)

    def set_aside(self, number: int) -> None:
        """Remembers a line that nobody can read."""
        self.malformed.append(RejectedRecord(f"bulk line {number}", "line", NO_RECORD))

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_error: object) -> None:
        self.file.close()


def name_of(identity: object) -> str:
    """What a record is dealt by: its id, in plain characters that fit a line."""
    if type(identity) is str and identity.isascii() and identity.isprintable():
        return identity
    return ascii(identity)


def parent_at_the_end_of(line: bytes) -> bytes | None:
    """The id of the record that a line belongs to, where it stands as the vendor writes it."""
    start = line.rfind(PARENT) + len(PARENT)
    if start < len(PARENT) or not line.endswith(b'"}'):
        return None
    parent = line[start:-2]
    is_plain = parent.startswith(b"gid://shopify/") and parent[14:].replace(b"/", b"").isalnum()
    return parent if is_plain else None


def parse(line: bytes) -> dict[str, Any] | None:
    """The record of a line; None where it is none."""
    try:
        node = _read(line)
    except (ValueError, RecursionError):
        return None
    return node if isinstance(node, dict) and ("id" in node or "__parentId" in node) else None


def _read(line: bytes) -> Any:
    """A line's JSON. orjson is fast; what it refuses may be half of a surrogate pair, which json can read."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return json.loads(line)
