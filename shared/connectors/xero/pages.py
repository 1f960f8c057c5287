"""A place among the pages of the endpoints of open items, as a text that is kept between jobs."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from shared.connectors.xero.shapes import BY_ENDPOINT, INVOICES, SHAPES, Shape
from shared.domain.fields import LONGEST_ID, read_text
from shared.errors import CursorExpired, SkipRecord

# The most that Xero gives at once.
PAGE_SIZE = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """The next page to read; `before` is the first id of the page before it, empty where there was none."""

    endpoint: str = INVOICES.endpoint
    page: int = 1
    before: str = ""

    @classmethod
    def parse(cls, cursor: str) -> "Place":
        """The place of a cursor; raises `CursorExpired` for a text that is none of ours."""
        try:
            reported = json.loads(cursor)
            place = cls(str(reported["endpoint"]), int(reported["page"]), str(reported["before"]))
        except (KeyError, TypeError, ValueError):
            raise CursorExpired("xero: the cursor cannot be read; the pages begin again") from None
        if place.endpoint not in BY_ENDPOINT:
            raise CursorExpired("xero: the cursor names no endpoint; the pages begin again")
        return place

    @property
    def shape(self) -> Shape:
        """The endpoint's shape."""
        return BY_ENDPOINT[self.endpoint]

    @property
    def params(self) -> dict[str, str]:
        """Ordered by what never changes: a record that changes meanwhile keeps its page.

        Nothing is filtered, so that none leaves the list and none behind it moves up, unseen, to a page
        that was read before.
        """
        return {
            "page": str(self.page),
            "pageSize": str(PAGE_SIZE),
            "order": f"{self.shape.id_field} ASC",
        }

    def next(self, first_id: str | None) -> "Place | None":
        """The page after this one, whose first id is given; of the next endpoint after the last page (None)."""
        if first_id is not None:
            return Place(self.endpoint, self.page + 1, first_id)
        later = SHAPES[SHAPES.index(self.shape) + 1 :]
        return Place(later[0].endpoint) if later else None

    def write(self) -> str:
        """The cursor."""
        return json.dumps(asdict(self))


def first_id(nodes: Sequence[object], shape: Shape) -> str:
    """The first id of a page that can be read; empty where there is none."""
    for node in nodes:
        try:
            reported = node.get(shape.id_field) if isinstance(node, dict) else None
            return read_text(reported, shape.id_field, LONGEST_ID)
        except SkipRecord:
            continue
    return ""


def is_last_page(page: int, count: int, pagination: object) -> bool:
    """Whether a page of so many records ends the list: an empty one, or one shorter than Xero says it may be."""
    if count == 0:
        return True
    reported = pagination if isinstance(pagination, dict) else {}
    size, pages = _number(reported.get("pageSize")), _number(reported.get("pageCount") or 0)
    # Without its size nobody knows how long a page is: the next one is asked for.
    return size is not None and pages is not None and count < size and page >= pages


def _number(reported: object) -> int | None:
    return reported if isinstance(reported, int) and not isinstance(reported, bool) else None
