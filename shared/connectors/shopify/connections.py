"""One page of a connection: its nodes, and where the next one begins; pure."""

from typing import Any

from shared.domain.fields import part, require_node, show
from shared.errors import SkipRecord

LONGEST_CURSOR = 2_000


def read_page(connection: object, field: str, before: str | None) -> tuple[list[Any], str | None]:
    """The nodes, whatever they are, and the cursor behind them; None where no page follows.

    `before` is the cursor that the page was asked for with. Raises `SkipRecord` where it has not its shape.
    """
    page = require_node(connection, field)
    nodes = page.get("nodes")
    if not isinstance(nodes, list):
        raise SkipRecord(f"{field}: {show(nodes)} is not a list")
    info = part(page, "pageInfo")
    if info.get("hasNextPage") is False:
        return nodes, None
    after = info.get("endCursor")
    # A cursor that does not move would be followed for ever.
    if info.get("hasNextPage") is not True or not _is_cursor(after) or after == before:
        raise SkipRecord(f"{field}: does not say where its next page begins")
    return nodes, str(after)


def _is_cursor(value: object) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= LONGEST_CURSOR
        and value.isascii()
        and value.isprintable()
    )
