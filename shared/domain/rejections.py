"""Setting records aside: what cannot be read is kept with the field at fault, and the rest goes on."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from shared.domain.sales import RejectedRecord
from shared.errors import SkipRecord

NodeT = TypeVar("NodeT")
RecordT = TypeVar("RecordT")
# What a record has that is not of the shape its vendor says.
MISSHAPEN = (KeyError, TypeError, AttributeError, ValueError, ArithmeticError)


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
    return RejectedRecord(_printable(key)[:255], _printable(field)[:100], _printable(reason))


def _printable(value: object) -> str:
    """Text that a table keeps, whatever the vendor sent."""
    return str(value).replace("\0", "?").encode("utf-8", errors="replace").decode("utf-8")
