"""Where a page begins, as the text that the streams keep; pure."""

import json

from shared.connectors.shopify.bulk import Bucket

# `after` is the vendor's cursor; `bulk` an operation's id, and `part` the bucket of its file.
Place = dict[str, str]


def read_place(cursor: str | None) -> Place:
    """The place of a cursor; empty at the start."""
    return dict(json.loads(cursor)) if cursor else {}


def write_place(place: Place) -> str:
    """The cursor of a place."""
    return json.dumps(place)


def after_page(after: str | None) -> str | None:
    """The cursor behind a page; None behind the last one."""
    return None if after is None else write_place({"after": after})


def next_bucket(place: Place, bucket: Bucket) -> str | None:
    """The cursor behind a bucket; None behind the last one."""
    # `part` was `bucket` while variants were dealt otherwise: such a place begins its file again.
    if bucket.is_last:
        return None
    return write_place({"bulk": place["bulk"], "part": str(bucket.number + 1)})
