"""Orders found by the vendor's search, sorted, and cut into pages that later changes do not shift."""

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from graphql import GraphQLError

from sandbox.shop_ledger import Change
from sandbox.shopify.stores import Store

TERM = re.compile(r"(created_at|updated_at):(<=|>=|<|>)'?([^'\s]+)'?")
# Without the scope `read_all_orders` older orders are missing, and nothing says so.
YOUNG = timedelta(days=60)

Place = tuple[datetime, int]


class OrderIndex:
    """The orders of a store; keeps the last few results until something changes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._version = -1
        self._found: dict[tuple[str, str, bool], Sequence[Change]] = {}

    def find(self, query: str, sort_key: str, *, all_orders: bool) -> Sequence[Change]:
        """The orders that match, sorted."""
        if self._version != self._store.version or len(self._found) > 16:
            self._version = self._store.version
            self._found.clear()
        key = (query, sort_key, all_orders)
        # Without the scope the result depends on the time of the day.
        found = self._found.get(key) if all_orders else None
        if found is None:
            found = self._found[key] = self._search(*key)
        return found

    def _search(self, query: str, sort_key: str, all_orders: bool) -> Sequence[Change]:
        bounds = [(name, sign, _read_instant(text)) for name, sign, text in TERM.findall(query)]
        oldest = None if all_orders else self._store.now() - YOUNG
        matching = [
            change
            for change in self._store.changes()
            if (oldest is None or change.created_at >= oldest)
            and all(_is_within(change, *bound) for bound in bounds)
        ]
        return sorted(matching, key=lambda change: place_of(change, sort_key))


def place_of(change: Change, sort_key: str) -> Place:
    """Where an order stands in a sorted list."""
    if sort_key == "UPDATED_AT":
        return change.updated_at, change.number
    if sort_key == "CREATED_AT":
        return change.created_at, change.number
    return datetime.min.replace(tzinfo=UTC), change.number


def write_cursor(place: Place) -> str:
    """A cursor behind a place: text that means nothing to others."""
    text = f"{place[0].astimezone(UTC).isoformat()}|{place[1]}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def read_cursor(cursor: str) -> Place:
    """The place of a cursor; raises `GraphQLError` for what is none."""
    try:
        at, _, number = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        return datetime.fromisoformat(at), int(number)
    except (ValueError, binascii.Error) as error:
        raise GraphQLError("Invalid cursor for current pagination sort.") from error


def _read_instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _is_within(change: Change, name: str, sign: str, bound: datetime) -> bool:
    moment = change.created_at if name == "created_at" else change.updated_at
    match sign:
        case "<=":
            return moment <= bound
        case ">=":
            return moment >= bound
        case "<":
            return moment < bound
        case _:
            return moment > bound
