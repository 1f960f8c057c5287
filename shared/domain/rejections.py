"""Setting records aside: what cannot be read is kept with the field at fault, and the rest goes on."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from shared.domain.sales import RejectedRecord
from shared.errors import SkipRecord

NodeT = TypeVar("NodeT")
RecordT = TypeVar("RecordT")
# What a record has that is not of the shape its vendor says.
MISSHAPEN = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError)


@dataclass(frozen=True, slots=True)
class Kept:
    """What writing records came to: rows that changed, and the records that the tables do not take."""

    changed: int = 0
    rejected: tuple[RejectedRecord, ...] = ()

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(self.changed + other.changed, self.rejected + other.rejected)


@dataclass(frozen=True, slots=True)
class RejectionGroup:
    """Records set aside for one reason; `service` is empty for our own figures."""

    service: str
    stream: str
    field: str
    reason: str
    records: int
    times_seen: int
    first_seen_at: datetime
    last_seen_at: datetime
    example: str
    example_reason: str


def collect(
    nodes: Iterable[NodeT], key: Callable[[NodeT], object], read: Callable[[NodeT], RecordT]
) -> tuple[list[RecordT], list[RejectedRecord]]:
    """What could be read of the nodes, and what was set aside under its `key`."""
    records, rejected = [], []
    for node in nodes:
        try:
            records.append(read(node))
        except SkipRecord as error:
            rejected.append(reject(key(node), error))
        except MISSHAPEN as error:
            shape = SkipRecord(f"record: has not the vendor's shape ({type(error).__name__})")
            rejected.append(reject(key(node), shape))
    return records, rejected


def reject(key: object, error: SkipRecord) -> RejectedRecord:
    """The record of what was set aside; the error's text begins with the field."""
    field, _, reason = error.message.partition(": ")
    return RejectedRecord(
        _printable(key)[:255] or "?", _printable(field)[:100] or "record", _printable(reason) or "?"
    )


def _printable(value: object) -> str:
    """Text that a table keeps, whatever the vendor sent."""
    return str(value).replace("\0", "?").encode("utf-8", errors="replace").decode("utf-8")
