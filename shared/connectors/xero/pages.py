"""A place among the pages of two endpoints, as a text that is kept between jobs."""

import json
from dataclasses import asdict, dataclass

from shared.connectors.xero.invoices import CREDIT_NOTES, INVOICES, Shape
from shared.errors import CursorExpired

# The most that Xero gives at once.
PAGE_SIZE = 1000
SHAPES = {shape.endpoint: shape for shape in (INVOICES, CREDIT_NOTES)}


@dataclass(frozen=True, slots=True)
class Place:
    """The next page to read; `before` is the first id of the page before it, empty at the first page."""

    endpoint: str = INVOICES.endpoint
    page: int = 1
    before: str = ""

    @classmethod
    def parse(cls, cursor: str | None) -> "Place":
        """The place of a cursor; raises `CursorExpired` for a text that is none of ours."""
        if cursor is None:
            return cls()
        try:
            told = json.loads(cursor)
            place = cls(str(told["endpoint"]), int(told["page"]), str(told["before"]))
        except (KeyError, TypeError, ValueError):
            raise CursorExpired("xero: the cursor cannot be read; the pages begin again") from None
        if place.endpoint not in SHAPES:
            raise CursorExpired("xero: the cursor names no endpoint; the pages begin again")
        return place

    @property
    def shape(self) -> Shape:
        """The endpoint's shape."""
        return SHAPES[self.endpoint]

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
        return Place(CREDIT_NOTES.endpoint) if self.endpoint == INVOICES.endpoint else None

    def write(self) -> str:
        """The cursor."""
        return json.dumps(asdict(self))


def is_last_page(page: int, count: int, pagination: object) -> bool:
    """Whether a page of so many records ends the list: an empty one, or one shorter than Xero says it may be."""
    if count == 0:
        return True
    told = pagination if isinstance(pagination, dict) else {}
    size, pages = told.get("pageSize"), told.get("pageCount")
    # Without its size nobody knows how long a page is: the next one is asked for.
    return isinstance(size, int) and count < size and page >= (pages or 0)
